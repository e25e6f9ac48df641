// The tokenizer by itself. tests/test_engine.py compares it with Hugging Face's and with lmcourse's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tokenizer } from '../../lmcourse/widgets/js/tokenizer.js';
import { random, tokenizerJson } from './tiny.mjs';

const tokenizer = new Tokenizer(tokenizerJson());
const ids = text => tokenizer.encode(text).map(({ id }) => id);
const shown = text => tokenizer.encode(text).map(token => token.text);

test('words, their leading space, and bytes', () => {
  assert.deepEqual(shown('the other'), [' the', ' ', 'o', 't', 'h', 'er']);
  assert.deepEqual(shown('你'), [' ', '你']);                    // merged: ä ½ ł are the letters of its bytes E4 BD A0
  assert.deepEqual(shown('佡'), [' ', '<0xE4><0xBD>', '<0xA1>']);
  assert.deepEqual(ids(''), []);
  assert.equal(tokenizer.size, 263);
  assert.equal(tokenizer.endId, 262);
});

test('spans are parts of the text and cover all of it', () => {
  for (const text of ['the other', ' the  the', 'née 你好 👍🏽!', '\ufeff\u0085\n\tx', 'a\ud800b']) {
    const tokens = tokenizer.encode(text);
    let covered = 0;
    for (const { text: own, start, end } of tokens) {
      assert.ok(start <= covered && end >= covered && end <= text.length, `${JSON.stringify(text)}: ${start} to ${end}`);
      covered = Math.max(covered, end);
      if (start > 0 && !own.startsWith('<0x')) assert.equal(own, text.slice(start, end).toWellFormed());
    }
    assert.equal(covered, text.length);
  }
  assert.deepEqual(tokenizer.encode('the 佡').map(({ start, end }) => [start, end]), [[0, 3], [3, 4], [4, 5], [4, 5]]);
  assert.deepEqual(tokenizer.encode('👍').slice(1).map(({ start, end }) => [start, end]), Array(4).fill([0, 2]));
});

test('any text comes back; half a surrogate pair as U+FFFD', () => {
  const next = random(11);
  const kinds = [() => 32 + next() * 95, () => next() * 0x3000, () => 0x4e00 + next() * 0x5000, () => next() * 0x110000, () => 9 + next() * 5, () => 32];
  for (let round = 0; round < 400; round++) {
    const text = Array.from({ length: next() * 40 }, () => String.fromCodePoint(Math.floor(kinds[Math.floor(next() * kinds.length)]()))).join('');
    assert.equal(tokenizer.decode(ids(text)), text.toWellFormed());
  }
  assert.equal(tokenizer.decode(ids('\ufeffx')), '\ufeffx');
});

test('10,000 letters are quick work', () => {
  for (const text of ['the'.repeat(3334), 'er'.repeat(5000), '你'.repeat(10000), ' '.repeat(10000), '👍'.repeat(5000)]) {
    assert.equal(tokenizer.decode(ids(text)), text);
  }
});

test('special tokens are written, never read', () => {
  assert.equal(tokenizer.decode([262, ...ids('the')]), '<|endoftext|> the');
  assert.equal(tokenizer.text(262), '<|endoftext|>');
  assert.ok(!ids('<|endoftext|>').includes(262));
  assert.equal(tokenizer.decode(ids('<|endoftext|>')), '<|endoftext|>');
});

test('what cannot be done is said', () => {
  assert.throws(() => tokenizer.encode(5), /text must be a string, not number/);
  assert.throws(() => tokenizer.encode(null), /text must be a string, not null/);
  assert.throws(() => tokenizer.decode([263]), /no token has the id 263; ids are whole numbers from 0 to 262/);
  assert.throws(() => tokenizer.text(-1), /no token has the id -1/);
  assert.throws(() => new Tokenizer({ model: { type: 'WordPiece' } }), /of type "WordPiece"; the page runs byte-level "BPE"/);
  const json = tokenizerJson();
  delete json.model.vocab['Ġ'];
  assert.throws(() => new Tokenizer(json), /no token for byte 32; a byte-level BPE has all 256/);
});
