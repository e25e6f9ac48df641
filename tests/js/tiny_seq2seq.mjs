// A small random Seq2Seq for the tests: an encoder-decoder of two layers and a vocabulary in two scripts.
import { packed } from './tiny.mjs';

const V = 41, MAX = 14, L = 2, H = 4, D = 32;
export const WORDS = ['<|endoftext|>', '.', ...Array.from({ length: 35 }, (_, i) => `word${i}`), '钥匙', '在', '花园', '里'];
export const TEXTS = { start: 'start', end: 'end' };
export const CONFIG = { vocab_size: V, d_model: D, n_heads: H, n_kv_heads: H, n_layers: L, max_len: MAX, d_hidden: 52, norm_first: true, norm_eps: 1e-5, start_id: 0,
  pad_id: 0, tie_weights: true, bias: true };
export const TOKENIZER = { model: { type: 'WordLevel', vocab: Object.fromEntries(WORDS.map((word, id) => [word, id])) },
  pre_tokenizer: { type: 'Split', pattern: { Regex: '[.?:]|[^\\s.?:]+' }, behavior: 'Removed', invert: true } };

function named() {
  const all = { 'token_embedding.weight': [V, D], 'position_embedding_source.weight': [MAX, D], 'position_embedding_target.weight': [MAX, D] };
  const put = (name, shape) => Object.assign(all, { [`${name}.weight`]: shape, [`${name}.bias`]: [shape[0]] });
  for (let l = 0; l < L; l++) {
    for (const [block, attentions] of [[`encoder.${l}`, ['attention']], [`blocks.${l}`, ['attention', 'cross_attention']]]) {
      for (const name of attentions) {
        put(`${block}.${name}.qkv`, [3 * D, D]);
        put(`${block}.${name}.output`, [D, D]);
        put(`${block}.${name.replace('_attention', '')}_norm`, [D]);
      }
      put(`${block}.attention_norm`, [D]); put(`${block}.mlp_norm`, [D]); put(`${block}.mlp.up`, [52, D]); put(`${block}.mlp.down`, [D, 52]);
    }
    put(`blocks.${l}.cross_norm`, [D]);
  }
  put('encoder_norm', [D]);
  put('final_norm', [D]);
  return all;
}

export const bytes = packed({ config: CONFIG, named: named(), change: header => { header.tokenizer = TOKENIZER; } });
