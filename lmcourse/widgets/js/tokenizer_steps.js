// Byte-pair encoding one merge at a time: what Tokenizer.encode does in one go, with a state after each merge to look at.
import {Tokenizer} from './tokenizer.js';

// The letters for the 256 bytes in the order of their ids: GPT-2's, from "!" (33) to "ń" (323) without those that cannot be seen.
const LETTERS = Array.from({length: 291}, (_, i) => 33 + i).filter((code) => (code < 127 || code > 160) && code !== 173)
  .map((code) => String.fromCharCode(code));

// {prefix, merges: [left id, right id, left id, ...]} -> the content of a tokenizer.json; ids as in lmcourse's BPETokenizer.
export function tokenizerJson({prefix, merges}) {
  const tokens = [...LETTERS], vocab = new Map(tokens.map((token, id) => [token, id])), pairs = [];
  for (let i = 0; i < merges.length; i += 2) {
    const pair = [tokens[merges[i]], tokens[merges[i + 1]]], whole = pair.join('');
    pairs.push(pair);
    if (!vocab.has(whole)) vocab.set(whole, tokens.push(whole) - 1);
  }
  const id = tokens.length;
  return {model: {type: 'BPE', vocab: Object.fromEntries(vocab), merges: pairs}, added_tokens: [{id, content: '<|endoftext|>'}],
    normalizer: prefix ? {type: 'Prepend', prepend: prefix} : null};
}

export class Stepper extends Tokenizer {
  constructor(json) {
    super(json);
    this.known = {has: () => false, size: Infinity};                // remembers no piece: it comes out differently at every step
  }

  merge(letters) { return this.take ? this.take(letters) : super.merge(letters); }

  // text -> {steps: [{left, right, whole, rank, times}], at(k)}: the merges in the order in which they happen, and the text after
  // k of them, as encode gives it: [{id, text, start, end, first, made}], first of its piece or not, made by merge k or not.
  replay(text) {
    const pieces = [], steps = [];
    this.through(text, (letters) => { pieces.push({history: [[0, letters]], best: this.best(letters)}); return letters; });
    for (;;) {
      const rank = Math.min(Infinity, ...pieces.map((piece) => piece.best.rank));
      if (rank === Infinity) break;
      const {left, right} = pieces.find((piece) => piece.best.rank === rank).best;
      let times = 0;
      for (const piece of pieces) {
        if (piece.best.rank !== rank) continue;
        const before = piece.history.at(-1)[1], parts = join(before, left, right);
        times += before.length - parts.length;
        piece.history.push([steps.length + 1, parts]);
        piece.best = this.best(parts);
      }
      steps.push({left: this.text(this.ids.get(left)), right: this.text(this.ids.get(right)), whole: this.text(this.ids.get(left + right)),
        id: this.ids.get(left + right), rank, times});
    }
    return {steps, at: (k) => this.at(text, pieces, k, steps[k - 1]?.id)};
  }

  at(text, pieces, k, made) {
    const states = pieces.map(({history}) => history.findLast(([step]) => step <= k)), marks = [];
    for (const [step, parts] of states) parts.forEach((_, i) => marks.push({first: i === 0, changed: step === k}));
    let next = 0;
    const tokens = this.through(text, () => states[next++][1]);
    return tokens.map((token, i) => ({...token, first: marks[i].first, made: marks[i].changed && token.id === made}));
  }

  // encode(text) with another way to merge.
  through(text, take) {
    this.take = take;
    try { return this.encode(text); } finally { this.take = null; }
  }

  // The pair of neighbours that was learnt first.
  best(parts) {
    let found = {rank: Infinity};
    for (let i = 1; i < parts.length; i++) {
      const rank = this.ranks.get(parts[i - 1] + ' ' + parts[i]);
      if (rank < found.rank) found = {rank, left: parts[i - 1], right: parts[i]};
    }
    return found;
  }
}

// Every occurrence of the pair, from the left, becomes one part.
function join(parts, left, right) {
  const joined = [];
  for (let i = 0; i < parts.length; i++) {
    joined.push(parts[i] === left && parts[i + 1] === right ? parts[i] + parts[++i] : parts[i]);
  }
  return joined;
}
