// The Seq2Seq by itself: what a run promises, what it keeps, how it writes. tests/test_engine_seq2seq.py compares it with PyTorch.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadSeq2Seq } from '../../lmcourse/widgets/js/engine_seq2seq.js';
import { WordTokenizer } from '../../lmcourse/widgets/js/word_tokenizer.js';
import { bytes, CONFIG, TOKENIZER } from './tiny_seq2seq.mjs';
import { largest, random } from './tiny.mjs';

const { n_layers: L, n_heads: H, max_len: MAX, vocab_size: V } = CONFIG;
const NONE = { encoder: [], decoder: [], cross: [] };
const fresh = wasm => loadSeq2Seq(bytes, { wasm }).seq2seq;
const draw = (next, count) => Array.from({ length: count }, () => 1 + Math.floor((V - 1) * next()));
const distance = (a, b) => Math.max(largest(a.logits, b.logits),
  ...['encoder', 'decoder', 'cross'].flatMap(part => a[part].map((weights, l) => largest(weights, b[part][l]))));

test('shapes, rows that sum to 1, and who may look where', () => {
  const S = 7, T = 5, result = fresh(true).run(draw(random(1), S), draw(random(2), T));
  assert.deepEqual([result.sources, result.tokens, result.vocabulary, result.layers, result.heads, result.computed, result.logits.length],
    [S, T, V, L, H, T, T * V]);
  for (const [part, rows, keys] of [['encoder', S, S], ['decoder', T, T], ['cross', T, S]]) {
    assert.equal(result[part].length, L);
    for (const weights of result[part]) {
      assert.equal(weights.length, H * rows * keys);
      for (let i = 0; i < H * rows; i++) {
        const row = weights.subarray(i * keys, (i + 1) * keys);
        assert.ok(Math.abs(row.reduce((a, b) => a + b) - 1) < 1e-5);
        row.forEach((share, j) => assert.equal(share > 0, part !== 'decoder' || j <= i % rows));
      }
    }
  }
  const open = fresh(true).run(draw(random(1), S), draw(random(2), T), { causal: false });
  assert.ok(open.decoder.every(weights => weights.every(share => share > 0)) && largest(open.encoder[1], result.encoder[1]) === 0);
});

test('padding is looked at by nobody', () => {
  const source = draw(random(3), 5), target = draw(random(4), 4), plain = fresh(true).run(source, target), longer = fresh(true).run([...source, 0, 0], target);
  assert.ok(largest(plain.logits, longer.logits) < 1e-4);
  for (let row = 0; row < H * 4; row++) assert.deepEqual([...longer.cross[1].subarray(row * 7 + 5, row * 7 + 7)], [0, 0]);
});

for (const wasm of [true, false]) {
  const kind = wasm ? 'wasm' : 'javascript';

  test(`${kind}: texts that are edited in any way give what a new model gives`, () => {
    const next = random(5), model = fresh(wasm), other = fresh(!wasm);
    let source = draw(next, 6), target = draw(next, 4);
    for (let step = 0; step < 60; step++) {
      const what = Math.floor(5 * next());
      if (what === 0) source = draw(next, 1 + Math.floor(MAX * next()));
      else if (what === 1 && target.length > 1) target = target.slice(0, -1);
      else if (target.length < MAX) target = target.toSpliced(what === 2 ? Math.floor(next() * target.length) : target.length, 0, ...draw(next, 1));
      const some = () => next() < 0.3 ? [[Math.floor(L * next()), Math.floor(H * next())]] : [];
      const options = { causal: next() < 0.7, headsOff: Object.fromEntries(Object.keys(NONE).map(part => [part, some()])) };
      const result = model.run(source, target, options);
      assert.ok(distance(result, fresh(wasm).run(source, target, options)) <= 1e-6);
      assert.ok(distance(result, other.run(source, target, options)) < 1e-4);
    }
  });
}

test('only what is new is computed', () => {
  const model = fresh(true), source = draw(random(6), 8), target = draw(random(7), 10), computed = (...run) => model.run(...run).computed;
  assert.equal(computed(source, target.slice(0, 6)), 6);
  assert.equal(computed(source, target), 4);
  assert.equal(computed(source, target), 0);
  assert.equal(computed(source, target.with(7, (target[7] % (V - 1)) + 1)), 3);
  assert.equal(computed(source.with(0, (source[0] % (V - 1)) + 1), target), 10);
  assert.equal(computed(source, target, { headsOff: { cross: [[0, 0]] } }), 10);
  assert.equal(computed(source, target, { causal: false }), 10);
  assert.equal(computed(source, target, { causal: false }), 0);
  assert.equal(computed(source, target.slice(0, 9), { causal: false }), 9);
});

test('a head that is off changes what follows it, not its own weights', () => {
  const source = draw(random(8), 6), target = draw(random(9), 5), plain = fresh(true).run(source, target);
  for (const part of Object.keys(NONE)) {
    const off = fresh(true).run(source, target, { headsOff: { [part]: [[0, 1]] } });
    assert.ok(largest(off[part][0], plain[part][0]) === 0 && largest(off.logits, plain.logits) > 1e-3);
    assert.equal(largest(off.encoder[1], plain.encoder[1]) > 0, part === 'encoder');
  }
});

test('it writes the most probable word again and again, each row computed once', () => {
  const model = fresh(true), source = draw(random(10), 6);
  let rows = 0;
  const decode = model.decode.bind(model);
  model.decode = (ids, from, ...others) => { rows += ids.length - from; return decode(ids, from, ...others); };
  const written = model.write(source, { stop: 0 });
  assert.ok(written.length > 0 && written.length < MAX && rows <= MAX);
  const { logits, tokens } = fresh(true).run(source, [0, ...written]);
  for (let t = 0; t < tokens; t++) {
    const line = Array.from(logits.subarray(t * V, (t + 1) * V)), next = written[t] ?? (written.length < MAX - 1 ? 0 : null);
    if (next !== null) assert.equal(line.indexOf(Math.max(...line)), next);
  }
  assert.deepEqual(model.write(source, { stop: 0, most: 2 }), written.slice(0, 2));
});

test('words: known, unknown, marks, and back', () => {
  const words = new WordTokenizer(TOKENIZER), found = words.words('  word3 key.word4\u3000.');
  assert.deepEqual(found.map(({ text, id }) => [text, id]), [['word3', 5], ['key', undefined], ['.', 1], ['word4', 6], ['.', 1]]);
  assert.deepEqual(found.map(({ start, end }) => [start, end]), [[2, 7], [8, 11], [11, 12], [12, 17], [18, 19]]);
  assert.equal(words.decode([5, 1, 6, 6]), 'word3. word4 word4');
  assert.throws(() => words.text(V), new RegExp(`no token has the id ${V}; ids are whole numbers from 0 to ${V - 1}`));
  assert.throws(() => words.words(3), /text must be a string, not number/);
});
