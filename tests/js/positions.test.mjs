// Positions: each way against its formula written another way (complex numbers), and what each promises about distance.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { angle, scores, slope, spread } from '../../lmcourse/widgets/js/positions.js';
import { random } from './tiny.mjs';

const LENGTH = 32, HEADS = 8;
const draw = (next) => Array.from({ length: 64 }, () => 2 * next() - 1);
const close = (a, b) => assert.ok(Math.abs(a - b) < 1e-9, `${a} is not ${b}`);

for (const width of [8, 16, 64]) {
  const next = random(width), query = draw(next), key = draw(next), made = (kind, head = 0) => scores({ kind, width, head, query, key }, LENGTH, HEADS);
  const plain = query.slice(0, width).reduce((sum, x, i) => sum + x * key[i], 0) / Math.sqrt(width);

  test(`width ${width}: no key after its query; without positions one score everywhere`, () => {
    const rows = made('none');
    assert.deepEqual(rows.map((row) => row.length), Array.from({ length: LENGTH }, (_, i) => i + 1));
    rows.flat().forEach((score) => close(score, plain));
    assert.equal(spread(rows), 0);
  });

  test(`width ${width}: sinusoids add four products, of which one knows the distance`, () => {
    const wave = (p) => Array.from({ length: width }, (_, i) => (i % 2 ? Math.cos : Math.sin)(p / 10000 ** ((i - i % 2) / width)));
    made('sinusoidal').forEach((row, i) => row.forEach((score, j) => {
      let sum = plain * Math.sqrt(width);
      const [a, b] = [wave(i), wave(j)];
      for (let n = 0; n < width; n++) sum += query[n] * b[n] + a[n] * key[n];
      for (let n = 0; n < width / 2; n++) sum += Math.cos(angle(i - j, n, width));
      close(score, sum / Math.sqrt(width));
    }));
    assert.ok(spread(made('sinusoidal')) > 0.1);
  });

  test(`width ${width}: rotary scores are the real part of a product of complex numbers, turned by the distance`, () => {
    const half = width / 2, rows = made('rope');
    rows.forEach((row, i) => row.forEach((score, j) => {
      let sum = 0;
      for (let n = 0; n < half; n++) {
        const real = query[n] * key[n] + query[n + half] * key[n + half], imaginary = query[n + half] * key[n] - query[n] * key[n + half];
        const turn = (i - j) * 10000 ** (-n / half);
        sum += real * Math.cos(turn) - imaginary * Math.sin(turn);
      }
      close(score, sum / Math.sqrt(width));
    }));
    assert.ok(spread(rows) < 1e-9);
  });

  test(`width ${width}: ALiBi takes its slope off for each step of distance`, () => {
    for (let head = 0; head < HEADS; head++) {
      const rows = made('alibi', head);
      close(slope(head, HEADS), 0.5 ** (head + 1));
      rows.forEach((row, i) => row.forEach((score, j) => close(score, plain - (i - j) * 0.5 ** (head + 1))));
      assert.ok(spread(rows) < 1e-9);
    }
  });
}
