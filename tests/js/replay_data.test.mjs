// A recorded run in the page: read as it was written, and the sums that its picture shows.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { along, commonest, filled, indexOf, looksOf, marked, meanExcess, nearest, readRecording, square, trainingLine } from '../../lmcourse/widgets/js/replay_data.js';

const bytes = readFileSync(new URL('../../lmcourse/data/training-replay/recording.json', import.meta.url));
const recording = readRecording(new Uint8Array(bytes)), { moments } = recording;
const close = (a, b, within) => assert.ok(Math.abs(a - b) <= within, `${a} is not ${b}`);

test('the mean excess is the loss above the floor', () => {
  for (const moment of moments) close(meanExcess(recording, moment), moment.loss - recording.floor, 2e-4);
});

test('a step is the moment at it or before it; a place on the axis the nearest one', () => {
  moments.forEach(({ step }, i) => {
    assert.equal(indexOf(recording, step), i);
    assert.equal(indexOf(recording, step + 1), i);
    assert.equal(nearest(recording, along(recording, step)), i);
  });
  assert.equal(nearest(recording, -1), 0);
  assert.equal(nearest(recording, 2), moments.length - 1);
  assert.equal(indexOf(recording, -5), 0);
});

test('bars: the largest excess fills its track, none is negative, order is kept', () => {
  const all = moments.flatMap(({ excess }) => excess).sort((a, b) => a - b), lengths = all.map((excess) => filled(recording, excess));
  assert.equal(lengths.at(-1), 1);
  assert.ok(lengths.every((length, i) => length >= 0 && (i === 0 || length >= lengths[i - 1])));
  assert.equal(filled(recording, -0.1), 0);
  close(filled(recording, recording.most / 4), 0.5, 1e-12);
});

test('a text: sound up to its first mistake, then loose or odd', () => {
  const text = { words: ['He', 'had', 'frog', 'frog', '.'], mistake: { at: 2 }, odd: [2, 3] };
  assert.deepEqual(marked(text).map(({ mark }) => mark), ['sound', 'sound', 'mistake', 'odd', 'loose']);
  assert.ok(marked({ words: ['He', 'had'], mistake: null, odd: [] }).every(({ mark }) => mark === 'sound'));
  for (const sample of moments.flatMap(({ samples }) => samples)) {
    const marks = marked(sample).map(({ mark }) => mark);
    assert.equal(marks.filter((mark) => mark === 'mistake').length, sample.mistake ? 1 : 0);
    assert.equal(marks.indexOf('mistake'), sample.mistake ? sample.mistake.at : -1);
    assert.equal(marks.length, sample.words.length);
  }
});

test('attention: rows add up to one, nothing lies above the diagonal, the looks are the largest', () => {
  for (const { attention } of moments) {
    const T = attention.length, weights = square(attention);
    attention.forEach((row, i) => {
      const whole = weights.subarray(i * T, (i + 1) * T);
      close(whole.reduce((a, b) => a + b), 1, 0.0006 * T);
      assert.ok(whole.subarray(i + 1).every((w) => w === 0));
      const looks = looksOf(row, 3);
      assert.equal(looks.length, Math.min(3, i + 1));
      close(looks[0][1], Math.max(...whole), 1e-6);
      assert.ok(looks.every(([place, weight], k) => Math.abs(whole[place] - weight) < 1e-6 && (k === 0 || weight <= looks[k - 1][1])));
    });
  }
});

test('training losses stand in the middle of their blocks and are means near the held-out loss', () => {
  const line = trainingLine(recording);
  close(line[0][0], recording.block / 2, 0);
  close(line.at(-1)[0], recording.steps - recording.block / 2, 1e-9);
  close(line.at(-1)[1], moments.at(-1).loss, 0.1);
});

test('the commonest first mistake', () => {
  assert.equal(commonest({ first: {} }), null);
  assert.deepEqual(commonest({ first: { a: 2, b: 9, c: 3 } }), ['b', 9]);
});
