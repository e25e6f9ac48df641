// The forward pass of a BERT in the page: the same numbers as lmcourse's PyTorch model. The words' vectors go through all
// blocks at once, every word sees every other, and each block's sums are normalised after it (Devlin et al. 2019).
//
//   import {loadBert} from './engine_bert.js'
//   loadBert(bytes, {wasm = true}) -> {config, tokenizer, bert}     bytes: a packed model (weights.js), tokenizer: wordpiece.js
//   bert.run(ids, {
//     positions: true,                               // false takes the position vectors away
//     temperature: 1,                                // divides the attention scores (after 1/√d_head) of every layer and head
//     headsOff: [[layer, head], ...],                // a head's output becomes zero
//   }) -> {
//     tokens, vocabulary, layers, heads,             // T, V, L, H
//     attention: [layer] Float32Array(H * T * T),    // attention[layer][(head * T + query) * T + key]
//     residual: [0..L] Float32Array(T * d),          // after the embedding, then after each block; the last are the hidden states
//     logits: Float32Array(T * V),                   // logits[t * V + id]: what stood at place t; null for a BERT without that head
//   }
// A token with the id config.pad_id is looked at by nobody. What cannot be run throws an Error whose message is a sentence.
import { Workspace } from './kernel.js';
import { WordPiece } from './wordpiece.js';
import { unpack, dequantise } from './weights.js';
import { checkBert, checkIds, checkOptions } from './checks.js';
import { add, geluExact, layerNorm } from './layers.js';

const padded = count => Math.ceil(count / 4) * 4;                // the kernel takes four numbers at a time

export function loadBert(bytes, options = {}) {
  const { config, tokenizer, tensors } = unpack(bytes);
  const words = new WordPiece(tokenizer);
  if (words.size !== config.vocab_size) {
    throw new Error(`the tokenizer has ${words.size} tokens, the model ${config.vocab_size}: they do not belong together`);
  }
  return { config, tokenizer: words, bert: new BERT({ config, tensors }, options) };
}

export class BERT {
  constructor({ config, tensors }, { wasm = true } = {}) {
    checkBert(config, tensors);
    this.config = config;
    this.headSize = config.d_model / config.n_heads;
    this.columns = 'head.bias' in tensors ? padded(config.vocab_size) : 0;       // of the logits in memory; the last ones stay unused
    this.stride = padded(config.max_len);                        // of a row of attention weights in memory
    this.embedding = tensors['token_embedding.weight'];          // stays as small as it came: a text needs few of its rows
    this.allocate(tensors, wasm);
  }

  // All memory is taken at once: WebAssembly's memory cannot grow later without losing the views on it.
  allocate(tensors, wasm) {
    const { d_model: d, d_hidden: hidden } = this.config, T = this.stride;
    const sizes = { output: this.columns * d, bias: this.columns, zeros: T, x: T * d, qkv: T * 3 * d, values: d * T, scores: T * T,
      context: T * d, change: T * d, wide: T * hidden, logits: T * this.columns };
    const count = ({ shape }) => shape.reduce((a, b) => a * b, 1);
    const own = Object.keys(tensors).filter((name) => name !== 'token_embedding.weight' && name !== 'head.bias');
    this.space = new Workspace([...Object.values(sizes), ...own.map(name => count(tensors[name]))], { wasm });
    this.kernel = this.space.kind;
    this.memory = Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, this.space.take(size)]));
    this.weights = Object.fromEntries(own.map(name => [name, dequantise(tensors[name], this.space.take(count(tensors[name])))]));
    if (!this.columns) return;
    dequantise(this.embedding, this.memory.output);              // tied: the embedding is the output layer too
    dequantise(tensors['head.bias'], this.memory.bias);
  }

  run(ids, options = {}) {
    const { n_layers: L, n_heads: H, vocab_size: V, d_model: d, d_hidden: hidden, pad_id: pad } = this.config, { memory } = this;
    ids = checkIds(ids, this.config);
    const plan = checkOptions({ ...options, causal: false }, this.config, ids.length);
    const T = ids.length, x = memory.x.subarray(0, T * d), seen = ids.map(id => id !== pad);
    if (!seen.includes(true)) throw new Error('every token is padding: there is nothing to look at');
    this.embed(ids, x, plan);
    const residual = [x.slice()], attention = [];
    for (let l = 0; l < L; l++) {
      const block = `blocks.${l}`;
      this.linear(`${block}.attention.qkv`, x, memory.qkv, T, d, 3 * d);
      attention.push(this.attend(l, T, seen, plan));
      this.linear(`${block}.attention.output`, memory.context, memory.change, T, d, d);
      add(x, memory.change, T * d);
      this.norm(`${block}.attention_norm`, x, T);
      this.linear(`${block}.mlp.up`, x, memory.wide, T, d, hidden);
      this.bend(memory.wide, T * hidden);
      this.linear(`${block}.mlp.down`, memory.wide, memory.change, T, hidden, d);
      add(x, memory.change, T * d);
      this.norm(`${block}.mlp_norm`, x, T);
      residual.push(x.slice());
    }
    return { tokens: T, vocabulary: V, layers: L, heads: H, attention, residual, logits: this.columns ? this.read(x, T) : null };
  }

  // What stood at each place: matrix, GELU, norm, then the embedding.
  read(x, T) {
    const { vocab_size: V, d_model: d } = this.config, { memory, columns } = this, logits = new Float32Array(T * V);
    this.linear('head.transform', x, memory.change, T, d, d);
    this.bend(memory.change, T * d);
    this.norm('head.norm', memory.change, T);
    this.space.product(memory.change, memory.output, memory.bias, memory.logits, T, d, columns);
    for (let t = 0; t < T; t++) logits.set(memory.logits.subarray(t * columns, t * columns + V), t * V);
    return logits;
  }

  // Token + position + type (the first, for every token), then normalised.
  embed(ids, x, plan) {
    const { d_model: d } = this.config, places = this.weights['position_embedding.weight'], types = this.weights['type_embedding.weight'];
    ids.forEach((id, t) => {
      const row = x.subarray(t * d, (t + 1) * d);
      dequantise(this.embedding, row, id, id + 1);
      if (plan.positions) add(row, places.subarray(t * d), d);
      if (types) add(row, types, d);
    });
    this.norm('embedding_norm', x, ids.length);
  }

  bend(x, count) {
    if (this.config.mlp === 'gelu') geluExact(x, count);
    else this.space.gelu(x, count);
  }

  norm(name, x, rows) {
    layerNorm(x, this.weights[`${name}.weight`], this.weights[`${name}.bias`], x, rows, this.config.d_model, this.config.norm_eps);
  }

  linear(name, x, y, rows, inner, outer) {
    this.space.product(x, this.weights[`${name}.weight`], this.weights[`${name}.bias`], y, rows, inner, outer);
  }

  // Each head: weights = softmax(q · kᵀ / √d_head) over the tokens that are seen, context = weights · v. -> the weights
  attend(l, T, seen, { temperature, headsOff }) {
    const { d_model: d, n_heads: H } = this.config, { space, memory, headSize, stride } = this, keys = padded(T);
    const { qkv, values, scores } = memory, all = new Float32Array(H * T * T), scale = 1 / Math.sqrt(headSize) / temperature;
    for (let i = 0; i < d; i++) {                                // values, transposed: (d, T), for the product below
      for (let t = 0; t < keys; t++) values[i * stride + t] = t < T ? qkv[(3 * t + 2) * d + i] : 0;
    }
    for (let h = 0; h < H; h++) {
      const context = memory.context.subarray(h * headSize);
      space.product(qkv.subarray(h * headSize), qkv.subarray(d + h * headSize), memory.zeros, scores, T, headSize, keys,
        { xStride: 3 * d, wStride: 3 * d, yStride: stride });
      for (let t = 0; t < T; t++) {
        const row = scores.subarray(t * stride, t * stride + keys);
        for (let j = 0; j < T; j++) if (!seen[j]) row[j] = -Infinity;
        space.softmax(row, T, scale);
        all.set(row.subarray(0, T), (h * T + t) * T);
      }
      space.product(scores, values.subarray(h * headSize * stride), memory.zeros, context, T, keys, headSize,
        { xStride: stride, wStride: stride, yStride: d });
      if (headsOff.some(([layer, head]) => layer === l && head === h)) {
        for (let t = 0; t < T; t++) context.fill(0, t * d, t * d + headSize);
      }
    }
    return all;
  }
}
