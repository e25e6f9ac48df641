// The forward pass of an LSTM language model in the page: the same numbers as lmcourse's PyTorch model. All that it knows of the
// past is two vectors a layer, h and c; each word changes them (Hochreiter and Schmidhuber 1997, with the forget gate of 2000).
//
//   import {loadLstm} from './engine_lstm.js'
//   loadLstm(bytes, {wasm = true}) -> {config, tokenizer, lstm}     bytes: a packed model (weights.js), tokenizer: tokenizer.js
//   lstm.run(ids) -> {
//     tokens, vocabulary, layers,                    // T, V, L
//     logits: Float32Array(T * V),                   // logits[t * V + id]; nextTokens of engine.js makes probabilities of them
//     hidden: [layer] Float32Array(T * d_hidden),    // h after each token
//     cell: [layer] Float32Array(T * d_hidden),      // c after each token
//     computed,                                      // how many tokens this run read; where the text began as the last one did, it went on from there
//   }
//   lstm.kernel -> 'wasm' | 'javascript'
// The arrays are the caller's. What cannot be run throws an Error whose message is a sentence for the reader.
import { Workspace } from './kernel.js';
import { Tokenizer } from './tokenizer.js';
import { unpack, dequantise } from './weights.js';
import { checkIds, checkShapes } from './checks.js';
import { add } from './layers.js';

const padded = count => Math.ceil(count / 4) * 4;                // the kernel takes four numbers at a time
const sigmoid = x => 1 / (1 + Math.exp(-x));

export function loadLstm(bytes, options = {}) {
  const { config, tokenizer, tensors } = unpack(bytes);
  const words = new Tokenizer(tokenizer);
  if (words.size > config.vocab_size) {
    throw new Error(`the tokenizer has ${words.size} tokens, the model only ${config.vocab_size}: they do not belong together`);
  }
  return { config, tokenizer: words, lstm: new LSTM({ config, tensors }, options) };
}

export class LSTM {
  constructor({ config, tensors }, { wasm = true } = {}) {
    checkLstm(config, tensors);
    this.config = config;
    this.columns = padded(config.vocab_size);                    // of the logits in memory; the last ones stay unused
    this.embedding = tensors['token_embedding.weight'];          // stays as small as it came: a text needs few of its rows
    this.allocate(tensors, wasm);
    this.last = [];                                              // the ids whose states the memory holds
  }

  // All memory is taken at once: WebAssembly's memory cannot grow later without losing the views on it.
  allocate(tensors, wasm) {
    const { d_embedding: d, d_hidden: H, n_layers: L, max_len: T } = this.config;
    const sizes = { words: T * d, gates: T * 4 * H, recurrent: 4 * H, output: this.columns * H, bias: this.columns, logits: T * this.columns };
    for (let l = 0; l < L; l++) Object.assign(sizes, { [`hidden${l}`]: (T + 1) * H, [`cell${l}`]: (T + 1) * H });      // row 0: before the text, zeros
    const names = Object.keys(tensors).filter(name => name.startsWith('lstm.')), count = ({ shape }) => shape.reduce((a, b) => a * b, 1);
    this.space = new Workspace([...Object.values(sizes), ...names.map(name => count(tensors[name]))], { wasm });
    this.kernel = this.space.kind;
    this.memory = Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, this.space.take(size)]));
    this.weights = Object.fromEntries(names.map(name => [name, dequantise(tensors[name], this.space.take(count(tensors[name])))]));
    dequantise(tensors['output.weight'], this.memory.output);
    dequantise(tensors['output.bias'], this.memory.bias);
  }

  run(ids) {
    ids = checkIds(ids, this.config);
    let kept = 0;                                                // a state depends on the words before it alone
    while (kept < ids.length && ids[kept] === this.last[kept]) kept++;
    this.last = [];                                              // if anything goes wrong below, nothing is reused
    if (kept < ids.length) this.compute(ids, kept);
    this.last = ids;
    return this.result(ids.length, ids.length - kept);
  }

  // Rows [from, T) of everything; the rows before are in memory. A layer reads all of them before the next one begins.
  compute(ids, from) {
    const { d_embedding: d, d_hidden: H, n_layers: L } = this.config, { memory, columns } = this, T = ids.length;
    for (let t = from; t < T; t++) dequantise(this.embedding, memory.words.subarray(t * d), ids[t], ids[t] + 1);
    let x = memory.words.subarray(from * d), width = d;
    for (let l = 0; l < L; l++) {
      this.linear(`ih_l${l}`, x, memory.gates, T - from, width, 4 * H);
      for (let t = from; t < T; t++) this.step(l, t, memory.gates.subarray((t - from) * 4 * H));
      [x, width] = [memory[`hidden${l}`].subarray((from + 1) * H), H];
    }
    this.space.product(x, memory.output, memory.bias, memory.logits.subarray(from * columns), T - from, H, columns);
  }

  // One word: what is let in (i), kept (f) and shown (o), and the new content (g). c = f · c + i · g, h = o · tanh(c)
  step(l, t, gates) {
    const { d_hidden: H } = this.config, { recurrent, [`hidden${l}`]: hidden, [`cell${l}`]: cell } = this.memory, now = (t + 1) * H;
    this.linear(`hh_l${l}`, hidden.subarray(t * H), recurrent, 1, H, 4 * H);
    add(gates, recurrent, 4 * H);
    for (let k = 0; k < H; k++) {
      const i = sigmoid(gates[k]), f = sigmoid(gates[H + k]), g = Math.tanh(gates[2 * H + k]), o = sigmoid(gates[3 * H + k]);
      cell[now + k] = f * cell[t * H + k] + i * g;
      hidden[now + k] = o * Math.tanh(cell[now + k]);
    }
  }

  linear(name, x, y, rows, inner, outer) {
    this.space.product(x, this.weights[`lstm.weight_${name}`], this.weights[`lstm.bias_${name}`], y, rows, inner, outer);
  }

  // Copies out of the memory, in the shapes that the caller was promised.
  result(T, computed) {
    const { n_layers: L, vocab_size: V, d_hidden: H } = this.config, { memory, columns } = this, logits = new Float32Array(T * V);
    for (let t = 0; t < T; t++) logits.set(memory.logits.subarray(t * columns, t * columns + V), t * V);
    const [hidden, cell] = ['hidden', 'cell'].map(name => Array.from({ length: L }, (_, l) => memory[`${name}${l}`].slice(H, (T + 1) * H)));
    return { tokens: T, vocabulary: V, layers: L, logits, hidden, cell, computed };
  }
}

function checkLstm(config, tensors) {
  for (const name of ['vocab_size', 'd_embedding', 'd_hidden', 'n_layers', 'max_len']) {
    if (!(Number.isInteger(config[name]) && config[name] > 0)) {
      throw new Error(`the model's ${name} is ${JSON.stringify(config[name])}; it must be a whole number above 0`);
    }
  }
  const { vocab_size: V, d_embedding: d, d_hidden: H, n_layers: L } = config;
  if (d % 4 || H % 4) throw new Error(`d_embedding=${d}, d_hidden=${H}; the engine needs multiples of 4`);
  const shapes = { 'token_embedding.weight': [V, d], 'output.weight': [V, H], 'output.bias': [V] };
  for (let l = 0; l < L; l++) {
    for (const [name, inner] of [[`ih_l${l}`, l ? H : d], [`hh_l${l}`, H]]) {
      Object.assign(shapes, { [`lstm.weight_${name}`]: [4 * H, inner], [`lstm.bias_${name}`]: [4 * H] });
    }
  }
  checkShapes(tensors, shapes);
}
