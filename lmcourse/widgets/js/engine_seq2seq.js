// The forward pass of a Seq2Seq in the page: the same numbers as lmcourse's PyTorch model. An encoder reads one text, a decoder
// writes another and looks back at the first by cross-attention (Vaswani et al. 2017).
//
//   import {loadSeq2Seq} from './engine_seq2seq.js'
//   loadSeq2Seq(bytes, {wasm = true}) -> {config, tokenizer, seq2seq}      bytes: a packed model (weights.js), tokenizer: word_tokenizer.js
//   seq2seq.run(source, target, {                    // ids of both; a target begins with config.start_id
//     causal: true,                                  // false takes the decoder's mask away: every target word sees every other
//     headsOff: {encoder: [[layer, head], ...], decoder: [...], cross: [...]},      // a head's output becomes zero
//   }) -> {
//     sources, tokens, vocabulary, layers, heads,    // S, T, V, L, H
//     encoder: [layer] Float32Array(H * S * S),      // [(head * S + query) * S + key]
//     decoder: [layer] Float32Array(H * T * T),      // the decoder's self-attention
//     cross: [layer] Float32Array(H * T * S),        // [(head * T + target word) * S + source word]
//     logits: Float32Array(T * V),                   // logits[t * V + id]: what comes after target word t
//     computed,                                      // how many target rows this run computed; the others came from the last run
//   }
//   seq2seq.write(source, {stop, most, headsOff}) -> ids    the most probable word, again and again, until `stop` or `most` words
//   seq2seq.states(source) -> Float32Array(S * d)    what the encoder makes of each source word
// A source token with the id config.pad_id is looked at by nobody. What cannot be run throws an Error whose message is a sentence.
import { Workspace } from './kernel.js';
import { WordTokenizer } from './word_tokenizer.js';
import { unpack, dequantise } from './weights.js';
import { checkConfig, checkIds, checkOptions, checkShapes } from './checks.js';
import { add, layerNorm } from './layers.js';

export const PARTS = ['encoder', 'decoder', 'cross'];           // its three kinds of attention
const padded = count => Math.ceil(count / 4) * 4;                // the kernel takes four numbers at a time

export function loadSeq2Seq(bytes, options = {}) {
  const { config, tokenizer, tensors } = unpack(bytes), words = new WordTokenizer(tokenizer);
  if (words.size !== config.vocab_size) {
    throw new Error(`the tokenizer has ${words.size} tokens, the model ${config.vocab_size}: they do not belong together`);
  }
  return { config, tokenizer: words, seq2seq: new Seq2Seq({ config, tensors }, options) };
}

export class Seq2Seq {
  constructor({ config, tensors }, { wasm = true } = {}) {
    checkSeq2Seq(config, tensors);
    this.config = config;
    this.headSize = config.d_model / config.n_heads;
    this.columns = padded(config.vocab_size);                    // of the logits in memory; the last ones stay unused
    this.stride = padded(config.max_len);                        // of a row of attention weights in memory
    this.embedding = tensors['token_embedding.weight'];
    this.allocate(tensors, wasm);
    this.forget();
  }

  // All memory is taken at once: WebAssembly's memory cannot grow later without losing the views on it.
  allocate(tensors, wasm) {
    const { d_model: d, n_layers: L, n_heads: H, d_hidden: hidden } = this.config, T = this.stride;
    const sizes = { output: this.columns * d, zeros: Math.max(3 * d, hidden, this.columns, T), x: T * d, states: T * d, normed: T * d, q: T * d,
      context: T * d, change: T * d, wide: T * hidden, qkv: T * 3 * d, values: d * T, logits: T * this.columns };
    for (let l = 0; l < L; l++) {
      Object.assign(sizes, { [`qkv${l}`]: T * 3 * d, [`values${l}`]: d * T, [`sourceKV${l}`]: T * 2 * d, [`sourceValues${l}`]: d * T });
      for (const part of PARTS) sizes[part + l] = H * T * T;
    }
    const names = Object.keys(tensors).filter(name => !/^(token_embedding|output)\./.test(name));
    const count = ({ shape }) => shape.reduce((a, b) => a * b, 1);
    this.space = new Workspace([...Object.values(sizes), ...names.map(name => count(tensors[name]))], { wasm });
    this.kernel = this.space.kind;
    this.memory = Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, this.space.take(size)]));
    this.weights = Object.fromEntries(names.map(name => [name, dequantise(tensors[name], this.space.take(count(tensors[name])))]));
    dequantise(tensors['output.weight'] ?? this.embedding, this.memory.output);
  }

  forget() { this.last = { source: '', key: '', ids: [] }; }     // what the memory holds the rows of

  run(source, target, options = {}) {
    const from = this.advance(source, target, options);
    return this.result(source.length, target.length, target.length - from);
  }

  write(source, { stop, most = this.config.max_len - 1, headsOff = {} }) {
    const { vocab_size: V, start_id: start } = this.config, ids = [start];
    while (ids.length <= most) {
      this.advance(source, ids, { headsOff });
      const at = (ids.length - 1) * this.columns, line = this.memory.logits.subarray(at, at + V);
      const next = line.reduce((best, x, id) => x > line[best] ? id : best, 0);
      if (next === stop) break;
      ids.push(next);
    }
    return ids.slice(1);
  }

  states(source) {
    source = checkIds(source, this.config);
    this.forget();
    this.read(source, source.map(id => id !== this.config.pad_id), []);
    return this.memory.states.slice(0, source.length * this.config.d_model);
  }

  // Brings the memory to these texts; returns the first target row that had to be computed.
  advance(source, target, { causal = true, headsOff = {}, ...others }) {
    const extra = [...Object.keys(others), ...Object.keys(headsOff).filter(part => !PARTS.includes(part))];
    if (extra.length) throw new Error(`unknown option ${JSON.stringify(extra[0])}; the options are causal and headsOff: {${PARTS.join(', ')}}`);
    [source, target] = [checkIds(source, this.config), checkIds(target, this.config)];
    const off = Object.fromEntries(PARTS.map(part => [part, checkOptions({ causal, headsOff: headsOff[part] ?? [] }, this.config, target.length).headsOff]));
    const seen = source.map(id => id !== this.config.pad_id);
    const asked = JSON.stringify([source, off.encoder]), key = JSON.stringify([causal, off.decoder, off.cross]);
    if (!seen.includes(true)) throw new Error('the source is empty: it holds nothing but padding');
    const last = this.last;
    this.forget();                                               // if anything goes wrong below, nothing is reused
    if (asked !== last.source) this.read(source, seen, off.encoder);
    let from = 0;
    if (asked === last.source && key === last.key) {
      while (from < target.length && target[from] === last.ids[from]) from++;
      if (!causal && !(from === target.length && from === last.ids.length)) from = 0;         // without the mask every row saw the last one
    }
    if (from < target.length) this.decode(target, from, source.length, seen, causal, off);
    this.last = { source: asked, key, ids: target };
    return from;
  }

  // The encoder, and each decoder block's keys and values of what it says.
  read(ids, seen, off) {
    const { d_model: d, n_layers: L } = this.config, { memory } = this, S = ids.length, x = memory.x;
    this.embed(ids, 0, x, 'position_embedding_source.weight');
    for (let l = 0; l < L; l++) {
      const block = `encoder.${l}`;
      this.norm(`${block}.attention_norm`, x, memory.normed, S);
      this.linear(`${block}.attention.qkv`, memory.normed, memory.qkv, S, d, 3 * d);
      this.turn(memory.qkv, 3 * d, 2 * d, memory.values, 0, S);
      this.attend({ q: memory.qkv, qStride: 3 * d, k: memory.qkv.subarray(d), kStride: 3 * d, values: memory.values, weights: memory[`encoder${l}`],
        from: 0, rows: S, keys: S, sees: (row, j) => seen[j], off: off.filter(([layer]) => layer === l) });
      this.close(block, 'attention', x, S);
      this.mlp(block, x, S);
    }
    this.norm('encoder_norm', x, memory.states, S);
    for (let l = 0; l < L; l++) {
      this.linear(`blocks.${l}.cross_attention.qkv`, memory.states, memory[`sourceKV${l}`], S, d, 2 * d, d);
      this.turn(memory[`sourceKV${l}`], 2 * d, d, memory[`sourceValues${l}`], 0, S);
    }
  }

  // The decoder's rows [from, T); what the rows before were looked at for is in memory.
  decode(ids, from, S, seen, causal, off) {
    const { d_model: d, n_layers: L } = this.config, { memory, columns } = this, T = ids.length, rows = T - from, x = memory.x;
    this.embed(ids, from, x, 'position_embedding_target.weight');
    for (let l = 0; l < L; l++) {
      const block = `blocks.${l}`, qkv = memory[`qkv${l}`], own = qkv.subarray(3 * from * d), here = part => off[part].filter(([layer]) => layer === l);
      this.norm(`${block}.attention_norm`, x, memory.normed, rows);
      this.linear(`${block}.attention.qkv`, memory.normed, own, rows, d, 3 * d);
      this.turn(qkv, 3 * d, 2 * d, memory[`values${l}`], from, T);
      this.attend({ q: own, qStride: 3 * d, k: qkv.subarray(d), kStride: 3 * d, values: memory[`values${l}`], weights: memory[`decoder${l}`],
        from, rows, keys: T, sees: (row, j) => !causal || j <= row, off: here('decoder') });
      this.close(block, 'attention', x, rows);
      this.norm(`${block}.cross_norm`, x, memory.normed, rows);
      this.linear(`${block}.cross_attention.qkv`, memory.normed, memory.q, rows, d, d);
      this.attend({ q: memory.q, qStride: d, k: memory[`sourceKV${l}`], kStride: 2 * d, values: memory[`sourceValues${l}`], weights: memory[`cross${l}`],
        from, rows, keys: S, sees: (row, j) => seen[j], off: here('cross') });
      this.close(block, 'cross_attention', x, rows);
      this.mlp(block, x, rows);
    }
    this.norm('final_norm', x, memory.normed, rows);
    this.space.product(memory.normed, memory.output, memory.zeros, memory.logits.subarray(from * columns), rows, d, columns);
  }

  // Token + position, row 0 of x being that of token `from`.
  embed(ids, from, x, table) {
    const { d_model: d } = this.config, places = this.weights[table];
    for (let t = from; t < ids.length; t++) {
      const row = x.subarray((t - from) * d, (t - from + 1) * d);
      dequantise(this.embedding, row, ids[t], ids[t] + 1);
      add(row, places.subarray(t * d), d);
    }
  }

  // Values transposed, (d, T), for the product in `attend`: columns [from, to) of rows that are `stride` long and hold them at `at`.
  turn(rows, stride, at, values, from, to) {
    for (let t = from; t < to; t++) {
      for (let i = 0; i < this.config.d_model; i++) values[i * this.stride + t] = rows[t * stride + at + i];
    }
  }

  norm(name, x, y, rows) {
    const { d_model: d, norm_eps: epsilon } = this.config;
    layerNorm(x, this.weights[`${name}.weight`], this.weights[`${name}.bias`] ?? this.memory.zeros, y, rows, d, epsilon);
  }

  // y = x · wᵀ + bias, of the matrix's rows from `first` on.
  linear(name, x, y, rows, inner, outer, first = 0) {
    const bias = this.weights[`${name}.bias`] ?? this.memory.zeros;
    this.space.product(x, this.weights[`${name}.weight`].subarray(first * inner), bias.subarray(first), y, rows, inner, outer);
  }

  // What the heads found goes through the output matrix into the stream.
  close(block, part, x, rows) {
    const { d_model: d } = this.config, { memory } = this;
    this.linear(`${block}.${part}.output`, memory.context, memory.change, rows, d, d);
    add(x, memory.change, rows * d);
  }

  mlp(block, x, rows) {
    const { d_model: d, d_hidden: hidden } = this.config, { memory } = this;
    this.norm(`${block}.mlp_norm`, x, memory.normed, rows);
    this.linear(`${block}.mlp.up`, memory.normed, memory.wide, rows, d, hidden);
    this.space.gelu(memory.wide, rows * hidden);
    this.linear(`${block}.mlp.down`, memory.wide, memory.change, rows, hidden, d);
    add(x, memory.change, rows * d);
  }

  // Each head: weights = softmax(q · kᵀ / √d_head) over what is seen, context = weights · v, for the queries in rows [from, from + rows).
  attend({ q, qStride, k, kStride, values, weights, from, rows, keys, sees, off }) {
    const { d_model: d, n_heads: H } = this.config, { space, memory, headSize, stride } = this, wide = padded(keys), scale = 1 / Math.sqrt(headSize);
    for (let h = 0; h < H; h++) {
      const all = weights.subarray((h * stride + from) * stride), context = memory.context.subarray(h * headSize);
      space.product(q.subarray(h * headSize), k.subarray(h * headSize), memory.zeros, all, rows, headSize, wide,
        { xStride: qStride, wStride: kStride, yStride: stride });
      for (let row = 0; row < rows; row++) {
        const scores = all.subarray(row * stride, row * stride + wide);
        for (let j = 0; j < keys; j++) if (!sees(from + row, j)) scores[j] = -Infinity;
        space.softmax(scores, keys, scale);
      }
      space.product(all, values.subarray(h * headSize * stride), memory.zeros, context, rows, wide, headSize, { xStride: stride, wStride: stride, yStride: d });
      if (off.some(([, head]) => head === h)) {
        for (let row = 0; row < rows; row++) context.fill(0, row * d, row * d + headSize);
      }
    }
  }

  // Copies out of the memory, in the shapes that the caller was promised.
  result(S, T, computed) {
    const { n_layers: L, n_heads: H, vocab_size: V } = this.config, { memory, columns, stride } = this, logits = new Float32Array(T * V);
    for (let t = 0; t < T; t++) logits.set(memory.logits.subarray(t * columns, t * columns + V), t * V);
    const found = { sources: S, tokens: T, vocabulary: V, layers: L, heads: H, logits, computed };
    for (const [part, rows, keys] of [['encoder', S, S], ['decoder', T, T], ['cross', T, S]]) {
      found[part] = Array.from({ length: L }, (_, l) => {
        const all = new Float32Array(H * rows * keys), from = memory[part + l];
        for (let i = 0; i < H * rows; i++) {
          const at = (Math.floor(i / rows) * stride + i % rows) * stride;
          all.set(from.subarray(at, at + keys), i * keys);
        }
        return all;
      });
    }
    return found;
  }
}

// The architecture that is computed here, and every tensor of it.
function checkSeq2Seq(config, tensors) {
  checkConfig(config);
  const { vocab_size: V, d_model: d, n_layers: L, max_len: T, d_hidden: hidden, norm_first: first, start_id: start, tie_weights: tied, bias } = config;
  if (!first) throw new Error(`the page's Seq2Seq does not compute norm_first=${JSON.stringify(first)}, only true`);
  if (!(Number.isInteger(start) && start >= 0 && start < V)) throw new Error(`start_id=${start} is no token: ids are whole numbers from 0 to ${V - 1}`);
  const shapes = { 'token_embedding.weight': [V, d], 'position_embedding_source.weight': [T, d], 'position_embedding_target.weight': [T, d] };
  if (!tied) shapes['output.weight'] = [V, d];
  const put = (name, weight) => Object.assign(shapes, { [`${name}.weight`]: weight }, bias && { [`${name}.bias`]: weight.slice(0, 1) });
  const block = (name, attentions) => {
    for (const [attention, norm] of attentions) {
      put(`${name}.${norm}`, [d]);
      put(`${name}.${attention}.qkv`, [3 * d, d]);
      put(`${name}.${attention}.output`, [d, d]);
    }
    put(`${name}.mlp_norm`, [d]);
    put(`${name}.mlp.up`, [hidden, d]);
    put(`${name}.mlp.down`, [d, hidden]);
  };
  for (let l = 0; l < L; l++) {
    block(`encoder.${l}`, [['attention', 'attention_norm']]);
    block(`blocks.${l}`, [['attention', 'attention_norm'], ['cross_attention', 'cross_norm']]);
  }
  put('encoder_norm', [d]);
  put('final_norm', [d]);
  checkShapes(tensors, shapes);
}
