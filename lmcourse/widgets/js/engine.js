// The forward pass of a GPT in the page: the same numbers as lmcourse's PyTorch model, in JavaScript that can be read.
//
//   import {loadModel, nextTokens} from './engine.js'
//   loadModel(bytes, {wasm = true}) -> {config, tokenizer, gpt}     bytes: a packed model (weights.js); synchronous, some 10 ms
//   tokenizer.encode(text) -> [{id, text, start, end}, ...]         (tokenizer.js)  tokenizer.decode(ids) -> text
//   gpt.run(ids, {
//     causal: true,            // false takes the mask away: every token sees every other
//     positions: true,         // false takes the position vectors away
//     temperature: 1,          // divides the attention scores (after 1/√d_head) of every layer and head
//     headsOff: [[layer, head], ...],                // a head's output becomes zero
//     edgesOff: [[layer, head, query, key], ...],    // one weight becomes 0 and its row's others share: score -∞
//     residual: false,         // true: also return the residual stream
//   }) -> {
//     tokens, vocabulary, layers, heads,             // T, V, L, H
//     logits: Float32Array(T * V),                   // logits[t * V + id]
//     attention: [layer] Float32Array(H * T * T),    // attention[layer][(head * T + query) * T + key]
//     residual: [0..L] Float32Array(T * d),          // after the embedding, then after each block (before the final norm)
//     computed,                                      // how many rows this run computed; the others came from the last run
//   }
//   nextTokens(result, position = T - 1) -> Float32Array(V)         probabilities of the token after `position`
//   gpt.kernel -> 'wasm' | 'javascript'
// Layers, heads and positions count from 0. The arrays are the caller's: keep them, change them, transfer them.
// What cannot be run throws an Error whose message is a sentence for the reader. Nothing here needs a DOM.
import { Workspace } from './kernel.js';
import { Tokenizer } from './tokenizer.js';
import { unpack, dequantise } from './weights.js';
import { checkConfig, checkIds, checkOptions, checkTensors } from './checks.js';
import { add, layerNorm, softmax } from './layers.js';

export function loadModel(bytes, options = {}) {
  const { config, tokenizer, tensors } = unpack(bytes);
  const words = new Tokenizer(tokenizer);
  if (words.size > config.vocab_size) {
    throw new Error(`the tokenizer has ${words.size} tokens, the model only ${config.vocab_size}: they do not belong together`);
  }
  return { config, tokenizer: words, gpt: new GPT({ config, tensors }, options) };
}

export function nextTokens({ logits, tokens, vocabulary }, position = tokens - 1) {
  if (!(Number.isInteger(position) && position >= 0 && position < tokens)) {
    throw new Error(`there is no position ${position}: the positions are 0 to ${tokens - 1}`);
  }
  return softmax(logits.slice(position * vocabulary, (position + 1) * vocabulary));
}

const padded = count => Math.ceil(count / 4) * 4;                // the kernel takes four numbers at a time

// GPT-2's architecture (Radford et al. 2019): learned positions, LayerNorm before each part, GELU, biases.
export class GPT {
  constructor({ config, tensors }, { wasm = true } = {}) {
    checkConfig(config);
    checkTensors(tensors, config);
    this.config = config;
    this.headSize = config.d_model / config.n_heads;
    this.hidden = config.d_hidden ?? 4 * config.d_model;
    this.columns = padded(config.vocab_size);                    // of the logits in memory; the last ones stay unused
    this.stride = padded(config.max_len);                        // of a row of attention weights in memory
    this.embedding = tensors['token_embedding.weight'];
    this.allocate(tensors, wasm);
    this.last = { ids: [], key: '' };                            // what the memory holds the rows of
  }

  // All memory is taken at once: WebAssembly's memory cannot grow later without losing the views on it.
  allocate(tensors, wasm) {
    const { d_model: d, n_layers: L, n_heads: H } = this.config, T = this.stride;
    const sizes = {
      positions: this.config.max_len * d,
      output: this.columns * d,                                  // tied: the token embedding, turned into a product
      zeros: Math.max(3 * d, this.hidden, this.columns, T),      // the bias where there is none
      normed: T * d, context: T * d, change: T * d, wide: T * this.hidden, logits: T * this.columns,
    };
    for (let l = 0; l < L; l++) {
      Object.assign(sizes, { [`qkv${l}`]: T * 3 * d, [`values${l}`]: d * T, [`attention${l}`]: H * T * T });
    }
    for (let l = 0; l <= L; l++) sizes[`residual${l}`] = T * d;
    const names = Object.keys(tensors).filter(name => /^(blocks|final_norm)\./.test(name));
    const count = ({ shape }) => shape.reduce((a, b) => a * b, 1);
    this.space = new Workspace([...Object.values(sizes), ...names.map(name => count(tensors[name]))], { wasm });
    this.kernel = this.space.kind;
    this.memory = Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, this.space.take(size)]));
    this.weights = Object.fromEntries(names.map(name => [name, dequantise(tensors[name], this.space.take(count(tensors[name])))]));
    dequantise(tensors['position_embedding.weight'], this.memory.positions);
    dequantise(tensors['output.weight'] ?? this.embedding, this.memory.output);
  }

  run(ids, { residual = false, ...options } = {}) {
    ids = checkIds(ids, this.config);
    const plan = checkOptions(options, this.config, ids.length);
    const kept = this.keep(ids, plan);
    this.last = { ids: [], key: '' };                            // if anything goes wrong below, nothing is reused
    if (kept < ids.length) this.compute(ids, kept, plan);
    this.last = { ids, key: plan.key };
    return this.result(ids.length, ids.length - kept, residual);
  }

  // How many rows of the last run are also rows of this one. Under the causal mask a row depends on its past alone.
  keep(ids, { key, causal }) {
    if (key !== this.last.key) return 0;
    let same = 0;
    while (same < ids.length && ids[same] === this.last.ids[same]) same++;
    return causal || (same === ids.length && same === this.last.ids.length) ? same : 0;
  }

  // Rows [from, T) of everything; the rows before are in memory.
  compute(ids, from, plan) {
    const { d_model: d, n_layers: L, max_len: M } = this.config, { memory } = this;
    const T = ids.length, rows = T - from;
    const part = (name, width) => memory[name].subarray(from * width, T * width);
    for (let t = from; t < T; t++) {                             // token + position
      dequantise(this.embedding, memory.residual0.subarray(t * d), ids[t], ids[t] + 1);
      if (plan.positions) add(memory.residual0.subarray(t * d), memory.positions.subarray(t * d), d);
    }
    for (let l = 0; l < L; l++) {
      const x = part(`residual${l + 1}`, d);
      x.set(part(`residual${l}`, d));
      this.norm(`blocks.${l}.attention_norm`, x, rows);
      this.linear(`blocks.${l}.attention.qkv`, memory.normed, part(`qkv${l}`, 3 * d), rows, d, 3 * d);
      this.attend(l, from, T, plan);
      this.linear(`blocks.${l}.attention.output`, memory.context, memory.change, rows, d, d);
      add(x, memory.change, rows * d);
      this.norm(`blocks.${l}.mlp_norm`, x, rows);
      this.linear(`blocks.${l}.mlp.up`, memory.normed, memory.wide, rows, d, this.hidden);
      this.space.gelu(memory.wide, rows * this.hidden);
      this.linear(`blocks.${l}.mlp.down`, memory.wide, memory.change, rows, this.hidden, d);
      add(x, memory.change, rows * d);
    }
    this.norm('final_norm', part(`residual${L}`, d), rows);
    this.space.product(memory.normed, memory.output, memory.zeros, part('logits', this.columns), rows, d, this.columns);
  }

  norm(name, x, rows) {
    const weight = this.weights[`${name}.weight`], bias = this.weights[`${name}.bias`] ?? this.memory.zeros;
    layerNorm(x, weight, bias, this.memory.normed, rows, this.config.d_model);
  }

  linear(name, x, y, rows, inner, outer) {
    const bias = this.weights[`${name}.bias`] ?? this.memory.zeros;
    this.space.product(x, this.weights[`${name}.weight`], bias, y, rows, inner, outer);
  }

  // Each head: weights = softmax(q · kᵀ / √d_head), context = weights · v, for the queries in rows [from, T).
  attend(l, from, T, { causal, temperature, headsOff, edgesOff }) {
    const { d_model: d, n_heads: H } = this.config, { space, memory, headSize, stride } = this;
    const qkv = memory[`qkv${l}`], values = memory[`values${l}`], rows = T - from, keys = padded(T);
    for (let t = from; t < T; t++) {                             // values, transposed: (d, T), for the product below
      for (let i = 0; i < d; i++) values[i * stride + t] = qkv[(3 * t + 2) * d + i];
    }
    for (let h = 0; h < H; h++) {
      const weights = memory[`attention${l}`].subarray((h * stride + from) * stride, (h + 1) * stride * stride);
      const context = memory.context.subarray(h * headSize);
      const q = qkv.subarray(3 * from * d + h * headSize), k = qkv.subarray(d + h * headSize);
      space.product(q, k, memory.zeros, weights, rows, headSize, keys, { xStride: 3 * d, wStride: 3 * d, yStride: stride });
      const scale = 1 / Math.sqrt(headSize) / temperature;
      for (const [layer, head, query, key] of edgesOff) {
        if (layer === l && head === h && query >= from) weights[(query - from) * stride + key] = -Infinity;
      }
      for (let row = 0; row < rows; row++) {
        const scores = weights.subarray(row * stride, row * stride + keys), seen = causal ? from + row + 1 : T;
        space.softmax(scores, seen, scale);
        scores.fill(0, seen);                                    // the future, and what pads T to a multiple of 4
      }
      space.product(weights, values.subarray(h * headSize * stride), memory.zeros, context, rows, keys, headSize,
        { xStride: stride, wStride: stride, yStride: d });
      if (headsOff.some(([layer, head]) => layer === l && head === h)) {
        for (let row = 0; row < rows; row++) context.fill(0, row * d, row * d + headSize);
      }
    }
  }

  // Copies out of the memory, in the shapes that the caller was promised.
  result(T, computed, residual) {
    const { n_layers: L, n_heads: H, vocab_size: V, d_model: d } = this.config, { memory, stride, columns } = this;
    const logits = new Float32Array(T * V);
    for (let t = 0; t < T; t++) logits.set(memory.logits.subarray(t * columns, t * columns + V), t * V);
    const attention = [];
    for (let l = 0; l < L; l++) {
      const all = new Float32Array(H * T * T), from = memory[`attention${l}`];
      for (let h = 0; h < H; h++) {
        for (let t = 0; t < T; t++) {
          const at = (h * stride + t) * stride;
          all.set(from.subarray(at, at + T), (h * T + t) * T);
        }
      }
      attention.push(all);
    }
    const result = { tokens: T, vocabulary: V, layers: L, heads: H, logits, attention, computed };
    if (residual) result.residual = Array.from({ length: L + 1 }, (_, l) => memory[`residual${l}`].slice(0, T * d));
    return result;
  }
}
