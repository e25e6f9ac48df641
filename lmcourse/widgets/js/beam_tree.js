// The tree of a beam search: a column a token, a box a branch with its sum; branches that died out are pale, the best text's are bold.
import {h} from './dom.js';

const WIDE = 88, HIGH = 40, BOX_WIDE = 72, BOX_HIGH = 32;

// history: as in decoding.js, its first steps; best: the ids of the best text; label(id) -> text. Returns the number of rows.
export function drawTree(box, history, best, label) {
  const alive = aliveOnes(history), lines = [], nodes = [];
  let rows = 1;
  history.forEach(({running, ended}, n) => [...running, ...ended].forEach((each, row) => {
    const inBest = each.ids.every((id, i) => id === best[i]), name = `${inBest ? " lm-best" : alive.has(each) ? "" : " lm-dead"}${row >= running.length ? " lm-over" : ""}`;
    const from = n ? [n * WIDE - WIDE + BOX_WIDE, each.parent * HIGH + BOX_HIGH / 2] : null, to = [n * WIDE, row * HIGH + BOX_HIGH / 2];
    if (from) lines.push(h("path", {class: `lm-branch${name}`, d: `M${from}C${from[0] + 9},${from[1]},${to[0] - 9},${to[1]},${to}`}));
    nodes.push(h("div", {class: `lm-node${name}`, style: `left:${to[0]}px;top:${row * HIGH}px`}, h("b", {}, label(each.ids.at(-1))), h("span", {}, each.total.toFixed(2).replace("-", "−"))));
    rows = Math.max(rows, row + 1);
  }));
  const width = history.length * WIDE, height = rows * HIGH;
  box.replaceChildren(h("svg", {width, height, "aria-hidden": "true"}, lines), ...nodes);
  box.style.width = `${width}px`;
  box.style.height = `${height}px`;
  return rows;
}

// The branches from which some text that still runs, or that ended, has grown.
function aliveOnes(history) {
  const alive = new Set(history.at(-1)?.running);
  for (let n = history.length - 1; n >= 0; n--) {
    for (const each of history[n].ended) alive.add(each);
    if (n) for (const each of [...history[n].running, ...history[n].ended]) if (alive.has(each)) alive.add(history[n - 1].running[each.parent]);
  }
  return alive;
}
