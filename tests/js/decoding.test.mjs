// Choosing the next token: draws, filters, beam search, against plain definitions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Beams, entropy, penalised, stages } from '../../lmcourse/widgets/js/decoding.js';
import { Draws, fallsOn } from '../../lmcourse/widgets/js/draws.js';
import { loadModel } from '../../lmcourse/widgets/js/engine.js';
import { makeWriter } from '../../lmcourse/widgets/js/writer.js';
import { packed, random } from './tiny.mjs';

const PLAIN = { way: 'sample', temperature: 1, top_k: 0, top_p: 1, min_p: 0, repetition_penalty: 1, beams: 3, length_penalty: 1 };
const logitsOf = (seed, n = 40) => { const next = random(seed); return Float32Array.from({ length: n }, () => 8 * next() - 4); };
const sum = p => p.reduce((a, b) => a + b, 0);

test('draws are those of a second hand, and evenly spread', () => {
  for (const seed of [0, 1, 9999, 2 ** 31]) {
    const draws = new Draws(seed), other = random(seed);
    for (let i = 0; i < 100; i++) assert.equal(draws.next(), other());
  }
  const draws = new Draws(7), count = new Array(10).fill(0);
  for (let i = 0; i < 20000; i++) count[Math.floor(10 * draws.next())]++;
  for (const n of count) assert.ok(Math.abs(n - 2000) < 200, String(count));
});

test('a draw falls on a token as often as its probability says, and never on one of probability 0', () => {
  const p = Float64Array.from([0, 0.5, 0, 0.2, 0.3, 0]), draws = new Draws(3), count = new Array(6).fill(0), n = 50000;
  for (let i = 0; i < n; i++) count[fallsOn(p, draws.next())]++;
  p.forEach((x, id) => assert.ok(x ? Math.abs(count[id] / n - x) < 0.01 : count[id] === 0, String(count)));
  assert.equal(fallsOn(p, 0), 1);
  assert.equal(fallsOn(p, 1 - 2 ** -32), 4);
});

test('each filter keeps what its definition says, of what the one before has left', () => {
  for (let seed = 1; seed < 30; seed++) {
    const settings = { ...PLAIN, temperature: 0.5 + seed / 20, top_k: 12, top_p: 0.8, min_p: 0.1 }, found = stages(logitsOf(seed), [], settings);
    for (const name of ['model', 'shaped', 'top_k', 'top_p', 'min_p']) assert.ok(Math.abs(sum(found[name]) - 1) < 1e-12, name);
    const order = Array.from(found.shaped.keys()).sort((a, b) => found.shaped[b] - found.shaped[a]);
    order.forEach((id, rank) => assert.equal(found.top_k[id] > 0, rank < 12));
    let before = 0;
    for (const id of order.slice(0, 12)) {
      assert.equal(found.top_p[id] > 0, before < 0.8);
      before += found.top_k[id];
    }
    const most = Math.max(...found.top_p);
    order.forEach(id => assert.equal(found.min_p[id] > 0, found.top_p[id] > 0 && found.top_p[id] >= 0.1 * most));
    order.forEach(id => assert.equal(found.why[id] === '', found.min_p[id] > 0));
    assert.ok(entropy(found.min_p) < entropy(found.shaped));
  }
  const untouched = stages(logitsOf(5), [1, 2], PLAIN);
  untouched.min_p.forEach((x, id) => assert.ok(Math.abs(x - untouched.shaped[id]) < 1e-12));
  assert.ok(untouched.why.every(why => why === ''));
});

test('the penalty makes what was seen less likely, above 0 and below', () => {
  const logits = Float32Array.from([2, -2, 1, 0]), out = penalised(logits, [0, 1, 1], 2);
  assert.deepEqual(Array.from(out), [1, -4, 1, 0]);
  assert.deepEqual(Array.from(penalised(logits, [0, 1], 1)), Array.from(logits));
});

test('greedy leaves one token', () => {
  const found = stages(logitsOf(2), [], { ...PLAIN, way: 'greedy', temperature: 5 });
  assert.deepEqual(found.shaped, found.model);
  assert.equal(found.min_p.filter(x => x > 0).length, 1);
  assert.equal(found.why.filter(why => why === 'greedy').length, 39);
});

// A little language of three tokens, 0 ends: wide enough beams must find the best of all texts.
const ask = ids => Float64Array.from([[0.1, 0.6, 0.3], [0.5, 0.1, 0.4], [0.2, 0.7, 0.1]][ids.at(-1) ?? 0], Math.log);

function all(longest, ids = [], total = 0) {
  if (ids.at(-1) === 0 || ids.length === longest) return [{ ids, total }];
  return [0, 1, 2].flatMap(id => all(longest, [...ids, id], total + ask(ids)[id]));
}

test('beams as many as there are texts find the likeliest; one beam is greedy', () => {
  for (const length_penalty of [0, 1]) {
    const score = ({ ids, total }) => total / ids.length ** length_penalty, longest = 5;
    const wide = new Beams({ beams: 200, length_penalty }, longest, ask, ids => ids.at(-1) === 0);
    while (!wide.done) wide.step();
    const best = all(longest).sort((a, b) => score(b) - score(a))[0], found = wide.after(wide.history.length)[0];
    assert.deepEqual(found.ids, best.ids);
    assert.ok(Math.abs(found.total - best.total) < 1e-12 && Math.abs(found.score - score(best)) < 1e-12);
  }
  const one = new Beams({ beams: 1, length_penalty: 0 }, 3, ask, () => false);
  while (!one.done) one.step();
  assert.deepEqual(one.after(3)[0].ids, [1, 0, 1]);
  assert.deepEqual(one.after(2)[0].ids, [1, 0]);                     // as it stood then
});

test('a writer writes the same however it is asked, in one go, token by token, or back and on again', () => {
  const mind = loadModel(packed({ seed: 4 })), prompt = [262, 5, 9], asked = { prompt, settings: { ...PLAIN, temperature: 1.5 }, seed: 11, stop: 'end' };
  const whole = (write, steps, more = {}) => { let told; do told = write({ ...asked, ...more, steps }); while (told.waiting); return told; };
  const once = whole(makeWriter(mind), 20), slowly = makeWriter(mind);
  for (let steps = 0; steps <= 20; steps++) whole(slowly, steps);
  const ids = told => told.written.map(({ id }) => id);
  assert.deepEqual(ids(whole(slowly, 20)), ids(once));
  assert.deepEqual(ids(whole(slowly, 7)), ids(once).slice(0, 7));
  assert.equal(whole(slowly, 7).draw, once.written[6].following);
  assert.notDeepEqual(ids(whole(slowly, 20, { seed: 12 })), ids(once));
  const full = whole(slowly, 500, { settings: { ...PLAIN, way: 'greedy' } });
  assert.equal(full.steps, mind.config.max_len + 1 - prompt.length);
  assert.equal(full.over, 'room');
});
