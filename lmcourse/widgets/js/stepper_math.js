// Self-attention in plain numbers, every matrix kept: what AttentionStepper shows. No DOM.

const product = (a, b) => a.map((row) => b[0].map((_, j) => row.reduce((sum, x, i) => sum + x * b[i][j], 0)));
const transposed = (a) => a[0].map((_, j) => a.map((row) => row[j]));

// e^(x - largest) / sum; what is -Infinity gets 0.
function softmax(row) {
  const most = Math.max(...row), powers = row.map((x) => Math.exp(x - most)), sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((x) => x / sum);
}

// vectors (T, d), w_q, w_k, w_v (d, d_k) -> every matrix on the way: q, k, v (T, d_k), scores, scaled, masked, weights (T, T), output (T, d_k).
export function attend({vectors, w_q, w_k, w_v, causal, scaled: divides}) {
  const [q, k, v] = [w_q, w_k, w_v].map((w) => product(vectors, w)), divisor = divides ? Math.sqrt(q[0].length) : 1;
  const scores = product(q, transposed(k)), scaled = scores.map((row) => row.map((x) => x / divisor));
  const masked = scaled.map((row, i) => row.map((x, j) => causal && j > i ? -Infinity : x));
  const weights = masked.map(softmax);
  return {vectors, w_q, w_k, w_v, q, k, v, scores, scaled, masked, weights, output: product(weights, v), divisor};
}

// What one number is made of: {kind, terms: [[a, b], ...] whose products are summed, from: the cells [matrix, row, column] they stand in}.
export function madeOf(name, i, j, m) {
  const pairs = (left, right, cells) => ({kind: "sum", terms: left.map((x, n) => [x, right[n]]), from: cells});
  if (name in SOURCE) {
    const w = SOURCE[name];
    return pairs(m.vectors[i], m[w].map((row) => row[j]), m.vectors[i].flatMap((_, n) => [["vectors", i, n], [w, n, j]]));
  }
  if (name === "scores") return pairs(m.q[i], m.k[j], m.q[i].flatMap((_, n) => [["q", i, n], ["k", j, n]]));
  if (name === "output") return pairs(m.weights[i], m.v.map((row) => row[j]), m.v.flatMap((_, n) => [["weights", i, n], ["v", n, j]]));
  if (name === "scaled") return {kind: "scaled", from: [["scores", i, j]]};
  if (name === "masked") return {kind: m.masked[i][j] === -Infinity ? "hidden" : "kept", from: [["scaled", i, j]]};
  if (name === "weights") return {kind: "share", from: m.masked[i].map((_, n) => ["masked", i, n])};
  return {kind: "input", from: []};
}

export const SOURCE = {q: "w_q", k: "w_k", v: "w_v"};

// 0.7333 -> "0.73", -12.3 -> "−12.3": at most six characters.
export function plain(x) {
  if (x === -Infinity) return "−∞";
  const size = Math.abs(x), digits = size >= 100 ? 0 : size >= 10 ? 1 : 2, text = size >= 1e5 ? size.toExponential(0).replace("e+", "e") : size.toFixed(digits);
  return (x < 0 && Number(text) !== 0 ? "−" : "") + text;
}

// The reader's text as a number from -10 to 10, or null: "−0,5" is -0.5.
export function read(text) {
  const tidy = text.trim().replace("−", "-").replace(",", ".");
  return /^-?(\d+\.?\d*|\.\d+)$/.test(tidy) && Math.abs(+tidy) <= 10 ? +tidy : null;
}

// Numbers for a word that is new: as many as the others have, different for each place.
export const fresh = (at, d) => Array.from({length: d}, (_, n) => [1, -1, 0.5][(at + n) % 3]);
