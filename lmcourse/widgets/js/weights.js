// A packed model, as lmcourse/widgets/weights.py writes it:
//
//     'LMW1' | length of the header, 4 bytes, little-endian | header, JSON in UTF-8 | zeros up to a multiple of 16 | payload
//
// The header holds {config, tokenizer, tensors, payload: {bytes, crc32}}. A tensor lies in the payload as float32, or as
// int8 with one float32 scale a row: number = int8 * scale, exactly the number that the model's float16 file holds.

// bytes: ArrayBuffer, Uint8Array or DataView -> {config, tokenizer, tensors: {name: {type, shape, values, scales}}}
export function unpack(bytes) {
  bytes = ArrayBuffer.isView(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes);
  if (bytes.byteOffset % 4) bytes = new Uint8Array(bytes);       // a copy: arrays of floats must begin on a multiple of 4
  const { header, start } = readHeader(bytes);
  const payload = bytes.subarray(start);
  checkPayload(header.payload, payload);
  const tensors = {};
  for (const [name, entry] of Object.entries(header.tensors)) {
    tensors[name] = readTensor(name, entry, payload);
  }
  return { config: header.config, tokenizer: header.tokenizer, tensors };
}

// base64 -> Uint8Array: weights travel in a script as text, because a page from file:// may not fetch.
export function fromBase64(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
}

// Writes rows [from, to) of a tensor as float32 into `target`, one row after the other.
export function dequantise({ shape, values, scales }, target, from = 0, to = shape[0]) {
  const width = shape.slice(1).reduce((a, b) => a * b, 1);       // 1 for a vector
  for (let row = from, at = 0; row < to; row++) {
    const scale = scales ? scales[row] : 1;
    for (let i = row * width; i < (row + 1) * width; i++) target[at++] = values[i] * scale;
  }
  return target;
}

function readHeader(bytes) {
  const magic = String.fromCharCode(...bytes.subarray(0, 4));
  if (magic !== 'LMW1') {
    throw new Error(`these are not packed weights: they begin with ${JSON.stringify(magic)}, packed weights begin with "LMW1"`);
  }
  const length = bytes.length < 8 ? Infinity : new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  if (8 + length > bytes.length) {
    throw new Error(`the packed weights are cut off in their header: there are ${bytes.length} bytes, the header ends at byte ${8 + length}`);
  }
  let header;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length)));
  } catch {
    throw new Error('the packed weights are damaged: their header is not JSON; load the file again');
  }
  for (const key of ['config', 'tokenizer', 'tensors', 'payload']) {
    if (!(key in header)) throw new Error(`the packed weights are damaged: their header has no ${JSON.stringify(key)}`);
  }
  return { header, start: Math.ceil((8 + length) / 16) * 16 };
}

function checkPayload(expected, payload) {
  if (payload.length !== expected.bytes) {
    throw new Error(`the packed weights are ${payload.length < expected.bytes ? 'cut off' : 'too long'}: ` +
      `the header announces ${expected.bytes} bytes after it, there are ${payload.length}`);
  }
  const found = crc32(payload);
  if (found !== expected.crc32) {
    throw new Error(`the packed weights are damaged: checksum ${found}, the header says ${expected.crc32}; load the file again`);
  }
}

function readTensor(name, { type, shape, offset, scale_offset: scaleOffset }, payload) {
  const Type = { int8: Int8Array, float32: Float32Array }[type];
  if (!Type) throw new Error(`tensor ${name} has type ${JSON.stringify(type)}; packed weights hold int8 and float32`);
  const view = (Kind, at, count) => {
    if (!(at >= 0 && at + count * Kind.BYTES_PER_ELEMENT <= payload.length)) {
      throw new Error(`the packed weights are damaged: tensor ${name} lies outside the ${payload.length} bytes of the payload`);
    }
    return new Kind(payload.buffer, payload.byteOffset + at, count);
  };
  const values = view(Type, offset, shape.reduce((a, b) => a * b, 1));
  return { type, shape, values, scales: type === 'int8' ? view(Float32Array, scaleOffset, shape[0]) : null };
}

// The checksum of zip and PNG files (polynomial 0xEDB88320), eight hexadecimal digits.
export function crc32(bytes) {
  const table = Uint32Array.from({ length: 256 }, (_, n) => {
    for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xEDB88320 : n >>> 1;
    return n;
  });
  let crc = 0xFFFFFFFF;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ table[(crc ^ bytes[i]) & 255];
  return ((crc ^ 0xFFFFFFFF) >>> 0).toString(16).padStart(8, '0');
}
