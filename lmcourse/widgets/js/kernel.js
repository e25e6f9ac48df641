// The product x · wᵀ + bias, the curve GELU and softmax, where nearly all of a Transformer's time goes, and the memory they work in.
// Two ways to the same numbers: WebAssembly, four numbers at a time, and plain JavaScript where that is missing.
import { gelu, softmax } from './layers.js';

// kernel.wat, assembled.
const KERNEL = 'AGFzbQEAAAABLQZgCn9/f39/f39/f38AYAR7e3t7AXtgAn9/AGADf399AGABewF7YAN7fXsBewMJCAABAgMEBAQFBQMBAAEHJQQGbWVtb3J5AgAHcHJvZHVjdAAA' +
  'BGdlbHUAAgdzb2Z0bWF4AAMK7gkI7wMCDX8NeyAFQQJ0IQUgB0ECdCEHIAhBAnQhCCAJQQJ0IQkDQEEAIQogACENIAMhDwNAIA0hDiAPIRAgCkEBaiAESQRAIA0g' +
  'B2ohDiAPIAlqIRALIA0hESAOIRIgASETIBMgCGohFCAUIAhqIRUgFSAIaiEWIBMgBWohDP0MAAAAAAAAAAAAAAAAAAAAACEcIBwhHSAcIR4gHCEfIBwhICAcISEg' +
  'HCEiIBwhIwNAIBP9AAQAIRggFP0ABAAhGSAV/QAEACEaIBb9AAQAIRsgEf0ABAAhFyAcIBcgGP3mAf3kASEcIB0gFyAZ/eYB/eQBIR0gHiAXIBr95gH95AEhHiAf' +
  'IBcgG/3mAf3kASEfIBL9AAQAIRcgICAXIBj95gH95AEhICAhIBcgGf3mAf3kASEhICIgFyAa/eYB/eQBISIgIyAXIBv95gH95AEhIyARQRBqIREgEkEQaiESIBRB' +
  'EGohFCAVQRBqIRUgFkEQaiEWIBNBEGoiEyAMSQ0ACyAPIAL9AAQAIBwgHSAeIB8QAf3kAf0LBAAgECAC/QAEACAgICEgIiAjEAH95AH9CwQAIA4gB2ohDSAQIAlq' +
  'IQ8gCkECaiIKIARJDQALIAEgCEECdGohASACQRBqIQIgA0EQaiEDIAtBBGoiCyAGSQ0ACwuVAQECeyAAIAH9DQABAgMQERITBAUGBxQVFhcgACAB/Q0ICQoLGBka' +
  'GwwNDg8cHR4f/eQBIQQgAiAD/Q0AAQIDEBESEwQFBgcUFRYXIAIgA/0NCAkKCxgZGhsMDQ4PHB0eH/3kASEFIAQgBf0NAAECAwQFBgcQERITFBUWFyAEIAX9DQgJ' +
  'CgsMDQ4PGBkaGxwdHh/95AELYgIBfwJ7IAAgAUECdGohAgNAIAD9AAQAIQMgA0MqQsy//RNDeSKSvf0TIAMgA/3mAf3mAf3kAf3mASEEIAAgA0MAAIA//RMgBBAG' +
  '/eQB/ecB/QsEACAAQRBqIgAgAkkNAAsLkgICAn8EeyAAIAFBA2pBfHFBAnRqIQRDAACA//0TIQf9DAAAAAABAAAAAgAAAAMAAAAhBSAAIQMDQCAD/QAEACAC/RP9' +
  '5gFDAACA//0TIAUgAf0R/Tn9UiEGIAMgBv0LBAAgByAG/ekBIQcgBUEE/RH9rgEhBSADQRBqIgMgBEkNAAsgByAHEAT96QEhByAHIAcQBf3pASEHIAAhAwNAIAP9' +
  'AAQAIAf95QEhBiAGEAYgBkMAAK7C/RP9RP1OIQYgAyAG/QsEACAIIAb95AEhCCADQRBqIgMgBEkNAAsgCCAIEAT95AEhCCAIIAgQBf3kASEIA0AgACAA/QAEACAI' +
  '/ecB/QsEACAAQRBqIgAgBEkNAAsLGAAgACAA/Q0ICQoLDA0ODwABAgMEBQYHCxgAIAAgAP0NBAUGBwABAgMMDQ4PCAkKCwupAQECe0MAAK5C/RNDAACuwv0TIAD9' +
  '6QH96AEhACAAQzuquD/9E/3mAf1qIQEgACABQwCAMT/9E/3mAf3lASABQ4OAXrn9E/3mAf3lASECIAH9+AFB/wD9Ef2uAUEX/asBIAJDAACAPyACQwAAgD8gAkMA' +
  'AAA/IAJDqqoqPiACQ8GpKj0gAkMIiQg8IAJDzkO3OkNoaVA5/RMQBxAHEAcQBxAHEAcQB/3mAQsQACAB/RMgACAC/eYB/eQBCw==';

const padded = floats => Math.ceil(floats / 4) * 4;              // 4 floats = 16 bytes: every array begins on a multiple

// One piece of memory, taken in parts and never given back. A page that makes models often drops the whole.
export class Workspace {
  // sizes: how many floats each array that will be taken has. wasm: false asks for plain JavaScript.
  constructor(sizes, { wasm = true } = {}) {
    const bytes = sizes.reduce((sum, floats) => sum + 4 * padded(floats), 0);
    this.kernel = wasm ? startKernel(bytes) : null;
    this.kind = this.kernel ? 'wasm' : 'javascript';
    this.buffer = this.kernel ? this.kernel.memory.buffer : new ArrayBuffer(bytes);
    this.used = 0;
  }

  take(floats) {
    const array = new Float32Array(this.buffer, this.used, floats);
    this.used += 4 * padded(floats);
    return array;
  }

  // y[t, o] = bias[o] + Σ_k x[t, k] · w[o, k]      x (rows, inner), w (outer, inner), y (rows, outer)
  // inner and outer are multiples of 4. A stride is the distance between two rows, where a row is part of a longer one.
  product(x, w, bias, y, rows, inner, outer, { xStride = inner, wStride = inner, yStride = outer } = {}) {
    if (inner % 4 || outer % 4) throw new Error(`a product of inner size ${inner} and outer size ${outer}: both must be multiples of 4`);
    if (!rows || !inner || !outer) return;
    if (this.kernel) {
      this.kernel.product(x.byteOffset, w.byteOffset, bias.byteOffset, y.byteOffset, rows, inner, outer, xStride, wStride, yStride);
    } else {
      productInJavaScript(x, w, bias, y, rows, inner, outer, xStride, wStride, yStride);
    }
  }

  // GELU of the first `count` numbers of x, in place. count is a multiple of 4.
  gelu(x, count) {
    if (count % 4) throw new Error(`gelu of ${count} numbers: they must be a multiple of 4`);
    if (!count) return;
    if (this.kernel) this.kernel.gelu(x.byteOffset, count);
    else gelu(x, count);
  }

  // The first `count` numbers of x become softmax(scale · x), in place; x goes on to the next multiple of 4 at least, with zeros there.
  // Where x is -Infinity the share is 0.
  softmax(x, count, scale) {
    if (x.length < padded(count)) throw new Error(`softmax of ${count} numbers needs room for ${padded(count)}, not ${x.length}`);
    if (!count) return;
    if (this.kernel) this.kernel.softmax(x.byteOffset, count, scale);
    else softmaxInJavaScript(x, count, scale);
  }
}

// The kernel with `bytes` of memory, or null where a browser, or a page's security policy, does not let it run.
function startKernel(bytes) {
  try {
    const code = Uint8Array.from(atob(KERNEL), letter => letter.charCodeAt(0));
    const kernel = new WebAssembly.Instance(new WebAssembly.Module(code)).exports;
    const missing = bytes - kernel.memory.buffer.byteLength;
    if (missing > 0) kernel.memory.grow(Math.ceil(missing / 65536));
    return kernel;
  } catch {
    return null;
  }
}

// Two rows of x times four rows of w: each number that is read is used more than once.
function productInJavaScript(x, w, bias, y, rows, inner, outer, xStride, wStride, yStride) {
  for (let o = 0; o < outer; o += 4) {
    const w0 = o * wStride, w1 = w0 + wStride, w2 = w1 + wStride, w3 = w2 + wStride;
    for (let t = 0; t < rows; t += 2) {
      const next = t + 1 < rows ? 1 : 0;                         // an odd last row is done twice
      const x0 = t * xStride, x1 = x0 + next * xStride;
      let s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
      for (let k = 0; k < inner; k++) {
        const a = x[x0 + k], b = x[x1 + k];
        const c = w[w0 + k], d = w[w1 + k], e = w[w2 + k], f = w[w3 + k];
        s00 += a * c; s01 += a * d; s02 += a * e; s03 += a * f;
        s10 += b * c; s11 += b * d; s12 += b * e; s13 += b * f;
      }
      const y0 = t * yStride + o, y1 = y0 + next * yStride;
      y[y0] = bias[o] + s00; y[y0 + 1] = bias[o + 1] + s01; y[y0 + 2] = bias[o + 2] + s02; y[y0 + 3] = bias[o + 3] + s03;
      y[y1] = bias[o] + s10; y[y1 + 1] = bias[o + 1] + s11; y[y1 + 2] = bias[o + 2] + s12; y[y1 + 3] = bias[o + 3] + s13;
    }
  }
}

function softmaxInJavaScript(x, count, scale) {
  for (let i = 0; i < count; i++) x[i] *= scale;
  softmax(x, count).fill(0, count, padded(count));
}
