// Packed weights: read back number by number, and every kind of damage is named.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, dequantise, fromBase64, unpack } from '../../lmcourse/widgets/js/weights.js';
import { CONFIG, packed, shapes } from './tiny.mjs';

const whole = packed();

test('unpack gives the configuration, the tokenizer and every tensor', () => {
  const { config, tokenizer, tensors } = unpack(whole);
  assert.deepEqual(config, CONFIG);
  assert.equal(tokenizer.model.type, 'BPE');
  assert.deepEqual(Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape])), shapes(CONFIG));
  assert.equal(tensors['final_norm.weight'].scales, null);
  assert.equal(tensors['token_embedding.weight'].values.constructor, Int8Array);
});

test('bytes may come as ArrayBuffer, Uint8Array, DataView, at any offset, and as base64', () => {
  const { tensors } = unpack(whole), name = 'blocks.1.mlp.up.weight';
  const shifted = new Uint8Array(whole.length + 3);
  shifted.set(whole, 3);
  const buffer = Uint8Array.from(whole).buffer;
  for (const bytes of [buffer, new Uint8Array(buffer), new DataView(buffer), shifted.subarray(3), fromBase64(whole.toString('base64'))]) {
    assert.deepEqual(unpack(bytes).tensors[name], tensors[name]);
  }
});

test('dequantise multiplies each row by its scale, and reads vectors as they are', () => {
  const matrix = { shape: [3, 2], values: Int8Array.of(1, -2, 3, 4, -127, 127), scales: Float32Array.of(1, 0.5, 0.25) };
  assert.deepEqual([...dequantise(matrix, new Float32Array(6))], [1, -2, 1.5, 2, -31.75, 31.75]);
  assert.deepEqual([...dequantise(matrix, new Float32Array(3), 1, 2)], [1.5, 2, 0]);
  assert.deepEqual([...dequantise({ shape: [2], values: Float32Array.of(7, 8), scales: null }, new Float32Array(2))], [7, 8]);
});

test('the checksum is the one of zip files', () => {
  assert.equal(crc32(Buffer.from('123456789')), 'cbf43926');      // the check value that the definition gives
  assert.equal(crc32(new Uint8Array(0)), '00000000');
});

test('damage is named', () => {
  const fails = (bytes, message) => assert.throws(() => unpack(bytes), message);
  const spoilt = (at, value) => { const copy = Buffer.from(whole); copy[at] = value; return copy; };
  fails(Buffer.from('GGUF and so on'), /they begin with "GGUF", packed weights begin with "LMW1"/);
  fails(new Uint8Array(0), /packed weights begin with "LMW1"/);
  fails(whole.subarray(0, 6), /cut off in their header/);
  fails(whole.subarray(0, 100), /cut off in their header: there are 100 bytes/);
  fails(whole.subarray(0, whole.length - 1), /cut off: the header announces \d+ bytes after it, there are \d+/);
  fails(Buffer.concat([whole, Buffer.alloc(1)]), /too long/);
  fails(spoilt(whole.length - 1, whole.at(-1) ^ 1), /damaged: checksum [0-9a-f]{8}, the header says [0-9a-f]{8}; load the file again/);
  fails(spoilt(8, 65), /header is not JSON/);
  fails(packed({ change: header => { delete header.tokenizer; } }), /header has no "tokenizer"/);
  fails(packed({ change: header => { header.tensors['final_norm.bias'].type = 'float16'; } }), /tensor final_norm.bias has type "float16"/);
  fails(packed({ change: header => { header.tensors['final_norm.bias'].offset = header.payload.bytes; } }), /final_norm.bias lies outside/);
  fails(packed({ change: header => { delete header.tensors['final_norm.bias'].offset; } }), /final_norm.bias lies outside/);
});

test('any single byte that changes in the payload is noticed', () => {
  const start = whole.length - unpack(whole).tensors['token_embedding.weight'].values.length;
  for (let at = start; at < whole.length; at += 997) {
    const copy = Buffer.from(whole);
    copy[at] ^= 1 << (at % 8);
    assert.throws(() => unpack(copy), /checksum/);
  }
});
