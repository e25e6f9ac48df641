// What MaskLab knows: a text, one hidden word of it, what a masked and a causal model say there, and the best answers. No DOM.
import {softmax} from './bars.js';

export const SHOWN = 5;
const OTHERS = "", LONGEST_TOKEN = 24;                              // as in mask_lab.py; characters of a token

// {tokenizer: WordPiece, bert} and {tokenizer: byte-level BPE, gpt} -> {fit, masked, causal}
export function makeMasking(encoder, decoder) {
  const labels = new Map();

  // The word of one of the causal model's tokens, without the space before it.
  function wordOf(id) {
    if (!labels.has(id)) labels.set(id, decoder.tokenizer.text(id).trim() || "␣");
    return labels.get(id);
  }

  // As much of the typed text as both models read: {text, words: [{text, start, end, ids}], tokens, left (characters that did not fit)}.
  function fit(typed) {
    const most = [encoder.config.max_len - 2, decoder.config.max_len - 1], whole = typed.slice(0, LONGEST_TOKEN * most[1]).trimEnd();
    const tokens = decoder.tokenizer.encode(whole), words = [];
    let pieces = 0, end = tokens.length > most[1] ? tokens[most[1]].start : Infinity;
    for (const word of encoder.tokenizer.words(whole)) {
      pieces += word.ids.length;
      if (pieces > most[0] || word.end > end) { end = words.at(-1)?.end ?? 0; break; }
      words.push(word);
    }
    const text = end < whole.length ? whole.slice(0, words.at(-1)?.end ?? 0) : whole;
    return {text, words, tokens: tokens.filter((token) => token.start < text.length), left: typed.trimEnd().length - text.length};
  }

  // {word: probability} as a Map, of the word that is hidden behind one [MASK].
  function masked({words}, place) {
    const {tokenizer, bert} = encoder, ids = [tokenizer.startId];
    let at = 0;
    words.forEach((word, i) => {
      if (i === place) at = ids.length;
      ids.push(...i === place ? [tokenizer.maskId] : word.ids);
    });
    ids.push(tokenizer.endId);
    const {logits, vocabulary} = bert.run(ids), q = softmax(logits.subarray(at * vocabulary, (at + 1) * vocabulary));
    return new Map(Array.from(q, (p, id) => [tokenizer.text(id), p]));
  }

  // The same of the word that comes after all tokens before it. One run over the text answers for every place: no token sees a later one.
  function causal({words, tokens}, place) {
    const {tokenizer, gpt} = decoder, ids = [tokenizer.endId, ...tokens.map(({id}) => id)], {logits, vocabulary} = gpt.run(ids);
    const end = place ? words[place - 1].end : 0, at = tokens.filter((token) => token.end <= end).length, found = new Map();
    softmax(logits.subarray(at * vocabulary, (at + 1) * vocabulary)).forEach((p, id) => {
      found.set(wordOf(id), (found.get(wordOf(id)) ?? 0) + p);
    });
    return found;
  }
  return {fit, masked, causal};
}

// The n words with the largest probabilities, and `word` if it is not among them.
export function rowsOf(answer, word, n = SHOWN) {
  const order = [...answer].sort((a, b) => b[1] - a[1]).slice(0, n).map(([each]) => each);
  return order.includes(word) || !answer.has(word) ? order : [...order, word];
}

// The exact answers, where they hold: {masked: table or null, causal: table or null}. stories: lists of words; best: as mask_lab.py stores it.
export function bestOf(words, place, stories, best) {
  const found = {masked: null, causal: null}, same = (a, b) => a.length === b.length && a.every((word, i) => word === b[i]);
  stories.forEach((story, s) => {
    if (found.masked || place >= story.length || !same(story.slice(0, place), words.slice(0, place))) return;
    const whole = same(story.slice(place + 1), words.slice(place + 1));
    if (whole) found.masked = best[s][place][0];
    if (whole || !found.causal) found.causal = best[s][place][1];
  });
  return found;
}

// What a table says of a word: {p} exactly, or {atMost} for a word that is not listed.
export function pOf(table, word) {
  if (Object.hasOwn(table, word) && word !== OTHERS) return {p: table[word]};
  return table[OTHERS] ? {atMost: table[OTHERS]} : {p: 0};
}
