// NormLab's numbers: norms against their definitions, the stack's gradient against small differences, the draw against its generator.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NORMS, again, byDepth, changes, drawn, mean, normalised, rms } from '../../lmcourse/widgets/js/norm_math.js';
import { random } from './tiny.mjs';

const close = (a, b, tolerance = 1e-9) => assert.ok(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b)), `${a} is not ${b}`);
const draw = (n, seed) => { const next = random(seed); return Array.from({ length: n }, () => 8 * next() - 4); };
const plain = { eps: 1e-5, gain: 1, bias: 0 };

for (const n of [4, 6, 8]) {
  test(`${n} numbers: mean 0 and size 1 from LayerNorm, size 1 from RMSNorm, neither from x + normalize(x)`, () => {
    const x = draw(n, n), found = normalised(x, plain);
    close(mean(found.layer), 0); close(rms(found.layer), 1, 1e-4); close(rms(found.rms), 1, 1e-4);
    close(mean(found.document), mean(x));
    assert.ok(rms(found.document) > 1.1);
    const other = normalised(x, { eps: 0.5, gain: -2, bias: 3 });
    close(mean(other.layer), 3);
    close(rms(other.rms), 2 * rms(x) / Math.sqrt(rms(x) ** 2 + 0.5));
  });

  test(`${n} numbers: what a shift and a factor change`, () => {
    const x = draw(n, 50 + n), factor = changes(x, x.map(v => 3 * v), plain), shift = changes(x, x.map(v => v + 2), plain);
    assert.ok(factor.layer < 1e-4 && factor.rms < 1e-4 && factor.document > 0.5, JSON.stringify(factor));
    assert.ok(shift.layer < 1e-9 && shift.rms > 0.05);
    close(shift.document, 2);
    close(again(x, 'layer', 24, 1e-5), 1, 1e-3);
    const mu = mean(x);
    close(again(x, 'document', 24, 1e-5), rms(x.map(v => v - mu)) + 24, 1e-4);   // each application adds 1 to the standard deviation
  });
}

test('the numbers are those of mulberry32', () => {
  const next = random(7);
  for (const v of drawn(7, 100)) close(v, (2 * next() - 1) * Math.sqrt(3), 0);
  const many = Array.from(drawn(3, 20000));
  assert.ok(Math.abs(mean(many)) < 0.03 && Math.abs(rms(many) - 1) < 0.02);
});

// One layer, written another way, differentiated by small differences.
for (const place of ['none', 'before', 'after']) for (const norm of NORMS) for (const residual of ['on', 'off']) {
  test(`gradient of one layer, residual ${residual}, ${norm} ${place}`, () => {
    const scale = 1.3, seed = 11, W = drawn(seed, 1024), x = Array.from(drawn(seed + 1000, 256)), mix = drawn(seed + 2000, 256);
    const of = (v) => normalised(v, plain)[norm];
    const out = (v) => {
      const read = place === 'before' ? of(v) : v;
      const y = v.map((own, i) => {
        const h = read.reduce((sum, r, j) => sum + Math.fround(W[32 * i + j] * scale / Math.sqrt(32)) * r, 0);
        return Math.max(h, 0) + (residual === 'on' ? own : 0);
      });
      return place === 'after' ? of(y) : y;
    };
    const squares = { signal: 0, gradient: 0 };
    for (let n = 0; n < 8; n++) {
      const v = x.slice(32 * n, 32 * n + 32), m = mix.subarray(32 * n, 32 * n + 32), value = (u) => out(u).reduce((sum, o, i) => sum + o * m[i], 0);
      for (const o of out(v)) squares.signal += o * o / 256;
      v.forEach((_, i) => {
        const up = v.slice(), down = v.slice();
        up[i] += 1e-5; down[i] -= 1e-5;
        squares.gradient += ((value(up) - value(down)) / 2e-5) ** 2 / 256;
      });
    }
    const found = byDepth({ layers: 1, residual, place, norm, scale, seed });
    close(found.signal[1], Math.sqrt(squares.signal));
    close(found.gradient[0], Math.sqrt(squares.gradient), 1e-3);
  });
}
