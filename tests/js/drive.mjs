// For tests/test_engine.py: answers one line of JSON with one line of JSON, with lmcourse's own modules.
//   {"load": path, "wasm": true}          -> {kernel, config, exact tensors as base64 of float32}
//   {"run": ids, "options": {...}}        -> {computed, logits, attention, residual, next}, arrays as base64 of float32
//   {"bert": path, "wasm": true}          -> {kernel, config}
//   {"encoder": ids, "options": {...}}    -> {attention, residual, logits or null}
//   {"lstm": path, "wasm": true}          -> {kernel, config}
//   {"recur": ids}                        -> {computed, logits, hidden, cell, next}
//   {"wordpiece": content of a tokenizer.json}, {"words": [texts]} -> {words: [[{text, start, end, ids}]]}
//   {"tokenizer": content of a tokenizer.json}, {"encode": [texts]}, {"decode": [ids, ...]}
// What fails answers {error: message}.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { loadModel, nextTokens } from '../../lmcourse/widgets/js/engine.js';
import { loadBert } from '../../lmcourse/widgets/js/engine_bert.js';
import { loadLstm } from '../../lmcourse/widgets/js/engine_lstm.js';
import { WordPiece } from '../../lmcourse/widgets/js/wordpiece.js';
import { Tokenizer } from '../../lmcourse/widgets/js/tokenizer.js';
import { dequantise, unpack } from '../../lmcourse/widgets/js/weights.js';

const text = array => Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('base64');
let model, tokenizer, encoder, recurrent, pieces;

const answers = {
  load({ load: path, wasm }) {
    const bytes = readFileSync(path), { tensors } = unpack(bytes);
    model = loadModel(bytes, { wasm });
    tokenizer = model.tokenizer;
    const whole = Object.entries(tensors).map(([name, tensor]) => {
      return [name, text(dequantise(tensor, new Float32Array(tensor.shape.reduce((a, b) => a * b))))];
    });
    return { kernel: model.gpt.kernel, config: model.config, tensors: Object.fromEntries(whole) };
  },
  run({ run: ids, options }) {
    const { computed, logits, attention, residual, ...sizes } = model.gpt.run(ids, { ...options, residual: true });
    return { computed, logits: text(logits), attention: attention.map(text), residual: residual.map(text), next: text(nextTokens({ logits, ...sizes })) };
  },
  bert({ bert: path, wasm }) {
    encoder = loadBert(readFileSync(path), { wasm });
    pieces = encoder.tokenizer;
    return { kernel: encoder.bert.kernel, config: encoder.config };
  },
  encoder({ encoder: ids, options }) {
    const { logits, attention, residual } = encoder.bert.run(ids, options);
    return { logits: logits && text(logits), attention: attention.map(text), residual: residual.map(text) };
  },
  lstm({ lstm: path, wasm }) {
    recurrent = loadLstm(readFileSync(path), { wasm });
    tokenizer = recurrent.tokenizer;
    return { kernel: recurrent.lstm.kernel, config: recurrent.config };
  },
  recur({ recur: ids }) {
    const { computed, logits, hidden, cell, ...sizes } = recurrent.lstm.run(ids);
    return { computed, logits: text(logits), hidden: hidden.map(text), cell: cell.map(text), next: text(nextTokens({ logits, ...sizes })) };
  },
  wordpiece({ wordpiece: json }) {
    pieces = new WordPiece(json);
    return { size: pieces.size };
  },
  words: ({ words: texts }) => ({ words: texts.map(one => pieces.words(one)) }),
  tokenizer({ tokenizer: json }) {
    tokenizer = new Tokenizer(json);
    return { size: tokenizer.size };
  },
  encode: ({ encode: texts }) => ({ tokens: texts.map(one => tokenizer.encode(one)) }),
  decode: ({ decode: lists }) => ({ texts: lists.map(ids => tokenizer.decode(ids)) }),
};

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const question = JSON.parse(line);
    answer = answers[Object.keys(question)[0]](question);
  } catch (error) {
    answer = { error: error.message };
  }
  console.log(JSON.stringify(answer));
}
