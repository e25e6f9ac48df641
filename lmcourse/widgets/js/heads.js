// All heads at a glance: a grid of small pictures, a row for each layer; click, or move with the arrow keys.
import {h, remember} from './dom.js';
import {drawThumbnails} from './heatmap.js';

const mark = (text) => h("span", {class: "lm-grid-mark", "aria-hidden": "true"}, text);

// choose(layer, head); columns: how many heads stand in a line
export function makeHeads(words, layers, heads, choose, columns = heads) {
  const buttons = [], writers = [], canvas = h("canvas", {"aria-hidden": "true"});       // the pictures lie under the buttons
  const grid = h("div", {class: "lm-heads", role: "radiogroup", "aria-label": words.heads}, canvas);
  grid.style.setProperty("--lm-columns", columns);
  if (columns === heads) grid.append(h("span"), ...Array.from({length: heads}, (_, head) => mark(words.headMark(head + 1))));
  for (let layer = 0; layer < layers; layer++) {
    const name = mark(words.layerMark(layer + 1));
    if (columns < heads) name.style.gridRow = `span ${Math.ceil(heads / columns)}`;
    grid.append(name);
    for (let head = 0; head < heads; head++) {
      const button = h("button", {type: "button", class: "lm-head", role: "radio", onclick: () => choose(layer, head)});
      buttons.push(button);
      writers.push(writersOf(button));
      grid.append(button);
    }
  }
  let seen = null, places = null;                                    // what was shown last; where the buttons are, null while hidden
  const explain = (event) => {                                       // a head's habit is worked out when it is asked for
    const i = buttons.indexOf(event.target.closest("button"));
    if (i >= 0 && seen) writers[i].title(`${seen.names[i]}: ${seen.describe(seen.weights[i])}`);
  };
  grid.addEventListener("pointerover", explain);
  grid.addEventListener("focusin", explain);
  grid.addEventListener("keydown", (event) => {
    const i = buttons.indexOf(event.target.closest("button"));
    const step = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns}[event.key];
    if (step === undefined || i < 0) return;
    event.preventDefault();
    const to = i + step;
    if (to < 0 || to >= buttons.length) return;
    choose(Math.floor(to / heads), to % heads);
    buttons[to].focus();
  });

  // To ask where buttons are makes the browser lay out the page: only when their grid has another size.
  new ResizeObserver(([{contentRect: {width, height}}]) => {
    places = width ? {width, height, of: buttons.map((b) => [b.offsetLeft + b.clientLeft, b.offsetTop + b.clientTop, b.clientWidth, b.clientHeight])} : null;
    draw();
  }).observe(grid);

  function draw() {
    if (seen && places) drawThumbnails(canvas, places, seen.weights.map((weights, i) => ({weights, place: places.of[i], off: seen.off[i]})), seen.T, seen.dark);
  }

  // attention[layer]: (H, T, T); off: set of "layer,head"
  function show(attention, T, chosenLayer, chosenHead, off, dark, describe) {
    seen = {describe, T, dark, names: [], weights: [], off: []};
    buttons.forEach((button, i) => {
      const layer = Math.floor(i / heads), head = i % heads, isOff = off.has(`${layer},${head}`), {name, turned, chosen} = writers[i];
      seen.names.push((isOff ? words.headOff : words.head)(layer + 1, head + 1));
      seen.weights.push(attention[layer].subarray(head * T * T, (head + 1) * T * T));
      seen.off.push(isOff);
      name(seen.names[i]);
      turned(isOff);
      chosen(layer === chosenLayer && head === chosenHead);
    });
    draw();
  }
  return {element: grid, show};
}

// For each thing that may change about a head's button, a function that writes only changes.
function writersOf(button) {
  return {
    name: remember((text) => button.setAttribute("aria-label", text)),
    title: remember((text) => { button.title = text; }),
    turned: remember((off) => button.classList.toggle("lm-off", off)),
    chosen: remember((is) => { button.setAttribute("aria-checked", is); button.tabIndex = is ? 0 : -1; }),
  };
}

// What a head mostly does in this sentence, from its numbers alone: {habit, share}. weights (T, T).
// bothSides: of an encoder, which may also look ahead.
export function habitOf(weights, T, bothSides = false) {
  const sum = {previous: 0, self: 0, first: 0, next: 0, last: 0};
  let strongest = 0;
  for (let row = 1; row < T; row++) {
    const at = row * T;
    sum.self += weights[at + row];
    if (row > 1) sum.previous += weights[at + row - 1];
    sum.first += weights[at];
    if (bothSides && row < T - 1) {
      sum.next += weights[at + row + 1];
      sum.last += weights[at + T - 1];
    }
    let most = 0;
    for (let column = 0; column < T; column++) most = Math.max(most, weights[at + column]);
    strongest += most;
  }
  const rows = Math.max(T - 1, 1), share = {previous: sum.previous / Math.max(T - 2, 1), self: sum.self / rows, first: sum.first / rows,
    ...bothSides && {next: sum.next / Math.max(T - 2, 1), last: sum.last / Math.max(T - 2, 1)}};
  const habit = Object.keys(share).reduce((a, b) => share[a] >= share[b] ? a : b);
  return share[habit] >= 0.4 ? {habit, share: share[habit]} : {habit: "spread", share: strongest / rows};
}
