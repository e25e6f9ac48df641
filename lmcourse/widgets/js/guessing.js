// The arithmetic of the game: what a guess costs, and who has paid how much. No DOM.
import {softmax} from './bars.js';

// What the reader gave the word that came: `sure` to his word, the rest evenly to the others; nothing said: the same to all.
export function given(word, came, sure, count) {
  if (!word) return 1 / count;
  return word.toLowerCase() === came.toLowerCase() ? sure : (1 - sure) / (count - 1);
}

// A model at each place of a story: [{log, rank, first: words}], from one run over the whole of it. run: ids -> {logits, vocabulary}
export function askModel({run, tokenizer}, {words, places}, shown) {
  const text = words.map((word) => ".?:".includes(word) ? word : ` ${word}`).join("").trimStart();
  const ids = [tokenizer.endId, ...tokenizer.encode(text).map(({id}) => id)], {logits, vocabulary} = run(ids);
  return places.map((place) => {                                     // the word `place` is token place + 1, foretold by token `place`
    const q = softmax(logits.subarray(place * vocabulary, (place + 1) * vocabulary)), came = q[ids[place + 1]];
    const order = Array.from(q.keys()).sort((a, b) => q[b] - q[a]).slice(0, shown);
    return {log: Math.log(came), rank: q.reduce((n, x) => n + (x > came), 1), first: order.map((id) => tokenizer.text(id).trim()), id: ids[place + 1]};
  });
}

// Words that fit what was typed: those of the story that may come again, then those that often follow, then all others.
export function fitting(typed, {seen, usual, words}, most = 12) {
  const start = typed.trim().toLowerCase(), fits = (word) => word.toLowerCase().startsWith(start);
  if (start) return {usual: [...new Set([...seen, ...usual, ...words].filter(fits))].slice(0, most), seen: []};
  return {usual, seen: seen.filter((word) => !usual.includes(word)).slice(0, most)};
}

// rows: [{kind, costs: {name: nats}}] -> {all: {name: mean}, kinds: [{kind, n, means}]}
export function totals(rows) {
  const mean = (some) => Object.fromEntries(Object.keys(some[0].costs).map((name) => [name, some.reduce((sum, {costs}) => sum + costs[name], 0) / some.length]));
  const kinds = [...new Set(rows.map(({kind}) => kind))];
  return rows.length ? {all: mean(rows), kinds: kinds.map((kind) => { const some = rows.filter((row) => row.kind === kind); return {kind, n: some.length, means: mean(some)}; })}
    : {all: {}, kinds: []};
}
