// Surprise: -ln of a softmax, finite where a naive one overflows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { surpriseAt } from '../../lmcourse/widgets/js/surprise_reader.js';
import { random } from './tiny.mjs';

test('the surprises of all tokens are those of one distribution, and a shift of the logits changes none', () => {
  const next = random(11), logits = Float32Array.from({ length: 50 }, () => 8 * next() - 4);
  const surprises = Array.from(logits, (_, id) => surpriseAt(logits, id));
  const total = surprises.reduce((sum, x) => sum + Math.exp(-x), 0);
  assert.ok(Math.abs(total - 1) < 1e-12);
  const naive = Array.from(logits, Math.exp), all = naive.reduce((a, b) => a + b);
  surprises.forEach((x, id) => assert.ok(Math.abs(x + Math.log(naive[id] / all)) < 1e-12));
  const shifted = Array.from(logits, (x) => x + 1000);                // exp(1000) is no number any more
  surprises.forEach((x, id) => assert.ok(Math.abs(x - surpriseAt(shifted, id)) < 1e-9));
});
