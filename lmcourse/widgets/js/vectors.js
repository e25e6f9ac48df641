// Word vectors: rows of length 1, cosines, nearest words, the two directions in which they differ most. No DOM.

// base64 of int8 (n, d) -> float64 rows of length 1, one after the other.
export function fromInt8(base64, d) {
  const bytes = Int8Array.from(atob(base64), (letter) => letter.charCodeAt(0) << 24 >> 24);
  return normalised(Float64Array.from(bytes), d);
}

// Rows (n, d) brought to length 1, in place.
export function normalised(rows, d) {
  for (let at = 0; at < rows.length; at += d) {
    let square = 0;
    for (let i = at; i < at + d; i++) square += rows[i] * rows[i];
    const length = Math.sqrt(square) || 1;
    for (let i = at; i < at + d; i++) rows[i] /= length;
  }
  return rows;
}

export const rowOf = (rows, d, i) => rows.subarray(i * d, (i + 1) * d);

// The cosine of each row with `query` (d,): {i, cosine}, largest first; `without`: rows that may not be answers.
export function nearest(rows, d, query, without = []) {
  const [unit, left] = [normalised(Float64Array.from(query), d), new Set(without)], found = [];
  for (let i = 0; i * d < rows.length; i++) {
    if (left.has(i)) continue;
    let cosine = 0;
    for (let k = 0; k < d; k++) cosine += rows[i * d + k] * unit[k];
    found.push({i, cosine});
  }
  return found.sort((a, b) => b.cosine - a.cosine);
}

// a - b + c of three rows.
export function combine(rows, d, [a, b, c]) {
  return Float64Array.from({length: d}, (_, k) => rows[a * d + k] - rows[b * d + k] + rows[c * d + k]);
}

// Principal components (Pearson 1901): {points: [[x, y], ...], share of the variance that the two directions keep}.
export function flatten(rows, d) {
  const n = rows.length / d, mean = new Float64Array(d);
  for (let i = 0; i < rows.length; i++) mean[i % d] += rows[i] / n;
  const centred = rows.map((x, i) => x - mean[i % d]), spread = Array.from({length: d}, () => new Float64Array(d));
  for (let i = 0; i < n; i++) {
    for (let a = 0; a < d; a++) for (let b = 0; b <= a; b++) spread[a][b] += centred[i * d + a] * centred[i * d + b];
  }
  for (let a = 0; a < d; a++) for (let b = 0; b < a; b++) spread[b][a] = spread[a][b];
  const {values, columns} = eigen(spread), order = Array.from(values.keys()).sort((a, b) => values[b] - values[a]);
  const axes = [order[0], order[1] ?? order[0]].map((k) => columns.map((row) => row[k]));
  const points = Array.from({length: n}, (_, i) => axes.map((axis) => axis.reduce((sum, x, k) => sum + x * centred[i * d + k], 0)));
  for (const k of [0, 1]) {                                         // a direction has no sign: let the farthest point be positive
    const far = points.reduce((best, p) => Math.abs(p[k]) > Math.abs(best) ? p[k] : best, 0);
    if (far < 0) for (const p of points) p[k] = -p[k];
  }
  const all = values.reduce((sum, x) => sum + x, 0);
  return {points, share: all ? (values[order[0]] + (d > 1 ? values[order[1]] : 0)) / all : 1};
}

// Jacobi's method (1846): turn a symmetric matrix until all but its diagonal is nearly zero. columns[row][k]: the k-th direction.
function eigen(matrix) {
  const n = matrix.length, columns = Array.from({length: n}, (_, i) => Float64Array.from({length: n}, (_, k) => i === k ? 1 : 0));
  const size = Math.sqrt(matrix.reduce((sum, row) => row.reduce((s, x) => s + x * x, sum), 0)) || 1;
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += matrix[p][q] ** 2;
    if (Math.sqrt(off) < 1e-9 * size) break;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) if (Math.abs(matrix[p][q]) > 1e-12 * size) turn(matrix, columns, p, q);
  }
  return {values: Float64Array.from({length: n}, (_, i) => matrix[i][i]), columns};
}

function turn(matrix, columns, p, q) {
  const P = matrix[p], Q = matrix[q], tau = (Q[q] - P[p]) / (2 * P[q]), t = Math.sign(tau || 1) / (Math.abs(tau) + Math.hypot(1, tau));
  const c = 1 / Math.hypot(1, t), s = t * c;
  for (const rows of [matrix, columns]) {
    for (const row of rows) [row[p], row[q]] = [c * row[p] - s * row[q], s * row[p] + c * row[q]];
  }
  for (let k = 0; k < P.length; k++) [P[k], Q[k]] = [c * P[k] - s * Q[k], s * P[k] + c * Q[k]];
}
