// How the next token is chosen, as lmcourse/generation has it: the filters one by one, and beam search step by step. No DOM.
//   settings: {way: "greedy" | "sample" | "beam", temperature, top_k, top_p, min_p, repetition_penalty, beams, length_penalty};
//   top_k 0, top_p 1, min_p 0 and repetition_penalty 1 cut and change nothing.
import {softmax} from './bars.js';

export const FILTERS = ["top_k", "top_p", "min_p"];

// Logits with those of the ids in `seen` made smaller (Keskar et al., 2019).
export function penalised(logits, seen, penalty) {
  const out = Float64Array.from(logits);
  if (penalty !== 1) for (const id of new Set(seen)) out[id] = out[id] > 0 ? out[id] / penalty : out[id] * penalty;
  return out;
}

export function argmax(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

// {model, shaped, top_k, top_p, min_p: probabilities (V,) after each step, why: what cut each token, or ""}; min_p's are drawn from.
export function stages(logits, seen, settings) {
  const {way, temperature, top_k, top_p, min_p, repetition_penalty} = settings, greedy = way === "greedy", why = Array(logits.length).fill("");
  const scores = way === "beam" ? Float64Array.from(logits) : penalised(logits, seen, repetition_penalty);
  const shaped = softmax(way === "sample" ? scores.map((x) => x / temperature) : scores), found = {model: softmax(logits), shaped, why};
  const keep = (p, name, fits) => found[name] = renormalised(p.map((x, id) => {
    if (x > 0 && !fits(x, id) && !why[id]) why[id] = name;
    return why[id] ? 0 : x;
  }));
  if (way === "beam") return {...found, top_k: shaped, top_p: shaped, min_p: shaped};
  if (greedy) {
    const best = argmax(scores);
    keep(shaped, "greedy", (_, id) => id === best);
    return {...found, top_k: found.greedy, top_p: found.greedy, min_p: found.greedy};
  }
  const least = top_k ? Float64Array.from(shaped).sort().at(-Math.min(top_k, shaped.length)) : 0;
  keep(shaped, "top_k", (x) => x >= least);
  const nucleus = inNucleus(found.top_k, top_p);
  keep(found.top_k, "top_p", (_, id) => nucleus.has(id));
  const most = Math.max(...found.top_p);
  keep(found.top_p, "min_p", (x) => x >= min_p * most);
  return found;
}

// The likeliest ids that together reach `share`.
function inNucleus(p, share) {
  const order = Array.from(p.keys()).filter((id) => p[id] > 0).sort((a, b) => p[b] - p[a]), kept = new Set();
  let before = 0;
  for (const id of order) {
    if (share < 1 && before >= share) break;
    kept.add(id);
    before += p[id];
  }
  return kept;
}

function renormalised(p) {
  const all = p.reduce((sum, x) => sum + x, 0);
  return p.map((x) => x / all);
}

export const entropy = (p) => -p.reduce((sum, x) => sum + (x > 0 ? x * Math.log(x) : 0), 0);

// Beam search over one prompt, one token a call of `step`. ask(new ids) -> logits (V,); over(new ids) -> whether it has ended.
//   .history: [{running: [{total, ids, parent}], ended: [{total, score, ids, parent}]}, ...] a step; parent: a place in the running ones before
export class Beams {
  constructor({beams, length_penalty}, longest, ask, over) {
    Object.assign(this, {k: beams, penalty: length_penalty, longest, ask, over, running: [{total: 0, ids: []}], finished: [], history: [], done: false});
  }

  score({total, ids}) { return total / ids.length ** this.penalty; }

  step() {
    const {k, running, penalty} = this, n = this.history.length + 1, candidates = [];
    running.forEach(({total, ids}, parent) => {
      const logits = this.ask(ids), p = softmax(logits);
      for (const id of best(p, 2 * k)) candidates.push({total: total + Math.log(p[id]), ids: [...ids, id], parent});
    });
    const taken = candidates.sort((a, b) => b.total - a.total).slice(0, 2 * k), extended = [], ended = [];
    taken.forEach((each, place) => {
      if (!this.over(each.ids)) { if (extended.length < k) extended.push(each); } else if (place < k) ended.push({...each, score: this.score(each)});
    });
    this.finished = [...this.finished, ...ended].sort((a, b) => b.score - a.score).slice(0, k);
    this.running = extended;
    this.history.push({running: extended, ended});
    const hope = extended.length && extended[0].total / (penalty > 0 ? this.longest : n) ** penalty;
    this.done = !extended.length || n === this.longest || (this.finished.length === k && this.finished[k - 1].score >= hope);
  }

  // The texts as they stood after the first n steps, best first: [{score, total, ids, ended}].
  after(n) {
    const ended = this.history.slice(0, n).flatMap((step) => step.ended).sort((a, b) => b.score - a.score).slice(0, this.k);
    const going = n ? this.history[n - 1].running.map((each) => ({...each, score: this.score(each)})) : [];
    return [...ended.map((each) => ({...each, ended: true})), ...going].sort((a, b) => b.score - a.score);
  }
}

function best(p, n) {
  return Array.from(p.keys()).sort((a, b) => p[b] - p[a]).slice(0, n);
}
