// The kernel: its bytes are its source, and both ways give the product, the curve and softmax.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Workspace } from '../../lmcourse/widgets/js/kernel.js';
import { random } from './tiny.mjs';

const JS = new URL('../../lmcourse/widgets/js/', import.meta.url);

test('kernel.js carries what kernel.wat assembles to', async () => {
  const { default: start } = await import('wabt');
  const module = (await start()).parseWat('kernel.wat', readFileSync(new URL('kernel.wat', JS), 'utf8'), { simd: true });
  module.validate();
  const assembled = Buffer.from(module.toBinary({}).buffer).toString('base64');
  const source = readFileSync(new URL('kernel.js', JS), 'utf8');
  const carried = source.match(/const KERNEL = ([^;]*);/)[1].replace(/' \+\n\s*'/g, '').replaceAll("'", '');
  assert.equal(carried, assembled);
});

// One product, in doubles, with no cleverness.
function plain(x, w, bias, rows, inner, outer, xStride, wStride) {
  const y = [];
  for (let t = 0; t < rows; t++) {
    for (let o = 0; o < outer; o++) {
      let sum = bias[o];
      for (let k = 0; k < inner; k++) sum += x[t * xStride + k] * w[o * wStride + k];
      y.push(sum);
    }
  }
  return y;
}

for (const wasm of [true, false]) {
  const kind = wasm ? 'wasm' : 'javascript';

  test(`${kind}: products of many shapes, alone and inside wider matrices, and nothing beside them is touched`, () => {
    const next = random(7);
    for (const [rows, inner, outer] of [[1, 4, 4], [2, 4, 8], [3, 8, 4], [5, 12, 20], [7, 32, 64], [64, 128, 12], [1, 512, 128]]) {
      for (const more of [0, 3, 8]) {
        const xStride = inner + more, wStride = inner + 2 * more, yStride = outer + more;
        const sizes = [rows * xStride, outer * wStride, outer, (rows + 1) * yStride];
        const space = new Workspace(sizes, { wasm });
        assert.equal(space.kind, kind);
        const [x, w, bias, y] = sizes.map(size => space.take(size));
        for (const array of [x, w, bias]) array.forEach((_, i) => { array[i] = 2 * next() - 1; });
        y.fill(99);
        space.product(x, w, bias, y, rows, inner, outer, { xStride, wStride, yStride });
        const expected = plain(x, w, bias, rows, inner, outer, xStride, wStride);
        for (let t = 0; t <= rows; t++) {
          for (let o = 0; o < yStride; o++) {
            const found = y[t * yStride + o];
            if (t < rows && o < outer) assert.ok(Math.abs(found - expected[t * outer + o]) < 1e-5 * Math.sqrt(inner), `${rows} ${inner} ${outer} ${more}`);
            else assert.equal(found, 99);
          }
        }
      }
    }
  });

  test(`${kind}: GELU from far below to far above zero`, () => {
    const space = new Workspace([4004], { wasm }), x = space.take(4004);
    const inputs = Array.from(x, (_, i) => i < 4000 ? (i - 2000) / 100 : [0, -1e30, 1e30, 1e-30][i - 4000]);
    x.set(inputs);
    space.gelu(x, 4004);
    inputs.map(Math.fround).forEach((v, i) => {
      const exact = v / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)));
      assert.ok(Math.abs(x[i] - exact) <= 1e-6 * Math.max(1, Math.abs(exact)), `gelu(${v}) = ${exact}, found ${x[i]}`);
    });
  });

  test(`${kind}: softmax of any count, scaled, with what is hidden, and nothing behind it is touched`, () => {
    const next = random(3), space = new Workspace([44], { wasm }), x = space.take(44);
    for (let count = 1; count <= 37; count++) {
      for (const [spread, scale] of [[1, 1], [30, 0.25], [400, 2]]) {
        const end = Math.ceil(count / 4) * 4, scores = Array.from({ length: count }, () => Math.fround(spread * (2 * next() - 1)));
        if (count > 2) scores[1] = -Infinity;
        x.fill(99).set(scores);
        space.softmax(x, count, scale);
        const largest = Math.max(...scores), shares = scores.map(v => Math.exp(scale * (v - largest))), sum = shares.reduce((a, b) => a + b);
        shares.forEach((share, i) => assert.ok(Math.abs(x[i] - share / sum) <= 3e-7 * Math.max(1, spread * scale * share / sum), `${count} ${spread}: ${x[i]}, not ${share / sum}`));
        assert.ok(count <= 2 || x[1] === 0);
        assert.deepEqual([...x.subarray(count)], Array.from({ length: 44 - count }, (_, i) => count + i < end ? 0 : 99));
      }
    }
    assert.throws(() => space.softmax(x.subarray(0, 6), 5, 1), /softmax of 5 numbers needs room for 8, not 6/);
  });

  test(`${kind}: a size that is no multiple of 4 is refused`, () => {
    const space = new Workspace([64], { wasm }), x = space.take(64);
    assert.throws(() => space.product(x, x, x, x, 1, 6, 4), /inner size 6 and outer size 4: both must be multiples of 4/);
    assert.throws(() => space.product(x, x, x, x, 1, 4, 3), /multiples of 4/);
    assert.throws(() => space.gelu(x, 5), /gelu of 5 numbers/);
  });
}

test('without WebAssembly, or without its SIMD, JavaScript is taken', t => {
  const whole = globalThis.WebAssembly;
  t.after(() => { globalThis.WebAssembly = whole; });
  globalThis.WebAssembly = undefined;
  assert.equal(new Workspace([8]).kind, 'javascript');
  globalThis.WebAssembly = { ...whole, Module: class { constructor() { throw new whole.CompileError('invalid opcode 0xfd'); } } };
  assert.equal(new Workspace([8]).kind, 'javascript');
  globalThis.WebAssembly = whole;
  assert.equal(new Workspace([8]).kind, 'wasm');
});
