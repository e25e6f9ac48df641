// The small functions between the products. All work in place on Float32Arrays whose rows follow one another.

// Each row: mean 0, variance 1, then a weight and a bias a column (Ba et al. 2016). x, y: (rows, width)
export function layerNorm(x, weight, bias, y, rows, width, epsilon = 1e-5) {
  for (let t = 0; t < rows; t++) {
    const at = t * width;
    let mean = 0, variance = 0;
    for (let i = 0; i < width; i++) mean += x[at + i];
    mean /= width;
    for (let i = 0; i < width; i++) variance += (x[at + i] - mean) ** 2;
    const factor = 1 / Math.sqrt(variance / width + epsilon);
    for (let i = 0; i < width; i++) y[at + i] = (x[at + i] - mean) * factor * weight[i] + bias[i];
  }
}

// GELU as GPT-2 has it (Hendrycks and Gimpel 2016): x/2 · (1 + tanh u) with u = √(2/π) · (x + 0.044715 x³).
// Half of 1 + tanh u is 1 / (1 + e^(-2u)): one exponential instead of a tanh.
export function gelu(x, count = x.length) {
  const c = -2 * Math.sqrt(2 / Math.PI);
  for (let i = 0; i < count; i++) {
    const v = x[i];
    x[i] = v / (1 + Math.exp(c * v * (1 + 0.044715 * v * v)));
  }
}

// GELU itself, x · Φ(x) (BERT): Φ from erf, Abramowitz and Stegun's 7.1.26, off by less than 1.5e-7.
export function geluExact(x, count = x.length) {
  for (let i = 0; i < count; i++) {
    const v = x[i], z = Math.abs(v) * Math.SQRT1_2, t = 1 / (1 + 0.3275911 * z);
    const rest = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp(-z * z);
    x[i] = 0.5 * v * (v < 0 ? rest : 2 - rest);
  }
}

// The first `count` numbers of x become shares that sum to 1. The largest is subtracted first, so that no exponential overflows.
export function softmax(x, count = x.length) {
  let largest = -Infinity, sum = 0;
  for (let i = 0; i < count; i++) if (x[i] > largest) largest = x[i];
  for (let i = 0; i < count; i++) sum += x[i] = Math.exp(x[i] - largest);
  for (let i = 0; i < count; i++) x[i] /= sum;
  return x;
}

// x += y
export function add(x, y, count = x.length) {
  for (let i = 0; i < count; i++) x[i] += y[i];
}
