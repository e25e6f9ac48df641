// Every vector that a GPT makes for one token, from its embedding to the probability of the next: what OneSentence shows. No DOM.
// engine.js runs the model and keeps the stream between the layers; what lies inside a layer is computed here again, for one
// position, from the same weights and by the same small functions (layers.js).
import {gelu, layerNorm} from './layers.js';
import {dequantise} from './weights.js';
import {normed} from './logit_math.js';
import {softmax} from './bars.js';

const rowOf = (rows, t, width) => rows.subarray(t * width, (t + 1) * width);
const sum = (...vectors) => Float32Array.from(vectors[0], (_, i) => vectors.reduce((total, x) => total + x[i], 0));

// bias + w · x for rows [from, from + count) of w, whose rows are `stride` long; x meets the columns from `column` on.
function product(w, bias, x, {from = 0, count, stride = x.length, column = 0}) {
  return Float32Array.from({length: count}, (_, o) => {
    const at = (from + o) * stride + column;
    let total = bias ? bias[from + o] : 0;
    for (let k = 0; k < x.length; k++) total += w[at + k] * x[k];
    return total;
  });
}

// What enters the first layer: the token's vector, the position's, and their sum, (d,) each.
export function embedded(gpt, id, t) {
  const d = gpt.config.d_model, token = dequantise(gpt.embedding, new Float32Array(d), id, id + 1), position = rowOf(gpt.memory.positions, t, d).slice();
  return {token, position, stream: sum(token, position)};
}

// Layer l at position t, from what `gpt.run(ids, {residual: true})` gave: all that the layer computes, in order.
//   before, normed (d,)    heads: [{weights (t + 1,), written (d,)}]    bias (d,): what the attention adds whoever looks where
//   middle, normedMiddle (d,)    hidden (d_hidden,), after GELU    mlp, after (d,)
export function layerAt(gpt, {residual, attention, tokens: T}, l, t) {
  const {d_model: d, n_heads: H} = gpt.config, size = gpt.headSize, of = (name) => gpt.weights[`blocks.${l}.${name}`];
  const norm = (name, x) => {
    const y = new Float32Array(x.length);
    layerNorm(x, of(`${name}.weight`), of(`${name}.bias`) ?? new Float32Array(d), y, x.length / d, d);
    return y;
  };
  const seen = norm("attention_norm", residual[l].subarray(0, (t + 1) * d)), before = rowOf(residual[l], t, d).slice();
  const heads = Array.from({length: H}, (_, head) => {
    const weights = attention[l].slice((head * T + t) * T, (head * T + t) * T + t + 1), mixed = new Float32Array(d);
    weights.forEach((weight, j) => { for (let i = 0; i < d; i++) mixed[i] += weight * seen[j * d + i]; });
    // values are linear: the mixture of the values is the value of the mixture, as the weights sum to 1
    const context = product(of("attention.qkv.weight"), of("attention.qkv.bias"), mixed, {from: 2 * d + head * size, count: size});
    return {weights, written: product(of("attention.output.weight"), null, context, {count: d, stride: d, column: head * size})};
  });
  const bias = Float32Array.from(of("attention.output.bias") ?? new Float32Array(d));
  const middle = sum(before, bias, ...heads.map(({written}) => written)), normedMiddle = norm("mlp_norm", middle);
  const hidden = product(of("mlp.up.weight"), of("mlp.up.bias"), normedMiddle, {count: gpt.hidden});
  gelu(hidden);
  const mlp = product(of("mlp.down.weight"), of("mlp.down.bias"), hidden, {count: d});
  return {before, normed: rowOf(seen, t, d), heads, bias, middle, normedMiddle, hidden, mlp, after: sum(middle, mlp)};
}

// The logit lens (nostalgebraist 2020): the next word's probabilities if the model had to speak before layer 0, 1, ... and at its end: [l] (V,)
export function lens(gpt, residual, t) {
  return residual.map((rows) => softmax(product(gpt.memory.output, null, normed(gpt, rows, t), {count: gpt.config.vocab_size})));
}

// A token as a word of the story world, or null where it is none: " Anna" is "Anna", "." is "."
export function wordOf(tokenizer, id) {
  const text = tokenizer.text(id);
  if (id === tokenizer.endId || /^[.?:]$/.test(text)) return text;
  return /^ \S+$/.test(text) ? text.slice(1) : null;
}

// The world's own probabilities {word: p} of what follows position t, or null where the text is not the story that they were computed for.
// exact: [[word, {next word: p}], ...], from the start token on; words: those of the text, as wordOf gives them.
export function exactAt(exact, words, t) {
  if (t >= exact.length) return null;
  for (let i = 0; i <= t; i++) if (exact[i][0] !== words[i]) return null;
  return exact[t][1];
}

// The bytes of a token, or null for one that stands for none (<|endoftext|>).
export function bytesOf(tokenizer, id) {
  if (id === tokenizer.endId) return null;
  const text = tokenizer.text(id);
  return /^(<0x[0-9A-F]{2}>)+$/.test(text) ? text.match(/[0-9A-F]{2}(?=>)/g).map((hex) => parseInt(hex, 16)) : [...new TextEncoder().encode(text)];
}
