// What TranslationExplorer computes: words that are read, the translation, means of heads, the next word, words to choose from.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadSeq2Seq } from '../../lmcourse/widgets/js/engine_seq2seq.js';
import { makeTranslator, weightsOf } from '../../lmcourse/widgets/js/translating.js';
import { softmax } from '../../lmcourse/widgets/js/bars.js';
import { bytes, CONFIG, TEXTS, WORDS } from './tiny_seq2seq.mjs';
import { largest } from './tiny.mjs';

const fresh = () => { const mind = loadSeq2Seq(bytes); return { ...mind, ...makeTranslator(mind, TEXTS) }; };
const V = WORDS.length, H = CONFIG.n_heads, MAX = CONFIG.max_len;

test('what is typed: known, unknown, unfinished, too long, without spaces', () => {
  const { fit } = fresh(), ids = (text) => fit(text).ids;
  assert.deepEqual(ids('  word3  word4.'), [5, 6, 1]);
  assert.deepEqual(fit('word3 word4 ').open, '');
  assert.deepEqual(fit('word3 wor'), { ids: [5, undefined], words: ['word3', 'wor'], unknown: ['wor'], left: 0, open: 'wor' });
  assert.deepEqual([fit('wor word3').open, fit('wor word3').unknown, fit('wor x').open], ['', ['wor'], '']);
  assert.deepEqual(fit('钥匙在花园里').words, ['钥匙', '在', '花园', '里']);
  assert.deepEqual(fit('钥匙word3').ids, [WORDS.indexOf('钥匙'), 5]);
  assert.deepEqual(fit('钥匙树').unknown, ['钥匙树']);
  const long = fit('word1 '.repeat(MAX + 3));
  assert.deepEqual([long.ids.length, long.left, fit('word1 '.repeat(MAX), MAX - 1).left], [MAX, 3, 1]);
  assert.deepEqual(fit(' \n'), { ids: [], words: [], unknown: [], left: 0, open: '' });
});

test('it reads what it writes, or what it is given, changed or not', () => {
  const { read, seq2seq, tokenizer } = fresh(), source = [5, 9, 2, 7], other = loadSeq2Seq(bytes).seq2seq;
  const plain = read(source, [], true, []), written = other.write(source, { stop: tokenizer.endId });
  assert.deepEqual([plain.ids, plain.written, plain.altered, plain.S, plain.T], [written, true, false, 4, written.length + 1]);
  assert.deepEqual([plain.targets[0], plain.coming.at(-1), plain.sources], [TEXTS.start, TEXTS.end, source.map((id) => WORDS[id])]);
  assert.ok(largest(plain.logits, other.run(source, [0, ...written]).logits) === 0);
  assert.equal(read([...source], [], true, []), plain);                     // nothing is computed twice
  const off = [['cross', 0, 1], ['decoder', 1, 3]], changed = read(source, [4, 4, 8], false, off);
  assert.deepEqual([changed.ids, changed.written, changed.altered], [[4, 4, 8], false, true]);
  const options = { causal: false, headsOff: { cross: [[0, 1]], decoder: [[1, 3]] } };
  assert.ok(largest(changed.logits, other.run(source, [0, 4, 4, 8], options).logits) === 0);
  assert.ok(largest(changed.plain.logits, other.run(source, [0, 4, 4, 8]).logits) === 0);
  assert.deepEqual(read(source, [], true, off).ids, other.write(source, { stop: tokenizer.endId, headsOff: options.headsOff }));
  assert.ok(seq2seq !== other);
});

test('one head, or the mean of all', () => {
  const seen = fresh().read([5, 9, 2], [4, 8], true, []);
  for (const [part, size] of [['encoder', 9], ['decoder', 9], ['cross', 9]]) {
    const heads = Array.from({ length: H }, (_, h) => weightsOf(seen, part, 1, h)), mean = weightsOf(seen, part, 1, -1);
    assert.ok(heads.every((weights) => weights.length === size));
    mean.forEach((w, i) => assert.ok(Math.abs(w - heads.reduce((sum, weights) => sum + weights[i], 0) / H) < 1e-6));
  }
});

test('the next word, and as it was before the change', () => {
  const { read, next } = fresh(), seen = read([5, 9, 2], [4, 8], false, []), { own, rows } = next(seen, 1);
  const q = softmax(seen.logits.subarray(V, 2 * V)), before = softmax(seen.plain.logits.subarray(V, 2 * V));
  assert.equal(own, q[8]);
  assert.equal(next(seen, 2).own, softmax(seen.logits.subarray(2 * V, 3 * V))[0]);                        // the end
  assert.deepEqual(rows.map(({ probability }) => probability), Array.from(q).sort((a, b) => b - a).slice(0, 10));
  rows.forEach((row) => assert.deepEqual([row.probability, row.before, row.label], [q[row.id], before[row.id], row.id ? WORDS[row.id] : TEXTS.end]));
  assert.ok(next(read([5, 9, 2], [4, 8], true, []), 1).rows.every(({ before: none }) => none === null));
});

test('words to choose from: completions, or those that the encoder reads alike, in the same script', () => {
  const { completions, alike } = fresh(), reader = loadSeq2Seq(bytes).seq2seq, source = [5, 9, 2, 37], run = (place) => {
    const work = alike(source, place, reader);
    let found = work.next(), steps = 0;
    for (; !found.done; found = work.next()) steps++;
    return [found.value, steps];
  };
  assert.deepEqual(completions('WORD2'), ['word2', 'word20', 'word21', 'word22', 'word23', 'word24', 'word25', 'word26']);
  assert.deepEqual([completions('x'), completions('花')], [[], ['花园']]);
  const [list, steps] = run(1), d = CONFIG.d_model, latin = WORDS.map((_, id) => id).filter((id) => /^word/.test(WORDS[id]));
  const states = new Map(latin.map((id) => [id, Array.from(reader.states(source.with(1, id)).subarray(d, 2 * d))]));
  const mean = Array.from({ length: d }, (_, i) => latin.reduce((sum, id) => sum + states.get(id)[i], 0) / latin.length);
  const cosine = (a, b) => {
    const [x, y] = [a, b].map((id) => states.get(id).map((v, i) => v - mean[i])), dot = (p, q) => p.reduce((sum, v, i) => sum + v * q[i], 0);
    return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
  };
  assert.deepEqual(list, latin.filter((id) => id !== 9).sort((a, b) => cosine(b, 9) - cosine(a, 9)).slice(0, 8).map((id) => WORDS[id]));
  assert.equal(steps, latin.length);
  assert.deepEqual(run(3)[0].sort(), ['在', '花园', '里'].sort());        // the only others in that script
  source[3] = 1;
  assert.deepEqual(run(3), [[], 0]);                                        // a mark is no word
});
