// What the explorer knows: text -> tokens -> attention and next words, changed and as trained. No DOM.
import {loadModel} from './engine.js';
import {largest, softmax, SHOWN} from './bars.js';
import {makeSuggester, splitLastWord} from './suggest.js';

const BYTES = /^(<0x[0-9A-F]{2}>)+$/;                                // how the tokenizer writes what is no whole character
const LONGEST_TOKEN = 24;                                            // characters; more than this many a token is never read

export function makeReader(bytes, {config, tokenizer, gpt}, words) {
  const start = tokenizer.endId, most = config.max_len - 1;   // the start token takes one place
  const suggester = makeSuggester(tokenizer);
  const labels = new Map();
  let last = null, lastKey = "", plain = null, plainOf = "", plainGPT = null, lastFit = null, lastTyped = null;

  // What of the typed text is read: {text, tokens, left (characters that did not fit), blank}.
  function fit(typed) {
    if (typed === lastTyped) return lastFit;
    const whole = typed.trimEnd(), all = tokenizer.encode(whole.slice(0, LONGEST_TOKEN * most));
    const tokens = all.slice(0, most);
    while (tokens.length && all[tokens.length]?.start < tokens.at(-1).end) tokens.pop();      // no character is cut in two
    const text = tokens.length < all.length ? whole.slice(0, tokens.at(-1).end) : whole;
    lastTyped = typed;
    return lastFit = {text, tokens, left: whole.length - text.length, blank: !whole};
  }

  function label(id) {
    if (!labels.has(id)) labels.set(id, describe(id, tokenizer, start, words));
    return labels.get(id);
  }

  // Run the model on what fits; nothing is computed twice.
  function read({tokens}, options) {
    const ids = [start, ...tokens.map((token) => token.id)], key = JSON.stringify([ids, options]);
    if (key !== lastKey) {
      const result = gpt.run(ids, options), altered = !options.causal || !options.positions || options.temperature !== 1 || options.headsOff.length > 0;
      last = {T: ids.length, ids, tokens: ids.map(label), attention: result.attention, result, altered};
      lastKey = key;
    }
    return last;
  }

  // The same text, read by the model as it was trained: a second copy, so that neither loses its prefix.
  function asTrained() {
    const key = String(last.ids);
    if (key !== plainOf) {
      plainGPT ||= loadModel(bytes).gpt;
      [plain, plainOf] = [plainGPT.run(last.ids), key];
    }
    return plain;
  }

  const line = (result, row) => result.logits.subarray(row * result.vocabulary, (row + 1) * result.vocabulary);

  // The most probable tokens after `row`: [{id, label, probability, before}].
  function next(row) {
    last.next ||= [];
    if (!last.next[row]) {
      const now = softmax(line(last.result, row)), before = last.altered ? softmax(line(asTrained(), row)) : null;
      last.next[row] = largest(now, SHOWN).map((id) =>
        ({id, label: id === start ? words.end : label(id).label, probability: now[id], before: before && before[id]}));
    }
    return last.next[row];
  }

  // Words to go on with: {text, label}, from what the model expects after the words that are finished.
  function suggest(typed, {tokens, left}) {
    if (left || tokens.length >= most) return [];
    const [before, prefix] = splitLastWord(typed);
    const known = prefix && tokens.length && tokenizer.text(tokens.at(-1).id) === " " + prefix;
    const open = known ? "" : prefix, finished = known ? typed.trimEnd() : before;
    const row = tokens.filter(({end}) => end <= finished.length).length;
    return suggester(open, line(last.result, row)).map(({text}) => ({text, label: text.trim()}));
  }

  // The typed text with a suggested word: it takes the place of an unfinished one.
  function extend(typed, word) {
    const [before, prefix] = splitLastWord(typed), replaces = prefix && word.toLowerCase().startsWith(" " + prefix.toLowerCase());
    const stem = replaces ? before : typed.trimEnd();
    return (stem ? stem + word : word.trimStart()) + " ";
  }

  return {fit, read, next, suggest, extend};
}

// How a token is shown: {label, kind, joined (no space before it)}.
function describe(id, tokenizer, start, words) {
  if (id === start) return {label: words.start, kind: "start", joined: false};
  const text = tokenizer.text(id);
  if (BYTES.test(text) || /^\p{Cc}$/u.test(text) && text !== "\n") {
    const hex = BYTES.test(text) ? text.replace(/<0x(..)>/g, "$1 ").trim() : text.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0");
    return {label: words.byte(hex), kind: "byte", joined: true};
  }
  const shown = text.replace(/^ /, "").replace(/\n/g, words.newline).replace(/\s/g, words.space) || words.space;
  return {label: shown, kind: "text", joined: !text.startsWith(" ")};
}
