// The output layer in plain numbers, from what the engine keeps: what LogitLab shows. No DOM.
import {layerNorm} from './layers.js';
import {dequantise} from './weights.js';
import {largest} from './bars.js';

export const length = (x) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));

// The stream's row t (d,) after the final norm.
export function normed(gpt, residual, t) {
  const d = gpt.config.d_model, y = new Float32Array(d), {weights} = gpt;
  layerNorm(residual.subarray(t * d, (t + 1) * d), weights["final_norm.weight"], weights["final_norm.bias"] ?? new Float32Array(d), y, 1, d);
  return y;
}

// The logit of `id` taken apart: its products, largest first, {channel, x, e, product}.
export function products(gpt, x, id) {
  const e = dequantise(gpt.embedding, new Float32Array(x.length), id, id + 1), all = Array.from(x, (v, c) => ({channel: c, x: v, e: e[c], product: v * e[c]}));
  return largest(all.map(({product}) => Math.abs(product)), all.length).map((i) => all[i]);
}

// log q of every token but the first, given those before it: (T - 1,)
export function scores({logits, vocabulary: V, tokens: T}, ids) {
  return Array.from({length: T - 1}, (_, t) => {
    const row = logits.subarray(t * V, (t + 1) * V), most = row.reduce((a, b) => Math.max(a, b), -Infinity);
    return row[ids[t + 1]] - most - Math.log(row.reduce((sum, z) => sum + Math.exp(z - most), 0));
  });
}
