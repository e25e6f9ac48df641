// Norms and a deep stack, in double precision: the same numbers as torch and lmcourse/interpret/depth.py.

export const NORMS = ["layer", "rms", "document"];
const WIDTH = 32, INPUTS = 8;

export const mean = (x) => x.reduce((sum, v) => sum + v, 0) / x.length;
export const rms = (x) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length);

// The steps of LayerNorm, and the three outputs; gain and bias are one number each.
export function normalised(x, {eps, gain, bias}) {
  const mu = mean(x), centred = x.map((v) => v - mu), variance = mean(centred.map((v) => v * v)), sigma = Math.sqrt(variance + eps);
  const unit = centred.map((v) => v / sigma), size = Math.sqrt(mean(x.map((v) => v * v)) + eps);
  return {mu, centred, variance, sigma, size, layer: unit.map((v) => gain * v + bias), rms: x.map((v) => gain * v / size),
    document: x.map((v, i) => v + unit[i])};
}

// The largest change of each output when the vector is changed: {layer, rms, document}.
export function changes(x, altered, settings) {
  const [a, b] = [normalised(x, settings), normalised(altered, settings)];
  return Object.fromEntries(NORMS.map((name) => [name, Math.max(...a[name].map((v, i) => Math.abs(v - b[name][i])))]));
}

// Standard deviation after `times` applications, each to the output of the last, with gain 1 and bias 0.
export function again(x, name, times, eps) {
  for (let n = 0; n < times; n++) x = normalised(x, {eps, gain: 1, bias: 0})[name];
  const mu = mean(x);
  return rms(x.map((v) => v - mu));
}

// `count` numbers of variance 1, evenly from -√3 to √3 (mulberry32), as interpret/depth.py draws them.
export function drawn(seed, count) {
  return Float64Array.from({length: count}, () => {
    seed = (seed + 0x6D2B79F5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (2 * (((t ^ (t >>> 14)) >>> 0) / 2 ** 32) - 1) * Math.sqrt(3);
  });
}

// A norm of the stack (gain 1, bias 0): its output, and the function that takes a gradient of the output back to the input.
function normOf(name, x) {
  const n = x.length, centre = name === "rms" ? 0 : mean(x), centred = x.map((v) => v - centre);
  const sigma = Math.sqrt(mean(centred.map((v) => v * v)) + 1e-5), unit = centred.map((v) => v / sigma);
  const back = (g) => {
    const along = g.reduce((sum, v, i) => sum + v * unit[i], 0) / n, middle = name === "rms" ? 0 : mean(g);
    return g.map((v, i) => (v - middle - unit[i] * along) / sigma + (name === "document" ? v : 0));
  };
  return {out: name === "document" ? x.map((v, i) => v + unit[i]) : unit, back};
}

const through = (x, W, at) => x.map((_, i) => { let sum = 0; for (let j = 0; j < WIDTH; j++) sum += W[at + i * WIDTH + j] * x[j]; return sum; });
const backwards = (g, W, at) => g.map((_, j) => { let sum = 0; for (let i = 0; i < WIDTH; i++) sum += W[at + i * WIDTH + j] * g[i]; return sum; });
const add = (a, b) => a.map((v, i) => v + b[i]);

// Signal and gradient by depth: {signal, gradient}, each of layers + 1 root mean squares over all inputs.
export function byDepth({layers, residual, place, norm, scale, seed}) {
  const W = Float32Array.from(drawn(seed, layers * WIDTH * WIDTH), (v) => v * scale / Math.sqrt(WIDTH));
  const inputs = drawn(seed + 1000, INPUTS * WIDTH), mix = drawn(seed + 2000, INPUTS * WIDTH), skip = residual === "on";
  const signal = new Float64Array(layers + 1), gradient = new Float64Array(layers + 1);
  const count = (sums, depth, x) => { for (const v of x) sums[depth] += v * v / (INPUTS * WIDTH); };
  for (let n = 0; n < INPUTS; n++) {
    let x = Array.from(inputs.subarray(n * WIDTH, (n + 1) * WIDTH)), g = Array.from(mix.subarray(n * WIDTH, (n + 1) * WIDTH));
    const kept = [];
    count(signal, 0, x);
    for (let l = 0; l < layers; l++) {
      const before = place === "before" ? normOf(norm, x) : null, h = through(before ? before.out : x, W, l * WIDTH * WIDTH);
      const written = h.map((v) => Math.max(v, 0)), sum = skip ? add(x, written) : written, after = place === "after" ? normOf(norm, sum) : null;
      kept.push({before, h, after});
      x = after ? after.out : sum;
      count(signal, l + 1, x);
    }
    count(gradient, layers, g);
    for (let l = layers - 1; l >= 0; l--) {
      const {before, h, after} = kept[l], whole = after ? after.back(g) : g;
      const read = backwards(whole.map((v, i) => h[i] > 0 ? v : 0), W, l * WIDTH * WIDTH), branch = before ? before.back(read) : read;
      g = skip ? add(whole, branch) : branch;
      count(gradient, l, g);
    }
  }
  return {signal: Array.from(signal, Math.sqrt), gradient: Array.from(gradient, Math.sqrt)};
}
