// The stepper's arithmetic: what attention promises, and that every number is the sum it says it is.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {attend, madeOf, plain, read, SOURCE} from '../../lmcourse/widgets/js/stepper_math.js';
import {random} from './tiny.mjs';

function draw(seed) {
  const next = random(seed), whole = (from, to) => from + Math.floor(next() * (to - from + 1)), T = whole(3, 6), d = whole(2, 4), width = whole(2, 4);
  const matrix = (rows, columns) => Array.from({length: rows}, () => Array.from({length: columns}, () => 6 * next() - 3));
  return {vectors: matrix(T, d), w_q: matrix(d, width), w_k: matrix(d, width), w_v: matrix(d, width), causal: next() < 0.5, scaled: next() < 0.5};
}

const close = (a, b) => assert.ok(Math.abs(a - b) < 1e-9 * Math.max(1, Math.abs(a)), `${a} ${b}`);

test('rows sum to 1, the mask hides what comes later, and nothing before a word depends on it', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const drawn = draw(seed), m = attend(drawn), T = m.weights.length;
    m.weights.forEach((row, i) => {
      close(row.reduce((a, b) => a + b), 1);
      row.forEach((x, j) => assert.equal(x === 0, drawn.causal && j > i));
    });
    const changed = attend({...drawn, vectors: drawn.vectors.map((row, i) => i === T - 1 ? row.map((x) => x + 1) : row)});
    assert.equal(JSON.stringify(changed.output.slice(0, -1)) === JSON.stringify(m.output.slice(0, -1)), drawn.causal);
  }
});

test('each number is made of what it is said to be made of', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const m = attend(draw(seed));
    for (const name of [...Object.keys(SOURCE), 'scores', 'output', 'scaled', 'masked', 'weights', 'vectors', 'w_q']) {
      m[name].forEach((row, i) => row.forEach((value, j) => {
        const {kind, terms, from} = madeOf(name, i, j, m), cells = from.map(([matrix, r, c]) => m[matrix][r][c]);
        if (kind === 'sum') {
          close(terms.reduce((sum, [a, b]) => sum + a * b, 0), value);
          assert.deepEqual(cells.slice().sort(), terms.flat().sort());
        }
        if (kind === 'scaled') close(cells[0] / m.divisor, value);
        if (kind === 'kept') assert.equal(cells[0], value);
        if (kind === 'hidden') assert.equal(value, -Infinity);
        if (kind === 'share') close(Math.exp(m.masked[i][j]) / cells.reduce((sum, x) => sum + Math.exp(x), 0), value);
        if (kind === 'input') assert.equal(from.length, 0);
      }));
    }
  }
});

test('scores of many hundreds overflow nothing', () => {
  const m = attend({...draw(1), vectors: [[10, 10], [-10, 10], [10, -10]], w_q: [[10, 10], [10, 10]], w_k: [[10, 0], [0, 10]], w_v: [[1, 0], [0, 1]]});
  assert.ok(m.weights.flat().every(Number.isFinite));
});

test('numbers are short, and read back with any minus and any decimal mark', () => {
  assert.deepEqual([0.7333, -12.34, 1234.5, -Infinity, -0.001, 640000].map(plain), ['0.73', '−12.3', '1235', '−∞', '0.00', '6e5']);
  assert.deepEqual(['1', ' -0.5 ', '−0,5', '.5', '10'].map(read), [1, -0.5, -0.5, 0.5, 10]);
  assert.deepEqual(['', 'x', '1e3', '11', '-', '1.2.3', 'Infinity'].map(read), Array(7).fill(null));
});
