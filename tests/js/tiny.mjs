// A small random model for the tests, packed by a second hand: written from the description of the format, not from the packer.
import zlib from 'node:zlib';

// A generator of numbers in [0, 1) that gives the same ones for the same seed (mulberry32).
export function random(seed) {
  return () => {
    seed = (seed + 0x6D2B79F5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const CONFIG = { vocab_size: 263, d_model: 32, n_heads: 4, n_layers: 3, max_len: 29, d_hidden: 52 };

const byteLetters = () => {
  const shown = b => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, b) => String.fromCharCode(shown(b) ? b : next++));
};

export function tokenizerJson() {
  const merges = [['Ġ', 't'], ['Ġt', 'h'], ['Ġth', 'e'], ['e', 'r'], ['ä', '½'], ['ä½', 'ł']];
  const tokens = [...byteLetters(), ...merges.map(pair => pair.join('')), '<|endoftext|>'];
  return {
    normalizer: { type: 'Prepend', prepend: ' ' }, added_tokens: [{ id: tokens.length - 1, content: '<|endoftext|>', special: true }],
    model: { type: 'BPE', vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges },
  };
}

export function shapes({ vocab_size: V, d_model: d, n_layers: L, max_len: T, d_hidden: hidden }) {
  const all = { 'token_embedding.weight': [V, d], 'position_embedding.weight': [T, d], 'final_norm.weight': [d], 'final_norm.bias': [d] };
  for (let l = 0; l < L; l++) {
    for (const norm of ['attention_norm', 'mlp_norm']) all[`blocks.${l}.${norm}.weight`] = all[`blocks.${l}.${norm}.bias`] = [d];
    for (const [name, outer, inner] of [['attention.qkv', 3 * d, d], ['attention.output', d, d], ['mlp.up', hidden, d], ['mlp.down', d, hidden]]) {
      all[`blocks.${l}.${name}.weight`] = [outer, inner];
      all[`blocks.${l}.${name}.bias`] = [outer];
    }
  }
  return all;
}

// -> Buffer. named: the shape of each tensor; `change(header)` may spoil the header before it is written.
export function packed({ seed = 1, config = CONFIG, named = shapes(config), change = () => {} } = {}) {
  const next = random(seed), parts = [], tensors = {};
  let size = 0;
  const put = array => {
    const at = Math.ceil(size / 16) * 16, bytes = Buffer.from(array.buffer);
    parts.push(Buffer.alloc(at - size), bytes);
    size = at + bytes.length;
    return at;
  };
  for (const [name, shape] of Object.entries(named)) {
    const count = shape.reduce((a, b) => a * b);
    if (shape.length === 1) {
      tensors[name] = { type: 'float32', shape, offset: put(Float32Array.from({ length: count }, () => 2 * next() - 1)) };
    } else {
      tensors[name] = { type: 'int8', shape, offset: put(Int8Array.from({ length: count }, () => Math.floor(255 * next()) - 127)),
        scale_offset: put(Float32Array.from({ length: shape[0] }, () => (0.2 + 0.2 * next()) / 127)) };
    }
  }
  const payload = Buffer.concat(parts);
  const header = { config, tokenizer: tokenizerJson(), tensors, payload: { bytes: size, crc32: checksum(payload) } };
  change(header);
  const text = Buffer.from(JSON.stringify(header)), length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const head = Buffer.concat([Buffer.from('LMW1'), length, text]);
  return Buffer.concat([head, Buffer.alloc(-head.length & 15), payload]);
}

// Node 20.15 has zip's checksum; before that a bit-by-bit one, which is slow and has no table to get wrong.
function checksum(bytes) {
  if (zlib.crc32) return zlib.crc32(bytes).toString(16).padStart(8, '0');
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xEDB88320 & -(crc & 1));
  }
  return (~crc >>> 0).toString(16).padStart(8, '0');
}

export const largest = (a, b) => {
  if (a.length !== b.length) throw new Error(`${a.length} numbers against ${b.length}`);
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i] - b[i]);
    if (!(difference <= most)) most = difference;                // a NaN stays and fails every comparison
  }
  return most;
};
