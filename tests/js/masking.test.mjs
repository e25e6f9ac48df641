// Masking: what each model is asked, which answers are listed, and where the exact ones hold. The models here say what they were given.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bestOf, makeMasking, pOf, rowsOf } from '../../lmcourse/widgets/js/masking.js';
import { Tokenizer } from '../../lmcourse/widgets/js/tokenizer.js';
import { WordPiece } from '../../lmcourse/widgets/js/wordpiece.js';
import { random, tokenizerJson } from './tiny.mjs';

const TOKENS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'the', 'key', 'red', '.', 'k', '##e', '##y', '##s'];
const wordpiece = () => new WordPiece({ model: { type: 'WordPiece', vocab: Object.fromEntries(TOKENS.map((token, id) => [token, id])) }, normalizer: {} });

// A pair of models that answer with random numbers and remember their last question.
function pair(seed, most = [20, 30]) {
  const next = random(seed), asked = {};
  const model = (name, vocabulary) => ({ run(ids) {
    asked[name] = ids;
    asked[`${name}Logits`] = Float32Array.from({ length: ids.length * vocabulary }, () => 4 * next() - 2);
    return { logits: asked[`${name}Logits`], vocabulary, tokens: ids.length };
  } });
  const tokenizer = new Tokenizer(tokenizerJson());
  const masking = makeMasking({ config: { max_len: most[0] }, tokenizer: wordpiece(), bert: model('bert', TOKENS.length) },
    { config: { max_len: most[1] }, tokenizer, gpt: model('gpt', tokenizer.size) });
  return { masking, asked, tokenizer };
}

const soft = (logits, row, V) => {
  const e = Array.from(logits.slice(row * V, (row + 1) * V), Math.exp), sum = e.reduce((a, b) => a + b);
  return e.map((x) => x / sum);
};

test('the masked model sees one [MASK] in place of the word, whole words on both sides', () => {
  const { masking, asked } = pair(1), fit = masking.fit('the keys the red.');
  assert.deepEqual(fit.words.map(({ text }) => text), ['the', 'keys', 'the', 'red', '.']);
  for (let place = 0; place < 5; place++) {
    const answer = masking.masked(fit, place);
    const pieces = [[5], [6, 12], [5], [7], [8]].map((ids, i) => i === place ? [4] : ids);
    assert.deepEqual(asked.bert, [2, ...pieces.flat(), 3]);
    const q = soft(asked.bertLogits, asked.bert.indexOf(4), TOKENS.length);
    TOKENS.forEach((token, id) => assert.ok(Math.abs(answer.get(token) - q[id]) < 1e-6));
  }
});

test('the causal model answers from the row of the last token before the word; equal words are added', () => {
  const { masking, asked, tokenizer } = pair(2), fit = masking.fit('the er the');
  const ids = tokenizer.encode('the er the').map(({ id }) => id), V = tokenizer.size;
  [0, 1, 1 + tokenizer.encode(' er').length - 1].forEach((row, place) => {
    const answer = masking.causal(fit, place), q = soft(asked.gptLogits, row, V);
    assert.deepEqual(asked.gpt, [tokenizer.endId, ...ids]);
    const the = q.reduce((sum, p, id) => sum + (tokenizer.text(id).trim() === 'the' ? p : 0), 0);
    assert.ok(Math.abs(answer.get('the') - the) < 1e-6);
    assert.ok(Math.abs([...answer.values()].reduce((a, b) => a + b) - 1) < 1e-6);
  });
});

test('a text that is too long is cut between words, for whichever model it is too long', () => {
  for (const most of [[10, 300], [200, 12], [10, 14]]) {
    const { masking, tokenizer } = pair(3, most), typed = 'the red key. '.repeat(30), fit = masking.fit(typed);
    assert.ok(typed.startsWith(fit.text) && fit.left === typed.trimEnd().length - fit.text.length && fit.left > 0);
    assert.ok(fit.words.reduce((n, { ids }) => n + ids.length, 0) <= most[0] - 2 && fit.tokens.length <= most[1] - 1);
    assert.ok(/(the|red|key|\.)$/.test(fit.text));
    assert.equal(tokenizer.encode(fit.text).length, fit.tokens.length);
  }
  const { masking } = pair(4);
  assert.deepEqual([masking.fit('  ').words, masking.fit('').left], [[], 0]);
  assert.equal(masking.fit('the red key.').left, 0);
});

test('rows: the largest first, the word itself always', () => {
  const answer = new Map([['a', 0.1], ['b', 0.5], ['c', 0.3], ['d', 0.06], ['e', 0.04]]);
  assert.deepEqual(rowsOf(answer, 'e', 3), ['b', 'c', 'a', 'e']);
  assert.deepEqual(rowsOf(answer, 'c', 3), ['b', 'c', 'a']);
  assert.deepEqual(rowsOf(answer, 'unheard', 3), ['b', 'c', 'a']);
});

test('the exact answer from the left holds up to the word, that from both sides with all others', () => {
  const stories = [['a', 'b', 'c'], ['a', 'x', 'c', 'd']], best = stories.map((story, s) => story.map((_, i) => [{ both: s * 10 + i }, { left: s * 10 + i }]));
  const at = (text, place) => bestOf(text.split(' '), place, stories, best);
  assert.deepEqual(at('a b c', 1), { masked: { both: 1 }, causal: { left: 1 } });
  assert.deepEqual(at('a z c', 1), { masked: { both: 1 }, causal: { left: 1 } });          // what is hidden is not looked at
  assert.deepEqual(at('a x c d', 1), { masked: { both: 11 }, causal: { left: 11 } });
  assert.deepEqual(at('a b z', 1), { masked: null, causal: { left: 1 } });
  assert.deepEqual(at('a x z', 2), { masked: null, causal: { left: 12 } });
  assert.deepEqual(at('z b c', 1), { masked: null, causal: null });
  assert.deepEqual(at('a b c d e', 4), { masked: null, causal: null });
});

test('a word that is not listed has at most what the others have', () => {
  assert.deepEqual(pOf({ key: 0.5, '': 0.02 }, 'key'), { p: 0.5 });
  assert.deepEqual(pOf({ key: 0.5, '': 0.02 }, 'map'), { atMost: 0.02 });
  assert.deepEqual(pOf({ key: 1 }, 'map'), { p: 0 });
  assert.deepEqual(pOf({ key: 1 }, 'toString'), { p: 0 });
});
