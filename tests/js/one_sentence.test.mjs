// What OneSentence shows of a layer adds up to what the engine computes, and is what taking a part away takes away.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {GPT, loadModel} from '../../lmcourse/widgets/js/engine.js';
import {embedded, exactAt, layerAt, lens, wordOf} from '../../lmcourse/widgets/js/one_sentence_math.js';
import {unpack} from '../../lmcourse/widgets/js/weights.js';
import {CONFIG, largest, packed, random} from './tiny.mjs';

const {n_layers: L, n_heads: H, vocab_size: V, d_model: D} = CONFIG;
const {gpt, tokenizer} = loadModel(packed());
const row = (rows, t, width = D) => rows.subarray(t * width, (t + 1) * width);
const scale = (x) => Math.max(1, ...x.map(Math.abs));
const same = (a, b) => assert.ok(largest(a, b) < 1e-4 * scale(b), `${largest(a, b)} of ${scale(b)}`);

function draw(seed) {
  const next = random(seed), T = 2 + Math.floor(12 * next()), ids = Array.from({length: T}, () => Math.floor(V * next()));
  return {ids, T, t: Math.floor(T * next()), l: Math.floor(L * next()), h: Math.floor(H * next()), run: gpt.run(ids, {residual: true})};
}

test('token and position are the stream that enters; each layer ends where the next begins', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const {ids, t, run} = draw(seed);
    same(embedded(gpt, ids[t], t).stream, row(run.residual[0], t));
    for (let l = 0; l < L; l++) {
      const layer = layerAt(gpt, run, l, t);
      same(layer.before, row(run.residual[l], t));
      same(layer.after, row(run.residual[l + 1], t));
      assert.equal(layer.hidden.length, CONFIG.d_hidden);
      layer.heads.forEach(({weights}) => assert.ok(weights.length === t + 1 && Math.abs(weights.reduce((a, b) => a + b) - 1) < 1e-5));
    }
  }
});

test('what a head writes is what is missing when it is switched off', () => {
  const {config, tensors} = unpack(packed());                            // without its MLPs the stream after a layer is that after its attention
  for (let l = 0; l < L; l++) for (const part of ['weight', 'bias']) tensors[`blocks.${l}.mlp.down.${part}`].values.fill(0);
  const bare = new GPT({config, tensors});
  for (let seed = 1; seed <= 20; seed++) {
    const {ids, t, l, h} = draw(seed), run = bare.run(ids, {residual: true}), {written} = layerAt(bare, run, l, t).heads[h];
    const off = row(bare.run(ids, {residual: true, headsOff: [[l, h]]}).residual[l + 1], t);
    same(row(run.residual[l + 1], t).map((x, i) => x - off[i]), written);
    assert.ok(largest(written, new Float32Array(D)) > 1e-2);
  }
});

test('the lens ends at the model\'s own probabilities', () => {
  const {t, run} = draw(7), seen = lens(gpt, run.residual, t), logits = row(run.logits, t, V);
  assert.equal(seen.length, L + 1);
  for (const p of seen) assert.ok(Math.abs(p.reduce((a, b) => a + b) - 1) < 1e-9);
  assert.ok(Math.abs(Math.log(seen[L][3] / seen[L][9]) - (logits[3] - logits[9])) < 1e-3);
  assert.ok(largest(seen[0], seen[L]) > 1e-3);
});

test('the world\'s probabilities hold as far as the text is its story', () => {
  const exact = [['<|endoftext|>', {One: 1}], ['One', {day: 0.5, night: 0.5}], ['day', {}]], words = ['<|endoftext|>', 'One', 'night'];
  assert.deepEqual([0, 1, 2, 3].map((t) => exactAt(exact, words, t)), [{One: 1}, {day: 0.5, night: 0.5}, null, null]);
  assert.equal(exactAt([], words, 0), null);
  assert.equal(exactAt(exact, [null, 'One'], 1), null);
});

test('a token is a word only with its space, or as a mark', () => {
  const id = (text) => Array.from({length: tokenizer.size}, (_, i) => i).find((i) => tokenizer.text(i) === text);
  assert.deepEqual([' the', '.', 'the', 'a', ' '].filter((text) => id(text) !== undefined).map((text) => wordOf(tokenizer, id(text))), ['the', '.', null, null]);
  assert.equal(wordOf(tokenizer, tokenizer.endId), '<|endoftext|>');
});
