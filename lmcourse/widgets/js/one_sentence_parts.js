// The elements of OneSentence: a row a stage, each with its name, its picture, its number and the way to the widget that explains it.
import {h, remember, setText} from './dom.js';
import {makeStrip} from './strip.js';
import {drawThumbnail} from './heatmap.js';

// Strips by section, with the stage whose explanation they share. hidden and logits are not of the stream's width.
export const STRIPS = {
  in: {embedding: "embedding", position: "position", stream: null},
  layer: {before: null, normed: "norm", bias: null, middle: "stream", normedMiddle: "norm", hidden: "mlp", mlp: "mlp", after: null},
  out: {final: "norm", logits: "logits"},
};
export const SHOWN = 8;                                             // next words in the table
export const GUESSES = 3;                                           // words of the lens after each layer

let made = 0;

export function build(words, config, on) {
  const id = `lm-one-${++made}-${Math.random().toString(36).slice(2, 8)}`, parts = {rows: {}, ways: {}};
  parts.strips = {};
  for (const [stage, explained] of Object.values(STRIPS).flatMap(Object.entries)) {
    parts.strips[stage] = makeStrip({peek: (i) => on.peek(stage, i), pick: (i) => on.pick(stage, i)});
    parts.rows[stage] = makeRow(stage, explained, parts.strips[stage].element);
  }
  for (const stage of ["bytes", "token"]) {
    parts[stage] = h("div", {class: "lm-one-chips"});
    parts.rows[stage] = makeRow(stage, stage, parts[stage]);
  }
  parts.heads = makeHeads(parts, words, config, on);
  parts.lens = h("table", {class: "lm-table lm-one-lens"});
  parts.next = h("table", {class: "lm-table lm-one-next"});
  const elements = (names) => names.map((name) => parts.rows[name].element);
  const outcome = h("div", {class: "lm-one-outcome"}, parts.next, parts.comes = h("p", {}), parts.world = h("p", {class: "lm-soft"}));
  const part = (name, heading, ...rows) => h("div", {class: `lm-one-part lm-one-${name}`},
    h("div", {class: "lm-one-heading"}, h("span", {}, words.parts[name]), heading), rows.flat());
  parts.root = h("section", {class: "lm-figure lm-one", "aria-label": words.title, "data-state": "loading"}, top(parts, words, id, on),
    part("in", null, elements(["bytes", "token", "embedding", "position", "stream"])),
    part("layer", stepper(parts, words, config, id, on), elements(["before", "normed"]), parts.heads.element,
      elements(["bias", "middle", "normedMiddle", "hidden", "mlp", "after"])),
    part("out", null, named(parts, words, "lens", "lens", parts.lens), elements(["final", "logits"]), named(parts, words, "probability", "surprise", outcome)),
    numbers(parts, words, id, on),
    parts.spoken = h("p", {class: "lm-spoken", role: "status"}));
  return parts;
}

function top(parts, words, id, on) {
  parts.input = h("textarea", {id: `${id}-text`, class: "lm-one-input", rows: "2", spellcheck: "false", autocomplete: "off", autocapitalize: "off",
    "aria-describedby": `${id}-message`, oninput: () => on.type(parts.input.value)});
  parts.list = h("div", {class: "lm-one-tokens", role: "listbox", "aria-label": words.tokens, "aria-orientation": "horizontal",
    onkeydown: (event) => on.move(event)});
  return h("div", {class: "lm-one-top"}, h("label", {for: parts.input.id}, words.sentence), parts.input,
    parts.message = h("p", {class: "lm-message lm-one-message", id: `${id}-message`, role: "status"}),
    parts.list, h("p", {class: "lm-soft lm-one-follow"}, words.follow));
}

function stepper(parts, words, config, id, on) {
  parts.layers = Array.from({length: config.n_layers}, (_, l) =>
    h("input", {type: "radio", name: `${id}-layer`, value: l, onchange: () => on.set({layer: l})}));
  return h("div", {class: "lm-one-layers", role: "radiogroup", "aria-label": words.layer}, h("span", {"aria-hidden": "true"}, words.layer),
    parts.layers.map((input, l) => h("label", {}, input, h("span", {}, String(l + 1)))));
}

// A stage's place: name and note at the left, the picture in the middle, the number and the way at the right.
function makeRow(stage, explained, picture) {
  const [name, note, number, way] = ["name", "note", "number", "way"].map((each) => h("span", {class: `lm-one-${each}`}));
  note.classList.add("lm-soft");
  const element = h("div", {class: "lm-one-row", "data-stage": stage}, name, note, h("div", {class: "lm-one-picture"}, picture), number, way);
  const write = (node) => remember((text) => setText(node, text));
  return {element, way, explained, name: write(name), note: write(note), number: write(number)};
}

// A stage whose picture is a table, under its name.
function named(parts, words, stage, explained, picture) {
  const way = h("span", {class: "lm-one-way"}), note = h("span", {class: "lm-soft"});
  parts.rows[stage] = {way, explained, note: remember((text) => setText(note, text))};
  return h("div", {class: "lm-one-named", "data-stage": stage},
    h("div", {class: "lm-one-title"}, h("span", {class: "lm-one-name"}, words.stages[stage]), note, way), picture);
}

// Each head: its attention as a small picture in which the followed token's row is framed, whom it looks at, what it writes.
function makeHeads(parts, words, config, on) {
  const cards = Array.from({length: config.n_heads}, (_, head) => {
    const canvas = h("canvas", {"aria-hidden": "true"}), frame = h("span", {class: "lm-one-frame"}), looks = h("span", {class: "lm-one-looks"});
    const name = h("span", {class: "lm-one-name"}, words.stages.head(head + 1));
    const button = h("button", {type: "button", class: "lm-one-head", role: "radio", onclick: () => on.set({head})},
      h("span", {class: "lm-one-thumbnail"}, canvas, frame),
      h("span", {class: "lm-one-about"}, name, looks));
    const strip = makeStrip({peek: (i) => on.peek("written", i), pick: (i) => on.pick("written", i)});
    const [number, size] = [0, 1].map(() => h("span", {class: "lm-one-number"}));
    return {element: h("div", {class: "lm-one-card"}, button, strip.element, number, size), canvas, frame, button, strip, head,
      looks: remember((text) => setText(looks, text)), number: remember((text) => setText(number, text)), size: remember((text) => setText(size, text))};
  });
  const way = h("span", {class: "lm-one-way"}), hand = h("span", {class: "lm-one-way"});
  parts.rows.head = {way, explained: "head"};
  parts.rows.hand = {way: hand, explained: "hand"};
  const group = h("div", {class: "lm-one-cards", role: "radiogroup", "aria-label": words.chooseHead, onkeydown: (event) => {
    const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key], at = cards.findIndex(({button}) => button === event.target);
    if (!step || at < 0) return;
    event.preventDefault();
    const to = (at + step + cards.length) % cards.length;
    on.set({head: to});
    cards[to].button.focus();
  }}, cards.map(({element}) => element));

  function show({weights, T, t, chosen, dark}) {
    cards.forEach(({canvas, frame, button, head}) => {
      drawThumbnail(canvas, weights.subarray(head * T * T, (head + 1) * T * T), T, dark);
      frame.style.top = `${100 * t / T}%`;
      frame.style.height = `${100 / T}%`;
      button.setAttribute("aria-checked", head === chosen);
      button.tabIndex = head === chosen ? 0 : -1;
    });
  }
  const title = h("div", {class: "lm-one-title"}, h("span", {class: "lm-one-name"}, words.heads), way, hand);
  return {element: h("div", {class: "lm-one-heads", "data-stage": "head"}, title, group), cards, show};
}

function numbers(parts, words, id, on) {
  parts.select = h("select", {id: `${id}-table`, class: "lm-one-select", onchange: on.update},
    Object.entries(words.tables).map(([value, text]) => h("option", {value}, text)));
  parts.table = h("table", {class: "lm-table"});
  return parts.numbers = h("details", {class: "lm-one-numbers", ontoggle: on.update}, h("summary", {}, words.numbers),
    h("div", {class: "lm-line"}, h("label", {for: parts.select.id}, words.table), parts.select),
    h("div", {class: "lm-one-tables", tabindex: "0", role: "region", "aria-label": words.numbers}, parts.table));
}
