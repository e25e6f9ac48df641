// Byte-pair encoding one merge at a time (tokenizer_steps.js), against Tokenizer.encode and against itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Stepper, tokenizerJson } from '../../lmcourse/widgets/js/tokenizer_steps.js';
import { Tokenizer } from '../../lmcourse/widgets/js/tokenizer.js';

const H = 71, E = 68, T = 83, SPACE = 220;                           // ids of the bytes of "h", "e", "t" and of a space
const SMALL = { name: 'small', prefix: '', merges: [H, E, T, 256, SPACE, 257] };      // he, the, " the"

test('ids are the bytes, then the merges in order, then the special token', () => {
  const json = tokenizerJson(SMALL), { vocab } = json.model;
  assert.deepEqual([vocab.h, vocab.e, vocab.t, vocab['Ġ'], vocab.he, vocab.the, vocab['Ġthe']], [H, E, T, SPACE, 256, 257, 258]);
  assert.equal(json.added_tokens[0].id, 259);
  assert.equal(new Tokenizer(json).decode([258, 257, 256]), ' thethehe');
});

test('the merges come in the order in which they were learned, with their counts', () => {
  const { steps, at } = new Stepper(tokenizerJson(SMALL)).replay('the he the');
  assert.deepEqual(steps.map(({ left, right, whole, rank, times }) => [left, right, whole, rank, times]),
    [['h', 'e', 'he', 0, 3], ['t', 'he', 'the', 1, 2], [' ', 'the', ' the', 2, 1]]);
  assert.deepEqual(at(0).map(({ text }) => text), [...'the he the']);
  assert.deepEqual(at(1).map(({ text, made }) => text + (made ? '*' : '')), ['t', 'he*', ' ', 'he*', ' ', 't', 'he*']);
  assert.deepEqual(at(3).map(({ text, made, first }) => text + (made ? '*' : '') + (first ? '|' : '')), ['the|', ' |', 'he', ' the*|']);
});

test('after the last merge it is what encode gives; at every step the text is whole', () => {
  const letters = ['h', 'e', 't', ' ', '键', '🔑', 'é', '\n', '<0x41>', '1', "'s"];
  let seed = 1234567;
  const draw = (n) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
  for (const prefix of ['', ' ']) {
    const json = tokenizerJson({ ...SMALL, prefix }), stepper = new Stepper(json), plain = new Tokenizer(json);
    for (let round = 0; round < 200; round++) {
      const text = Array.from({ length: 1 + draw(30) }, () => letters[draw(letters.length)]).join('');
      const { steps, at } = stepper.replay(text), last = at(steps.length);
      assert.deepEqual(last.map(({ id, start, end }) => [id, start, end]), plain.encode(text).map(({ id, start, end }) => [id, start, end]));
      for (let k = 0; k <= steps.length; k++) {
        const tokens = at(k);
        assert.equal(stepper.decode(tokens.map(({ id }) => id)), text);
        if (k) assert.equal(at(k - 1).length - tokens.length, steps[k - 1].times);
        assert.equal(tokens.filter(({ made }) => made).length > 0, k > 0);
      }
    }
  }
});

test('a pair that comes up again later is merged again, in its turn', () => {
  const json = tokenizerJson({ name: 'x', prefix: '', merges: [H, E, 256, 256] });
  const { steps, at } = new Stepper(json).replay('hehehe');
  assert.deepEqual(steps.map(({ times }) => times), [3, 1]);
  assert.deepEqual(at(2).map(({ text }) => text), ['hehe', 'he']);
});
