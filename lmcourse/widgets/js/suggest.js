// Words to go on with: completions of the word being typed, or the model's own next words, most probable first.
import {largest} from './bars.js';

const MOST = 6;

// Ids of tokens that are a whole word with the space before it, or a mark such as "." without one.
function readable(tokenizer) {
  const words = [];
  for (let id = 0; id < tokenizer.size; id++) {
    const text = tokenizer.text(id);
    if (/^ [\p{L}\p{N}]{2,}$|^ a$/u.test(text) || /^[.?!:,]$/.test(text)) words.push({id, text, lower: text.toLowerCase()});
  }
  return words;
}

export function makeSuggester(tokenizer) {
  const words = readable(tokenizer);
  // before: the text without the word being typed; prefix: that word; logits: of what comes after `before`.
  return function suggest(prefix, logits) {
    const open = " " + prefix.toLowerCase();
    const fits = prefix ? words.filter(({text, lower}) => text.length > open.length && lower.startsWith(open)) : words;
    return largest(fits.map(({id}) => logits[id]), MOST).map((i) => fits[i]);
  };
}

// "She had a re" -> ["She had a", "re"]; a finished word (space or mark after it) leaves an empty prefix.
export function splitLastWord(text) {
  const found = /^(.*?)([\p{L}\p{N}]*)$/su.exec(text);
  return [found[1].trimEnd(), found[2]];
}
