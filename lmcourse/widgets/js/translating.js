// What TranslationExplorer knows: words, the translation, the three attentions and the next word, changed and as trained. No DOM.
import {largest, softmax, SHOWN} from './bars.js';
import {dequantise} from './weights.js';

const PARTS = ["encoder", "decoder", "cross"], OFFERED = 8, LETTER = /^\p{L}/u, LATIN = /^\p{Script=Latin}/u;

// {config, tokenizer: WordTokenizer, seq2seq} -> {fit, read, next, offer}
export function makeTranslator({config, tokenizer, seq2seq}, words) {
  const {n_layers: L, n_heads: H, start_id: start, max_len: most} = config;
  let last = null, lastKey = "", vectors = null;

  // What is read of a typed text, at most `room` words: {ids, words, unknown: [words that the model does not know], left (words that did not
  // fit), open (the last word, where it is being typed)}. Languages without spaces are cut into the longest words that are known.
  function fit(typed, room = most) {
    const found = tokenizer.words(typed).flatMap((word) => word.id === undefined ? segment(word) : [word]);
    const unknown = found.filter(({id}) => id === undefined), end = found.at(-1), typing = end && end.end === typed.length && end.text;
    return {ids: found.slice(0, room).map(({id}) => id), words: found.slice(0, room).map(({text}) => text), unknown: [...new Set(unknown.map(({text}) => text))],
      left: Math.max(0, found.length - room), open: typing && unknown.length <= 1 && (!unknown.length || unknown[0] === end) ? typing : ""};
  }

  function segment(word) {
    const parts = [];
    for (let at = 0; at < word.text.length;) {
      let end = word.text.length;
      while (end > at && !tokenizer.ids.has(word.text.slice(at, end))) end--;
      if (end === at) return [word];
      parts.push({text: word.text.slice(at, end), start: word.start + at, end: word.start + end, id: tokenizer.ids.get(word.text.slice(at, end))});
      at = end;
    }
    return parts;
  }

  // Reads a source, writes its translation where no target is given, and looks at all heads; nothing is computed twice.
  // off: [[part, layer, head]] -> {sources, targets (from the start on), coming (what each row is followed by), S, T, encoder, decoder, cross, written}
  function read(source, target, causal, off) {
    const headsOff = Object.fromEntries(PARTS.map((part) => [part, off.filter((each) => each[0] === part).map(([, layer, head]) => [layer, head])]));
    const key = JSON.stringify([source, target, causal, off]);
    if (key === lastKey) return last;
    const ids = target.length ? target : seq2seq.write(source, {stop: tokenizer.endId, headsOff}), row = [start, ...ids], altered = !causal || off.length > 0;
    const plain = altered ? seq2seq.run(source, row) : null, result = seq2seq.run(source, row, {causal, headsOff});
    const targets = [words.start, ...ids.map((id) => tokenizer.text(id))];
    last = {...result, result, plain, ids, sources: source.map((id) => tokenizer.text(id)), targets, coming: [...targets.slice(1), words.end],
      comingIds: [...ids, tokenizer.endId], S: source.length, T: row.length, written: !target.length, altered, next: []};
    lastKey = key;
    return last;
  }

  const line = ({logits, vocabulary}, row) => softmax(logits.subarray(row * vocabulary, (row + 1) * vocabulary));

  // After target row `row`: {rows: the most probable words [{id, label, probability, before}], own: the probability of what stands there}.
  function next(seen, row) {
    if (!seen.next[row]) {
      const now = line(seen.result, row), before = seen.plain && line(seen.plain, row);
      seen.next[row] = {own: now[seen.comingIds[row]], rows: largest(now, SHOWN).map((id) =>
        ({id, label: id === tokenizer.endId ? words.end : tokenizer.text(id), probability: now[id], before: before && before[id]}))};
    }
    return seen.next[row];
  }

  // Words to choose from: those that begin as the word being typed does, else those whose vectors lie next to that of `id`.
  function offer({open}, id) {
    const all = Array.from({length: tokenizer.size}, (_, each) => each).filter((each) => each !== tokenizer.endId && LETTER.test(tokenizer.text(each)));
    if (open && !tokenizer.ids.has(open)) {
      return all.map((each) => tokenizer.text(each)).filter((text) => text.toLowerCase().startsWith(open.toLowerCase())).slice(0, OFFERED);
    }
    if (!all.includes(id)) return [];
    const latin = (each) => LATIN.test(tokenizer.text(each)), others = all.filter((each) => each !== id && latin(each) === latin(id));
    return largest(others.map((each) => near(each, id)), OFFERED).map((i) => tokenizer.text(others[i]));
  }

  // The cosine of two words' vectors.
  function near(a, b) {
    const d = config.d_model;
    if (!vectors) {
      vectors = dequantise(seq2seq.embedding, new Float32Array(tokenizer.size * d));
      for (let t = 0; t < tokenizer.size; t++) {
        const row = vectors.subarray(t * d, (t + 1) * d), size = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0)) || 1;
        for (let i = 0; i < d; i++) row[i] /= size;
      }
    }
    let sum = 0;
    for (let i = 0; i < d; i++) sum += vectors[a * d + i] * vectors[b * d + i];
    return sum;
  }

  return {fit, read, next, offer, layers: L, heads: H};
}

// One head's weights of a part, (rows, columns); head -1 is the mean of the layer's heads.
export function weightsOf(seen, part, layer, head) {
  const all = seen[part][layer], size = (part === "encoder" ? seen.S : seen.T) * (part === "decoder" ? seen.T : seen.S);
  if (head >= 0) return all.subarray(head * size, (head + 1) * size);
  return Float32Array.from({length: size}, (_, i) => {
    let sum = 0;
    for (let h = 0; h < seen.heads; h++) sum += all[h * size + i];
    return sum / seen.heads;
  });
}
