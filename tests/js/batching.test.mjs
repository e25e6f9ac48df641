// Batches: no token is lost or seen twice, a target is the next input, padding is not scored, and who may look at whom.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeBatches, look, IGNORED } from '../../lmcourse/widgets/js/batching.js';
import { random } from './tiny.mjs';

const END = 0;

// `n` texts of 1 to 9 tokens, each from its start to its end token.
function draw(next, n) {
  return Array.from({ length: n }, () =>
    [END, ...Array.from({ length: 1 + Math.floor(next() * 8.99) }, () => 1 + Math.floor(next() * 50)), END]);
}

for (const way of ['right', 'left']) {
  test(`padding on the ${way}: every text whole, once, with the next token as target`, () => {
    const next = random(way === 'left' ? 3 : 4);
    for (const size of [1, 3, 8]) {
      for (const alike of [false, true]) {
        const rows = draw(next, 7), { batches, left } = makeBatches(rows, { way, size, alike, length: 16 });
        assert.equal(left, 0);
        const seen = batches.flat().map((row) => {
          const real = row.filter((cell) => !cell.padding), text = real[0].text;
          assert.deepEqual(real.map((cell) => cell.input), rows[text].slice(0, -1));
          assert.deepEqual(real.map((cell) => cell.target), rows[text].slice(1));
          assert.ok(row.every((cell) => cell.padding === (cell.target === IGNORED)));
          const firstReal = row.findIndex((cell) => !cell.padding);
          assert.equal(firstReal, way === 'left' ? row.length - real.length : 0);
          return text;
        });
        assert.deepEqual([...seen].sort(), rows.map((_, i) => i));
        for (const batch of batches) assert.equal(new Set(batch.map((row) => row.length)).size, 1);
        if (alike) assert.deepEqual(seen.map((text) => rows[text].length), rows.map((row) => row.length).sort((a, b) => a - b));
        else assert.deepEqual(seen, rows.map((_, i) => i));
      }
    }
  });
}

test('packing: the rows are the texts end to end, and what is left over is counted', () => {
  const next = random(5);
  for (const length of [4, 7, 16]) {
    const rows = draw(next, 6), stream = [END, ...rows.flatMap((row) => row.slice(1))];
    const { batches, left } = makeBatches(rows, { way: 'pack', size: 2, length, alike: true });
    const cells = batches.flat(2);
    assert.ok(batches.flat().every((row) => row.length === length));
    assert.deepEqual(cells.map((cell) => cell.input), stream.slice(0, cells.length));
    assert.deepEqual(cells.map((cell) => cell.target), stream.slice(1, cells.length + 1));
    assert.equal(cells.length + left, stream.length - 1);
    assert.ok(left < length);
    assert.ok(cells.every((cell) => !cell.padding));
    cells.slice(1).forEach((cell, i) => {                              // a text begins where an end token is read
      if (cell.text !== cells[i].text) assert.deepEqual([cell.text, cell.input], [cells[i].text + 1, END]);
    });
  }
});

test('a place sees itself and what is before it, no padding, and no other text where texts are kept apart', () => {
  const next = random(6), rows = draw(next, 5);
  for (const [row] of makeBatches(rows, { way: 'pack', size: 1, length: 12, alike: false }).batches) {
    row.forEach((_, i) => row.forEach((_, j) => {
      assert.equal(look(row, i, j, false), j > i ? 'hidden' : 'sees');
      assert.equal(look(row, i, j, true), j > i ? 'hidden' : row[i].text === row[j].text ? 'sees' : 'other');
    }));
  }
  for (const row of makeBatches(rows, { way: 'left', size: 5, length: 12, alike: false }).batches[0]) {
    row.forEach((cell, i) => row.forEach((other, j) => {
      assert.equal(look(row, i, j, false), cell.padding || other.padding ? 'padding' : j > i ? 'hidden' : 'sees');
    }));
  }
});
