// Random numbers that the page and Python share (lmcourse/generation/draws.py): mulberry32, 32 bits of state.

export class Draws {
  constructor(seed) { this.state = seed | 0; }

  // The next number in [0, 1), a multiple of 2 ** -32.
  next() {
    this.state = (this.state + 0x6D2B79F5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
}

// Which token a draw falls on: probabilities p (V,) laid end to end in the order of their ids.
export function fallsOn(p, draw) {
  let all = 0, sum = 0;
  for (const x of p) all += x;
  for (let id = 0; id < p.length; id++) {
    sum += p[id];
    if (sum > draw * all) return id;
  }
  return p.length - 1;
}
