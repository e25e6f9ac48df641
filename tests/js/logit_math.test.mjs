// LogitLab's arithmetic against the engine's own logits, and against plain loops.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadModel } from '../../lmcourse/widgets/js/engine.js';
import { length, normed, products, scores } from '../../lmcourse/widgets/js/logit_math.js';
import { CONFIG, packed, random } from './tiny.mjs';

const { gpt } = loadModel(packed({ seed: 5 }), { wasm: false }), { d_model: d, vocab_size: V } = CONFIG;
const next = random(7), ids = Array.from({ length: 12 }, () => Math.floor(next() * V)), seen = gpt.run(ids, { residual: true });
const close = (a, b, within = 1e-3) => assert.ok(Math.abs(a - b) < within, `${a} is not ${b}`);

test('the products of a token, summed, are the logit that the engine gave, at every place', () => {
  for (let t = 0; t < ids.length; t++) {
    const x = normed(gpt, seen.residual.at(-1), t);
    for (const id of [0, 17, V - 1]) close(products(gpt, x, id).reduce((sum, { product }) => sum + product, 0), seen.logits[t * V + id]);
  }
});

test('products come largest first, each channel once, each the product of its two numbers', () => {
  const parts = products(gpt, normed(gpt, seen.residual.at(-1), 3), 40);
  assert.deepEqual(parts.map(({ channel }) => channel).sort((a, b) => a - b), Array.from({ length: d }, (_, c) => c));
  parts.forEach(({ x, e, product }, i) => {
    close(product, x * e, 1e-12);
    assert.ok(i === 0 || Math.abs(product) <= Math.abs(parts[i - 1].product));
  });
});

test('the norm does what its formula says', () => {
  const raw = Array.from(seen.residual.at(-1).subarray(2 * d, 3 * d)), mean = raw.reduce((a, b) => a + b) / d;
  const deviation = Math.sqrt(raw.reduce((sum, v) => sum + (v - mean) ** 2, 0) / d + 1e-5), { weights } = gpt;
  const { 'final_norm.weight': gain, 'final_norm.bias': bias } = weights;
  normed(gpt, seen.residual.at(-1), 2).forEach((v, c) => close(v, (raw[c] - mean) / deviation * gain[c] + bias[c]));
  close(length([3, 4]), 5, 1e-12);
});

test('a score is the log of a softmax, and 1000 more for every logit changes none', () => {
  const found = scores(seen, ids), shifted = scores({ ...seen, logits: seen.logits.map((z) => z + 1000) }, ids);
  assert.equal(found.length, ids.length - 1);
  found.forEach((score, t) => {
    const row = Array.from(seen.logits.subarray(t * V, (t + 1) * V)), all = row.reduce((sum, z) => sum + Math.exp(z), 0);
    close(score, Math.log(Math.exp(row[ids[t + 1]]) / all), 1e-6);
    close(score, shifted[t], 2e-3);                                  // float32 has four decimals left beside 1000
  });
});
