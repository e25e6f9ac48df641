// The descent lab's surfaces and steps: slopes against nudging, one step of each optimizer against its formula, what becomes of a path.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPTIMIZERS, SIDE, SURFACES, descend, fate, lowest, steepest } from '../../lmcourse/widgets/js/surfaces.js';
import { random } from './tiny.mjs';

const next = random(3), draw = () => [2 * SIDE * next() - SIDE, 2 * SIDE * next() - SIDE];
const close = (a, b, within = 1e-9) => assert.ok(Math.abs(a - b) <= within * Math.max(1, Math.abs(b)), `${a} is not ${b}`);

for (const [name, { value, slope, bend, minima }] of Object.entries(SURFACES)) {
  test(`${name}: slopes and curvatures are what nudging finds`, () => {
    for (let i = 0; i < 20; i++) {
      const [x, y] = draw(), r = 1 + 99 * next(), e = 1e-5, [fx, fy] = slope(x, y, r), [fxx, fxy, fyy] = bend(x, y, r);
      close(fx, (value(x + e, y, r) - value(x - e, y, r)) / (2 * e), 1e-4);
      close(fy, (value(x, y + e, r) - value(x, y - e, r)) / (2 * e), 1e-4);
      close(fxx, (slope(x + e, y, r)[0] - slope(x - e, y, r)[0]) / (2 * e), 1e-4);
      close(fxy, (slope(x, y + e, r)[0] - slope(x, y - e, r)[0]) / (2 * e), 1e-4);
      close(fyy, (slope(x, y + e, r)[1] - slope(x, y - e, r)[1]) / (2 * e), 1e-4);
    }
  });

  test(`${name}: nothing near a minimum is lower, and the first one is the lowest`, () => {
    for (const [x, y] of minima) {
      slope(x, y, 7).forEach((s) => close(s, 0));
      for (let i = 0; i < 50; i++) assert.ok(value(x + 0.1 * next() - 0.05, y + 0.1 * next() - 0.05, 7) >= value(x, y, 7));
    }
    close(lowest(name, 7), value(...minima[0], 7));
  });
}

test('plain steps settle below 2 / L and are thrown out above it', () => {
  for (const steepness of [1, 10, 100]) {
    const L = steepest('valley', steepness), go = (lr) => descend('sgd', { surface: 'valley', steepness, lr, momentum: 0, steps: 4000, start: [1, 1] });
    close(L, Math.max(1, steepness));
    assert.equal(fate(go(1.95 / L), 'valley', steepness), 'settled');
    assert.equal(fate(go(2.05 / L), 'valley', steepness), 'diverged');
  }
});

test('the first step: lr times the slope, and with Adam as long as lr in each direction', () => {
  for (const surface of Object.keys(SURFACES)) {
    const start = draw(), settings = { surface, steepness: 5, lr: 0.01, momentum: 0.9, steps: 1, start }, g = SURFACES[surface].slope(...start, 5);
    for (const name of OPTIMIZERS) {
      descend(name, settings).points[1].forEach((w, i) => close(start[i] - w, 0.01 * (name === 'adam' ? Math.sign(g[i]) : g[i]), 1e-6));
    }
  }
});

test('every fate is told', () => {
  const go = (surface, start, lr, steps = 300) => fate(descend('sgd', { surface, steepness: 4, lr, momentum: 0, steps, start }), surface, 4);
  assert.equal(go('two_minima', [-1.5, 1], 0.05), 'lower');
  assert.equal(go('two_minima', [1.5, 1], 0.05), 'higher');
  assert.equal(go('valley', [1, 1], 0.001, 5), 'underWay');
  assert.equal(go('valley', [1, 1], 0.6, 5), 'rising');
});
