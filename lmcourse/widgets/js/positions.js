// Where a token stands, as numbers: the same as lmcourse/models/positions.py, in double precision.

const BASE = 10000;

// Angle of pair i of `width / 2` at `position`.
export function angle(position, pair, width) {
  return position * BASE ** (-2 * pair / width);
}

// x + sinusoids: sin and cos in turn (Vaswani et al. 2017).
function added(x, position, width) {
  return Array.from({length: width}, (_, i) => x[i] + (i % 2 ? Math.cos : Math.sin)(angle(position, i >> 1, width)));
}

// Each pair (x[i], x[i + width / 2]) turned by its angle (Su et al. 2021).
function turned(x, position, width) {
  const half = width / 2, out = new Array(width);
  for (let i = 0; i < half; i++) {
    const c = Math.cos(angle(position, i, width)), s = Math.sin(angle(position, i, width));
    out[i] = x[i] * c - x[i + half] * s;
    out[i + half] = x[i] * s + x[i + half] * c;
  }
  return out;
}

export const slope = (head, heads) => 2 ** (-8 * (head + 1) / heads);      // of ALiBi (Press et al. 2022)

// The scores of one query and one key at every pair of `length` places: rows[i][j] for j <= i.
export function scores({kind, width, head, query, key}, length, heads) {
  const place = {sinusoidal: added, rope: turned}[kind] || ((x) => x.slice(0, width));
  const q = Array.from({length}, (_, i) => place(query, i, width)), k = Array.from({length}, (_, j) => place(key, j, width));
  const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
  return q.map((a, i) => k.slice(0, i + 1).map((b, j) => dot(a, b) / Math.sqrt(width) - (kind === "alibi" ? slope(head, heads) * (i - j) : 0)));
}

// How much the scores of one distance differ between places: the largest spread (largest - smallest) over all distances.
export function spread(rows) {
  let worst = 0;
  for (let d = 0; d < rows.length - 1; d++) {
    const line = rows.slice(d).map((row, i) => row[i]);
    worst = Math.max(worst, Math.max(...line) - Math.min(...line));
  }
  return worst;
}
