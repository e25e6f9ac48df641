// The engine by itself: what a run promises, the cache, the options, the errors. tests/test_engine.py compares it with PyTorch.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GPT, loadModel, nextTokens } from '../../lmcourse/widgets/js/engine.js';
import { unpack } from '../../lmcourse/widgets/js/weights.js';
import { CONFIG, largest, packed, random } from './tiny.mjs';

const { n_layers: L, n_heads: H, vocab_size: V, max_len: MAX, d_model: D } = CONFIG;
const bytes = packed();
const fresh = wasm => loadModel(bytes, { wasm }).gpt;
const draw = (next, count) => Array.from({ length: count }, () => Math.floor(V * next()));
const distance = (a, b) => Math.max(largest(a.logits, b.logits), ...a.attention.map((weights, l) => largest(weights, b.attention[l])),
  ...(a.residual ?? []).map((x, l) => largest(x, b.residual[l])));

test('both kernels give the same answers', () => {
  const next = random(3), [fast, slow] = [fresh(true), fresh(false)];
  assert.deepEqual([fast.kernel, slow.kernel], ['wasm', 'javascript']);
  for (const count of [1, 2, 3, 4, 5, 17, MAX]) {
    const ids = draw(next, count), options = { residual: true, causal: count % 2 === 0 };
    assert.ok(distance(fast.run(ids, options), slow.run(ids, options)) < 1e-4);
  }
});

for (const wasm of [true, false]) {
  const kind = wasm ? 'wasm' : 'javascript';

  test(`${kind}: shapes, rows that sum to 1, and no look ahead`, () => {
    const ids = draw(random(4), 11), T = 11;
    const result = fresh(wasm).run(ids, { residual: true });
    assert.deepEqual([result.tokens, result.vocabulary, result.layers, result.heads, result.computed], [T, V, L, H, T]);
    assert.deepEqual([result.logits.length, result.attention.length, result.residual.length], [T * V, L, L + 1]);
    assert.ok(result.attention.every(weights => weights.length === H * T * T) && result.residual.every(x => x.length === T * D));
    for (const weights of result.attention) {
      for (let row = 0; row < H * T; row++) {
        const shares = weights.subarray(row * T, (row + 1) * T);
        assert.ok(Math.abs(shares.reduce((a, b) => a + b) - 1) < 1e-5);
        assert.ok(shares.subarray(row % T + 1).every(share => share === 0));
      }
    }
  });

  test(`${kind}: a text that is edited in any way gives what a new model gives`, () => {
    const next = random(5), model = fresh(wasm);
    let ids = draw(next, 6);
    for (let step = 0; step < 60; step++) {
      const at = Math.floor(next() * (ids.length + 1)), kind = Math.floor(4 * next());
      if (kind < 2 && ids.length < MAX) ids.splice(kind ? ids.length : at, 0, ...draw(next, 1));   // typed at the end, or inside
      else if (kind === 2 && ids.length > 1) ids.splice(Math.min(at, ids.length - 1), 1);
      else ids = draw(next, 1 + Math.floor(next() * MAX));
      const options = { residual: true, causal: next() < 0.8, temperature: next() < 0.8 ? 1 : 0.5 };
      if (next() < 0.2) options.headsOff = [[1, 2]];
      assert.ok(distance(model.run(ids, options), fresh(wasm).run(ids, options)) <= 1e-6);
    }
  });

  test(`${kind}: only what is new is computed`, () => {
    const model = fresh(wasm), ids = draw(random(6), 12);
    const computed = (list, options) => model.run(list, options).computed;
    assert.equal(computed(ids.slice(0, 8)), 8);
    assert.equal(computed(ids), 4);
    assert.equal(computed(ids), 0);
    assert.equal(computed(ids.slice(0, 5)), 0);
    assert.equal(computed(ids), 7);
    assert.equal(computed(ids.with(9, (ids[9] + 1) % V)), 3);
    assert.equal(computed(ids.with(9, (ids[9] + 1) % V), { temperature: 2 }), 12);
    assert.equal(computed(ids, { causal: false }), 12);
    assert.equal(computed(ids, { causal: false }), 0);
    assert.equal(computed(ids.slice(0, 11), { causal: false }), 11);       // without the mask every row saw the last token
    assert.equal(computed(ids, { causal: false }), 12);
  });

  test(`${kind}: what a caller does to a result changes no later one`, () => {
    const model = fresh(wasm), ids = draw(random(8), 7), first = model.run(ids), again = fresh(wasm).run(ids);
    structuredClone(first.attention[0], { transfer: [first.attention[0].buffer] });
    first.logits.fill(NaN);
    assert.ok(distance(model.run(ids), again) <= 1e-6);
    ids[0] = (ids[0] + 1) % V;                                             // the list that was given, too
    assert.equal(model.run(ids).computed, 7);
  });

  test(`${kind}: edges, heads, temperature, mask`, () => {
    const model = fresh(wasm), ids = draw(random(9), 9), T = 9, plain = model.run(ids);
    const row = (result, l, h, t) => result.attention[l].subarray((h * T + t) * T, (h * T + t + 1) * T);

    const before = row(plain, 0, 1, 6), most = before.indexOf(Math.max(...before)), other = (most + 1) % 7;
    const cut = model.run(ids, { edgesOff: [[0, 1, 6, most], [0, 1, 6, other]] });
    const left = 1 - before[most] - before[other];
    row(cut, 0, 1, 6).forEach((share, key) => assert.ok(Math.abs(share - (key === most || key === other ? 0 : before[key] / left)) < 1e-5));
    assert.ok(largest(row(cut, 0, 1, 5), row(plain, 0, 1, 5)) === 0 && largest(row(cut, 0, 2, 6), row(plain, 0, 2, 6)) === 0);
    assert.ok(largest(cut.logits.subarray(0, 6 * V), plain.logits.subarray(0, 6 * V)) === 0);
    assert.ok(largest(cut.logits, plain.logits) > 1e-3);

    const off = model.run(ids, { headsOff: [[0, 0], [2, 3]] });
    assert.ok(largest(off.attention[0], plain.attention[0]) === 0 && largest(off.logits, plain.logits) > 1e-3);

    const sharp = model.run(ids, { temperature: 0.01 }), flat = model.run(ids, { temperature: 1e6 });
    assert.ok(Math.max(...row(sharp, 0, 0, 8)) > Math.max(...row(plain, 0, 0, 8)));
    row(flat, 0, 0, 8).forEach(share => assert.ok(Math.abs(share - 1 / T) < 1e-3));

    const open = model.run(ids, { causal: false });
    assert.ok(row(open, 0, 0, 0).every(share => share > 0));
  });
}

test('probabilities of the next token', () => {
  const result = fresh(true).run([5, 6, 7]);
  for (const position of [0, 2]) {
    const shares = nextTokens(result, position), logits = result.logits.subarray(position * V, (position + 1) * V);
    assert.ok(Math.abs(shares.reduce((a, b) => a + b) - 1) < 1e-5);
    assert.ok(Math.abs(Math.log(shares[3] / shares[9]) - (logits[3] - logits[9])) < 1e-3);
  }
  assert.deepEqual(nextTokens(result), nextTokens(result, 2));
  assert.throws(() => nextTokens(result, 3), /no position 3: the positions are 0 to 2/);
});

test('what cannot be run is said', () => {
  const model = fresh(true);
  const fails = (ids, options, message) => assert.throws(() => model.run(ids, options), message);
  fails([], {}, /there is no token to run/);
  fails(Array(MAX + 1).fill(1), {}, new RegExp(`${MAX + 1} tokens are too many: this model reads at most ${MAX}`));
  for (const id of [V, -1, 1.5, NaN, '3', undefined]) fails([1, id], {}, new RegExp(`is not the id of a token: ids are whole numbers from 0 to ${V - 1}`));
  fails([1], { casual: true }, /unknown option "casual"; the options are causal, positions, temperature, headsOff, edgesOff, residual/);
  fails([1], { causal: 'no' }, /causal is "no"; it must be true or false/);
  for (const temperature of [0, -1, NaN, Infinity, '1']) fails([1], { temperature }, /temperature is .*; it must be a number above 0/);
  fails([1], { headsOff: [1, 2] }, /headsOff holds 1; it must be a list of \[layer, head\]/);
  fails([1], { headsOff: [[L, 0]] }, new RegExp(`there is no layer ${L}, they are 0 to ${L - 1}`));
  fails([1], { headsOff: [[0, H]] }, new RegExp(`there is no head ${H}, they are 0 to ${H - 1}`));
  fails([1, 2], { edgesOff: [[0, 0, 1]] }, /it must be a list of \[layer, head, query, key\]/);
  fails([1, 2], { edgesOff: [[0, 0, 2, 0]] }, /there is no query 2, they are 0 to 1/);
  fails([1, 2], { edgesOff: [[0, 0, 1, 0], [0, 0, 1, 1]] }, /takes every key away from layer 0, head 0, query 1; leave at least one/);
  assert.equal(model.run([1, 2], { causal: false, edgesOff: [[0, 0, 0, 0]] }).computed, 2);
  assert.equal(model.run([1, 2]).computed, 2);                             // an error leaves a model that works
});

test('a model that the engine does not compute, or that is not whole, is said', () => {
  const { config, tensors } = unpack(bytes);
  const fails = (change, message) => assert.throws(() => new GPT({ config: { ...config, ...change }, tensors }), message);
  fails({ position: 'rope' }, /does not compute position="rope", only "learned"/);
  fails({ norm: 'rms' }, /norm="rms"/);
  fails({ mlp: 'swiglu' }, /mlp="swiglu", only "gelu_tanh"/);
  fails({ n_kv_heads: 2 }, /n_kv_heads=2 must be n_heads=4/);
  fails({ n_heads: 3 }, /d_model=32 is not divisible by n_heads=3/);
  fails({ n_heads: 16 }, /a head has 2 dimensions .* multiple of 4/);
  fails({ vocab_size: 0 }, /vocab_size is 0; it must be a whole number above 0/);
  fails({ vocab_size: 264 }, /token_embedding.weight has shape \(263, 32\); the configuration asks for \(264, 32\)/);
  fails({ n_layers: 4 }, /the weights have no tensor blocks.3.attention_norm.weight/);
  fails({ tie_weights: false }, /the weights have no tensor output.weight/);
  assert.throws(() => loadModel(packed({ config: { ...CONFIG, vocab_size: 200 } })), /tokenizer has 263 tokens, the model only 200/);
});
