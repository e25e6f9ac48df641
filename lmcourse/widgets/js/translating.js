// What TranslationExplorer knows: words, the translation, the three attentions and the next word, changed and as trained. No DOM.
import {largest, softmax, SHOWN} from './bars.js';
import {PARTS} from './engine_seq2seq.js';

const OFFERED = 8, LETTER = /^\p{L}/u, LATIN = /^\p{Script=Latin}/u;

// {config, tokenizer: WordTokenizer, seq2seq} -> {fit, read, next, completions, alike}
export function makeTranslator({config, tokenizer, seq2seq}, words) {
  const {n_layers: L, n_heads: H, start_id: start, max_len: most} = config;
  let last = null, lastKey = "";

  // What is read of a typed text, at most `room` words: {ids, words, unknown: [words that the model does not know], left (words that did not
  // fit), open (the last word, where it is being typed)}. Languages without spaces are cut into the longest words that are known.
  function fit(typed, room = most) {
    const found = tokenizer.words(typed).flatMap((word) => word.id === undefined ? segment(word) : [word]);
    const unknown = found.filter(({id}) => id === undefined), end = found.at(-1), typing = end && end.end === typed.length && end.text;
    const fits = found.slice(0, room), open = typing && unknown.length <= 1 && (!unknown.length || unknown[0] === end) ? typing : "";
    return {ids: fits.map(({id}) => id), words: fits.map(({text}) => text), unknown: [...new Set(unknown.map(({text}) => text))],
      left: Math.max(0, found.length - room), open};
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

  const spelled = Array.from({length: tokenizer.size}, (_, id) => id).filter((id) => LETTER.test(tokenizer.text(id)));

  // Words that begin as the word being typed does.
  function completions(open) {
    return spelled.map((id) => tokenizer.text(id)).filter((text) => text.toLowerCase().startsWith(open.toLowerCase())).slice(0, OFFERED);
  }

  // Words in the same script that the encoder reads most alike at this place of the source: their states there, less the mean of all, by
  // their cosine. A generator, since it reads the source once for each word: it yields after each and returns the list.
  function* alike(source, place, reader) {
    const latin = (id) => LATIN.test(tokenizer.text(id)), d = config.d_model, all = spelled.filter((id) => latin(id) === latin(source[place])), states = [];
    if (!all.includes(source[place])) return [];
    for (const id of all) {
      states.push(reader.states(source.map((each, i) => i === place ? id : each)).subarray(place * d, (place + 1) * d));
      yield;
    }
    for (let i = 0; i < d; i++) {
      const mean = states.reduce((sum, state) => sum + state[i], 0) / all.length;
      for (const state of states) state[i] -= mean;
    }
    const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0), own = states[all.indexOf(source[place])];
    const scores = all.map((id, i) => id === source[place] ? -Infinity : dot(states[i], own) / Math.sqrt(dot(states[i], states[i])));
    return largest(scores, Math.min(OFFERED, all.length - 1)).map((i) => tokenizer.text(all[i]));
  }

  return {fit, read, next, completions, alike, layers: L, heads: H};
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
