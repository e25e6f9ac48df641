// The page's LSTM by itself: what a run promises, its memory of the last text, the errors. tests/test_engine_lstm.py compares it with PyTorch.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextTokens } from '../../lmcourse/widgets/js/engine.js';
import { loadLstm } from '../../lmcourse/widgets/js/engine_lstm.js';
import { largest, packed, random } from './tiny.mjs';

const config = { vocab_size: 263, d_embedding: 20, d_hidden: 32, n_layers: 2, max_len: 29 };
const { vocab_size: V, d_hidden: H, n_layers: L, max_len: MAX } = config;
const shapes = (layers) => {
  const all = { 'token_embedding.weight': [V, 20], 'output.weight': [V, H], 'output.bias': [V] };
  for (let l = 0; l < layers; l++) {
    Object.assign(all, { [`lstm.weight_ih_l${l}`]: [4 * H, l ? H : 20], [`lstm.weight_hh_l${l}`]: [4 * H, H], [`lstm.bias_ih_l${l}`]: [4 * H], [`lstm.bias_hh_l${l}`]: [4 * H] });
  }
  return all;
};
const bytes = packed({ config, named: shapes(L) });
const fresh = wasm => loadLstm(bytes, { wasm }).lstm;
const draw = (next, count) => Array.from({ length: count }, () => Math.floor(V * next()));
const distance = (a, b) => Math.max(largest(a.logits, b.logits), ...['hidden', 'cell'].flatMap(name => a[name].map((x, l) => largest(x, b[name][l]))));

test('both kernels give the same answers', () => {
  const next = random(3), [fast, slow] = [fresh(true), fresh(false)];
  assert.deepEqual([fast.kernel, slow.kernel], ['wasm', 'javascript']);
  for (const count of [1, 2, 3, 4, 5, 17, MAX]) {
    const ids = draw(next, count);
    assert.ok(distance(fast.run(ids), slow.run(ids)) < 1e-4);
  }
});

for (const wasm of [true, false]) {
  const kind = wasm ? 'wasm' : 'javascript';

  test(`${kind}: shapes, probabilities that sum to 1, and no look ahead`, () => {
    const ids = draw(random(4), 11), result = fresh(wasm).run(ids);
    assert.deepEqual([result.tokens, result.vocabulary, result.layers, result.computed], [11, V, L, 11]);
    assert.deepEqual([result.logits.length, ...result.hidden.map(x => x.length), ...result.cell.map(x => x.length)], [11 * V, ...Array(2 * L).fill(11 * H)]);
    for (let t = 0; t < 11; t++) assert.ok(Math.abs(nextTokens(result, t).reduce((a, b) => a + b) - 1) < 1e-5);
    const other = fresh(wasm).run(ids.with(7, (ids[7] + 1) % V)), until = (x) => x.slice(0, 7 * V);
    assert.ok(largest(until(result.logits), until(other.logits)) === 0);
    assert.ok(largest(result.logits.slice(7 * V), other.logits.slice(7 * V)) > 0.01);
  });

  test(`${kind}: a text that is edited in any way gives what a new model gives`, () => {
    const next = random(5), model = fresh(wasm);
    let ids = draw(next, 6);
    for (let step = 0; step < 60; step++) {
      const at = Math.floor(next() * (ids.length + 1)), way = Math.floor(4 * next());
      if (way < 2 && ids.length < MAX) ids.splice(way ? ids.length : at, 0, ...draw(next, 1));     // typed at the end, or inside
      else if (way === 2 && ids.length > 1) ids.splice(Math.min(at, ids.length - 1), 1);
      else ids = draw(next, 1 + Math.floor(next() * MAX));
      assert.ok(distance(model.run(ids), fresh(wasm).run(ids)) <= 1e-6);
    }
  });

  test(`${kind}: only what is new is read`, () => {
    const model = fresh(wasm), ids = draw(random(6), 12), computed = list => model.run(list).computed;
    assert.deepEqual([computed(ids.slice(0, 8)), computed(ids), computed(ids), computed(ids.slice(0, 5)), computed(ids)], [8, 4, 0, 0, 7]);
    assert.equal(computed(ids.with(9, (ids[9] + 1) % V)), 3);
  });

  test(`${kind}: what a caller does to a result, or to the list it gave, changes no later one`, () => {
    const model = fresh(wasm), ids = draw(random(8), 7), first = model.run(ids), again = fresh(wasm).run(ids);
    structuredClone(first.cell[0], { transfer: [first.cell[0].buffer] });
    first.logits.fill(NaN);
    first.hidden[1].fill(NaN);
    assert.ok(distance(model.run(ids), again) <= 1e-6);
    ids[0] = (ids[0] + 1) % V;
    assert.equal(model.run(ids).computed, 7);
  });
}

test('what cannot be run is said, and the next text is read all the same', () => {
  const model = fresh(true), good = draw(random(9), 4), expected = fresh(true).run(good);
  assert.throws(() => model.run([]), /no token to run: give at least one/);
  assert.throws(() => model.run(Array(MAX + 1).fill(1)), /30 tokens are too many: this model reads at most 29/);
  for (const id of [V, -1, 1.5]) assert.throws(() => model.run([1, id]), /is not the id of a token/);
  assert.ok(distance(model.run(good), expected) <= 1e-6);
});

test('weights and configuration that do not belong together are named', () => {
  const load = (changes) => loadLstm(packed({ config: { ...config, ...changes }, named: shapes(L) }));
  assert.throws(() => load({ n_layers: 3 }), /no tensor lstm.weight_ih_l2; the configuration asks for one of shape \(128, 32\)/);
  assert.throws(() => load({ d_hidden: 36 }), /tensor output.weight has shape \(263, 32\); the configuration asks for \(263, 36\)/);
  assert.throws(() => load({ d_embedding: 18 }), /d_embedding=18, d_hidden=32; the engine needs multiples of 4/);
  assert.throws(() => load({ max_len: undefined }), /the model's max_len is undefined; it must be a whole number above 0/);
  assert.throws(() => load({ vocab_size: 200 }), /the tokenizer has 263 tokens, the model only 200/);
});
