// The ten most probable next tokens as bars with numbers; a mark shows what the model said before it was changed.
import {h, remember, setText} from './dom.js';

export const SHOWN = 10;

// Indices of the n largest of `values`, largest first.
export function largest(values, n) {
  const best = [];
  for (let i = 0; i < values.length; i++) {
    if (best.length === n && values[i] <= values[best[n - 1]]) continue;
    let at = best.length;
    while (at > 0 && values[best[at - 1]] < values[i]) at--;
    best.splice(at, 0, i);
    if (best.length > n) best.pop();
  }
  return best;
}

// exp(x - max) / sum, in float64.
export function softmax(logits) {
  let most = -Infinity, sum = 0;
  for (const x of logits) if (x > most) most = x;
  const out = Float64Array.from(logits, (x) => Math.exp(x - most));
  for (const x of out) sum += x;
  return out.map((x) => x / sum);
}

const inPercent = (x) => x >= 0.1 ? x.toFixed(1) : x >= 0.01 ? x.toFixed(2) : "<0.01";

export function makeBars() {
  const list = h("ol", {class: "lm-bars"}), bars = Array.from({length: SHOWN}, makeBar);
  list.append(...bars.map(({node}) => node));

  // rows: [{label, probability, before}]; before is null where the model is as trained.
  function show(rows) {
    rows.forEach(({label, probability, before}, i) => {
      bars[i].word(label);
      bars[i].length(probability.toFixed(4));
      bars[i].before(before === null ? null : before.toFixed(4));
      bars[i].number(`${inPercent(100 * probability)} %`);
    });
  }
  return {element: list, show};
}

function makeBar() {
  const [word, bar, before, number] = ["lm-bar-word", "lm-bar", "lm-bar-before", "lm-bar-number"].map((name) => h("span", {class: name}));
  return {
    node: h("li", {}, word, h("span", {class: "lm-bar-track", "aria-hidden": "true"}, bar, before), number),
    word: remember((text) => setText(word, text)),
    length: remember((share) => { bar.style.transform = `scaleX(${share})`; }),
    before: remember((share) => {
      before.hidden = share === null;
      if (share !== null) before.style.left = `${100 * share}%`;
    }),
    number: remember((text) => setText(number, text)),
  };
}
