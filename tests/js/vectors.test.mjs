import test from 'node:test';
import assert from 'node:assert/strict';
import { combine, flatten, fromInt8, nearest, normalised, rowOf } from '../../lmcourse/widgets/js/vectors.js';
import { fitting, given, totals } from '../../lmcourse/widgets/js/guessing.js';
import { nearestPoint, placed } from '../../lmcourse/widgets/js/embedding_plot.js';

const random = (n, seed = 7) => Float64Array.from({ length: n }, () => (seed = (seed * 16807) % 2147483647) / 2147483647 - 0.5);

test('int8 rows come back with length 1 and the sign they had', () => {
  const rows = fromInt8(Buffer.from(Int8Array.from([3, -4, 0, 127])).toString('base64'), 2);
  assert.deepEqual([...rows], [0.6, -0.8, 0, 1]);
});

test('the nearest of a row, left out or not, and a - b + c', () => {
  const d = 3, rows = normalised(Float64Array.from([1, 0, 0, 1, 1, 0, 0, 0, 1, -1, 0, 0]), d);
  assert.equal(nearest(rows, d, rowOf(rows, d, 0))[0].i, 0);
  const others = nearest(rows, d, rowOf(rows, d, 0), [0]);
  assert.deepEqual(others.map(({ i }) => i), [1, 2, 3]);
  assert.ok(Math.abs(others[0].cosine - Math.SQRT1_2) < 1e-12 && Math.abs(others[2].cosine + 1) < 1e-12);
  assert.deepEqual([...combine(rows, d, [0, 3, 2])], [2, 0, 1]);
});

test('principal components: uncorrelated, largest first, and no turn of the axes has more variance', () => {
  const n = 40, d = 6, rows = random(n * d), { points, share } = flatten(rows, d);
  const sum = (f) => points.reduce((total, p) => total + f(p), 0);
  assert.ok(Math.abs(sum(([x, y]) => x * y)) < 1e-9 && Math.abs(sum(([x]) => x)) < 1e-9);
  const first = sum(([x]) => x * x), second = sum(([, y]) => y * y);
  assert.ok(first >= second && share > 2 / d && share < 1);
  for (let k = 0; k < 20; k++) {                                     // any other direction has less variance than the first
    const way = normalised(random(d, 11 + k), d), mean = Array.from({ length: d }, (_, i) => Array.from({ length: n }, (_, r) => rows[r * d + i] / n).reduce((a, b) => a + b));
    let along = 0;
    for (let r = 0; r < n; r++) along += way.reduce((s, w, i) => s + w * (rows[r * d + i] - mean[i]), 0) ** 2;
    assert.ok(along <= first + 1e-9);
  }
});

test('a point is found near where it is drawn, and nothing far away', () => {
  const places = placed([[0, 0], [1, 1], [2, -1]], 400, 300);
  places.forEach(([x, y], i) => assert.equal(nearestPoint(places, x + 3, y - 3), i));
  assert.equal(nearestPoint(places, -100, -100), -1);
});

test('what a reader gives to all words together is 1, however sure', () => {
  const words = ['a', 'b', 'c', 'd', 'e'];
  for (const sure of [0.3, 0.6, 0.99]) {
    for (const word of ['', ...words]) {
      assert.ok(Math.abs(words.reduce((sum, came) => sum + given(word, came, sure, words.length), 0) - 1) < 1e-12);
    }
  }
  assert.equal(given('she', 'She', 0.9, 200), 0.9);
});

test('words on offer: those often next, then those of the story; what was typed narrows all', () => {
  const known = { seen: ['Nora', 'red'], usual: ['the', 'red'], words: ['a', 'Nora', 'red', 'rope', 'the'] };
  assert.deepEqual(fitting('', known), { usual: ['the', 'red'], seen: ['Nora'] });
  assert.deepEqual(fitting('r', known), { usual: ['red', 'rope'], seen: [] });
  assert.deepEqual(fitting('zz', known), { usual: [], seen: [] });
});

test('means over all, and by kind', () => {
  const { all, kinds } = totals([{ kind: 'x', costs: { You: 1, GPT: 3 } }, { kind: 'y', costs: { You: 3, GPT: 1 } }, { kind: 'x', costs: { You: 2, GPT: 2 } }]);
  assert.deepEqual(all, { You: 2, GPT: 2 });
  assert.deepEqual(kinds, [{ kind: 'x', n: 2, means: { You: 1.5, GPT: 2.5 } }, { kind: 'y', n: 1, means: { You: 3, GPT: 1 } }]);
  assert.deepEqual(totals([]), { all: {}, kinds: [] });
});
