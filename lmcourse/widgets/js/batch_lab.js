// BatchLab: texts become rows of equal length; each place shows what it reads, predicts and may look at.
// batching.js computes, this file draws: traits in, picture out.
import {h, setText, eachFrame} from './dom.js';
import {wordsIn} from './language.js';
import {WORDS} from './words_batch_lab.js';
import {makeBatches, look, IGNORED} from './batching.js';

const TRAITS = ["texts", "rows", "labels", "way", "length", "size", "alike", "apart", "batch", "row", "place"];
const MASK = 220;                                                    // pixels of the mask's side
let made = 0;

// The contract of anywidget (AFM): draw `model` into `el`, return what cleans up.
export async function render({model, el}) {
  const lab = new Lab(model, el, wordsIn(WORDS));
  return () => lab.stop();
}

class Lab {
  constructor(model, el, words) {
    Object.assign(this, {model, words, id: `lm-batches-${++made}-${Math.random().toString(36).slice(2, 8)}`});
    this.update = eachFrame(() => this.paint());
    el.replaceChildren(this.build());
    for (const name of TRAITS) model.on(`change:${name}`, this.update);
    this.themed = new MutationObserver(this.update);
    for (const node of [document.documentElement, document.body]) {
      this.themed.observe(node, {attributes: true, attributeFilter: ["data-theme", "data-mode", "data-jp-theme-light", "class"]});
    }
    requestAnimationFrame(this.update);
  }

  stop() {
    this.update.cancel();
    clearTimeout(this.speaking);
    this.themed.disconnect();
    for (const name of TRAITS) this.model.off(`change:${name}`, this.update);
  }

  set(traits) {
    for (const [name, value] of Object.entries(traits)) this.model.set(name, value);
    this.model.save_changes();
    this.update();
  }

  build() {
    const {words, id} = this;
    this.ways = ["right", "left", "pack"].map((way) => h("input", {type: "radio", name: `${id}-way`, value: way,
      onchange: () => this.set({way, batch: 0, row: 0, place: 0})}));
    this.size = this.slider("size", 1, 8);
    this.length = this.slider("length", 4, 48);
    this.alike = this.check("alike");
    this.apart = this.check("apart");
    this.before = h("button", {type: "button", class: "lm-button", "aria-label": words.before, onclick: () => this.turn(-1)}, "‹");
    this.after = h("button", {type: "button", class: "lm-button", "aria-label": words.after, onclick: () => this.turn(1)}, "›");
    this.batchName = h("strong", {class: "lm-batch-name"});
    this.grid = h("div", {class: "lm-grid"});
    this.rowTitle = h("p", {class: "lm-row-title"});
    this.list = h("div", {class: "lm-places", role: "listbox", "aria-label": words.places, onkeydown: (event) => this.move(event)});
    this.canvas = h("canvas", {class: "lm-batch-mask", width: MASK, height: MASK, role: "img"});
    this.maskName = h("p", {class: "lm-caption"});
    this.bar = h("span", {class: "lm-waste-bar"});
    this.wasted = h("p", {class: "lm-waste"});
    this.left = h("p", {class: "lm-soft lm-left-over"});
    this.say = h("p", {class: "lm-say", "aria-hidden": "true"});
    this.spoken = h("p", {class: "lm-spoken", role: "status"});
    this.table = h("table", {class: "lm-table"});
    this.numbers = h("details", {class: "lm-numbers", ontoggle: this.update}, h("summary", {}, words.numbers),
      h("div", {class: "lm-tables", tabindex: "0", role: "region", "aria-label": words.numbers}, this.table));
    const key = (kind) => h("li", {}, h("span", {class: `lm-key lm-key-${kind}`}), words.keys[kind]);
    return this.root = h("section", {class: "lm-figure lm-batches", "aria-label": words.title, "data-state": "loading"},
      h("div", {class: "lm-panel"}, h("p", {class: "lm-heading"}, words.heading),
        h("div", {class: "lm-ways", role: "radiogroup", "aria-label": words.way}, this.ways.map((input) =>
          h("label", {class: "lm-way"}, input, h("span", {}, words[input.value])))),
        this.size.element, this.length.element, this.alike.element, this.apart.element),
      h("div", {class: "lm-rows"}, h("div", {class: "lm-line lm-turn"}, this.before, this.batchName, this.after,
        h("span", {class: "lm-waste-track", "aria-hidden": "true"}, this.bar), this.wasted, this.left), this.grid),
      h("div", {class: "lm-detail"},
        h("div", {class: "lm-reading"}, this.rowTitle, this.list),
        h("div", {class: "lm-seeing"}, this.maskName, this.canvas,
          h("ul", {class: "lm-legend-list", "aria-hidden": "true"}, ["sees", "hidden", "padding", "other"].map(key)))),
      this.say, this.numbers, this.spoken);
  }

  slider(name, low, high) {
    const output = h("output", {for: `${this.id}-${name}`});
    const input = h("input", {type: "range", id: `${this.id}-${name}`, min: low, max: high, step: 1,
      oninput: () => this.set({[name]: +input.value, batch: 0, row: 0, place: 0})});
    return {input, output, element: h("div", {class: `lm-control lm-${name}`}, h("label", {for: input.id}, this.words[name]), output, input)};
  }

  check(name) {
    const input = h("input", {type: "checkbox", id: `${this.id}-${name}`, onchange: () => this.set({[name]: input.checked, batch: 0, row: 0, place: 0})});
    return {input, element: h("div", {class: `lm-control lm-tick lm-${name}`}, input, h("label", {for: input.id}, this.words[name]))};
  }

  turn(by) { this.set({batch: this.seen.batch + by, row: 0, place: 0}); }

  move(event) {
    const {place, row} = this.seen, last = row.length - 1;
    const to = {ArrowRight: place + 1, ArrowLeft: place - 1, ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: last}[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.set({place: Math.min(Math.max(to, 0), last)});
    this.list.children[Math.min(Math.max(to, 0), last)].focus();
  }

  label(id) { return this.model.get("labels")[id] || this.words.end; }

  // What place `i` of a row reads, in words: the special token opens a text, or closes it where padding follows.
  reads(row, i) {
    const special = this.model.get("rows")[0][0], {input, padding} = row[i];
    if (padding) return input === special ? this.words.end : this.words.pad;
    return input === special ? this.words.nothing : this.label(input);
  }

  paint() {
    const get = (name) => this.model.get(name), way = get("way"), rows = get("rows");
    const tokens = 1 + rows.reduce((sum, row) => sum + row.length - 1, 0), most = Math.min(48, tokens - 1);
    const {batches, left} = makeBatches(rows, {way, length: Math.min(get("length"), most), size: get("size"), alike: get("alike")});
    const within = (value, count) => Math.min(Math.max(value, 0), count - 1);
    const batch = within(get("batch"), batches.length), r = within(get("row"), batches[batch].length), row = batches[batch][r];
    const place = within(get("place"), row.length), apart = way === "pack" && get("apart");
    this.seen = {batches, batch, r, row, place, apart, left, most, way};
    this.paintControls();
    this.paintGrid();
    this.paintPlaces();
    this.paintMask();
    this.speak();
    if (this.numbers.open) this.paintNumbers();
    Object.assign(this.root.dataset, {state: "ready", way, batch, batches: batches.length, row: r, place});
  }

  paintControls() {
    const {words, model, seen} = this, get = (name) => model.get(name), pack = seen.way === "pack";
    for (const input of this.ways) input.checked = input.value === seen.way;
    this.length.input.max = seen.most;
    for (const name of ["size", "length"]) {
      this[name].input.value = get(name);
      setText(this[name].output, String(get(name)));
    }
    this.alike.input.checked = get("alike") && !pack;
    this.apart.input.checked = seen.apart;
    this.length.input.disabled = this.apart.input.disabled = !pack;
    this.alike.input.disabled = pack;
    for (const control of [this.length, this.apart]) control.element.classList.toggle("lm-idle", !pack);
    this.alike.element.classList.toggle("lm-idle", pack);
    setText(this.batchName, words.batch(seen.batch + 1, seen.batches.length));
    const focused = this.root.getRootNode().activeElement;
    this.before.disabled = seen.batch === 0;
    this.after.disabled = seen.batch === seen.batches.length - 1;
    if (this.before.disabled && focused === this.before) this.after.focus();       // a disabled button would swallow the keys
    if (this.after.disabled && focused === this.after) this.before.focus();
    const all = seen.batches.flat(2), padded = all.filter((cell) => cell.padding).length;
    Object.assign(this.root.dataset, {places: all.length, padded, left: seen.left});
    setText(this.wasted, words.waste(padded, all.length));
    this.bar.style.transform = `scaleX(${padded / all.length})`;
    setText(this.left, words.left_over(seen.left));
  }

  paintGrid() {
    const {words, seen} = this, rows = seen.batches[seen.batch];
    this.grid.replaceChildren(...rows.map((row, r) => {
      const real = row.filter((cell) => !cell.padding), texts = new Set(real.map((cell) => cell.text)).size;
      const cells = row.map((cell, i) => {
        const first = !cell.padding && (i === 0 || row[i - 1].text !== cell.text);
        return h("span", {class: `lm-cell ${cell.padding ? "lm-empty" : `lm-doc-${cell.text % 4}`}${first ? " lm-first" : ""}${r === seen.r && i === seen.place ? " lm-at" : ""}`},
          first ? String(cell.text + 1) : null);
      });
      return h("button", {type: "button", class: "lm-grid-row", "aria-pressed": String(r === seen.r), style: `--lm-T:${row.length}`,
        "aria-label": words.rowName(r + 1, real.length, row.length - real.length, texts), "data-row": r,
        onclick: () => { this.set({row: r, place: 0}); this.refocus = r; }}, cells);
    }));
    if (this.refocus !== undefined) this.grid.children[this.refocus]?.focus({preventScroll: true});
    this.refocus = undefined;
  }

  paintPlaces() {
    const {words, seen} = this, {row} = seen;
    setText(this.rowTitle, words.rowTitle(seen.r + 1));
    while (this.list.children.length > row.length) this.list.lastChild.remove();
    while (this.list.children.length < row.length) {
      const i = this.list.children.length;
      this.list.append(h("div", {role: "option", onclick: () => this.set({place: i})},
        h("span", {class: "lm-input-token"}), h("span", {class: "lm-target-token"})));
    }
    row.forEach((cell, i) => {
      const chip = this.list.children[i], first = !cell.padding && (i === 0 || row[i - 1].text !== cell.text);
      chip.className = `lm-place ${cell.padding ? "lm-empty" : `lm-doc-${cell.text % 4}`}${first ? " lm-first" : ""}`;
      setText(chip.children[0], this.reads(row, i));
      setText(chip.children[1], cell.target === IGNORED ? words.unscored : this.label(cell.target));
      chip.setAttribute("aria-selected", i === seen.place);
      chip.tabIndex = i === seen.place ? 0 : -1;
      Object.assign(chip.dataset, {input: cell.input, target: cell.target, text: cell.padding ? "" : cell.text});
    });
  }

  paintMask() {
    const {words, canvas, seen} = this, {row, place, apart} = seen, T = row.length, style = getComputedStyle(this.root);
    const color = (name) => style.getPropertyValue(name).trim(), ratio = Math.max(1, Math.ceil(globalThis.devicePixelRatio || 1));
    if (canvas.width !== MASK * ratio) canvas.width = canvas.height = MASK * ratio;
    const context = canvas.getContext("2d"), cell = MASK / T, gap = cell > 6 ? 1 : 0.5;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, MASK, MASK);
    for (let i = 0; i < T; i++) {
      for (let j = 0; j < T; j++) {
        const kind = look(row, i, j, apart), x = j * cell, y = i * cell, side = cell - gap;
        context.fillStyle = kind === "sees" ? color(`--lm-doc-${row[j].text % 4}`) : color("--lm-hatch");
        if (kind === "sees" || kind === "hidden") context.globalAlpha = kind === "hidden" ? 0.45 : 1;
        if (kind !== "padding" && kind !== "other") context.fillRect(x, y, side, side);
        context.globalAlpha = 1;
        context.strokeStyle = color("--lm-soft");
        context.lineWidth = 0.7;
        if (kind === "padding" || kind === "other") {
          context.beginPath();
          context.moveTo(x, y + side);
          context.lineTo(x + side, y);
          if (kind === "other") { context.moveTo(x, y); context.lineTo(x + side, y + side); }
          context.stroke();
        }
      }
    }
    context.strokeStyle = color("--lm-mark");
    context.lineWidth = 2;
    context.strokeRect(1, place * cell, MASK - 2, Math.max(cell - gap, 2));
    setText(this.maskName, words.mask(seen.r + 1));
  }

  speak() {
    const {words, seen} = this, {row, place, apart} = seen, cell = row[place];
    const count = row.filter((_, j) => look(row, place, j, apart) === "sees").length;
    const text = cell.padding ? words.padPlace(place + 1)
      : words.place(place + 1, this.reads(row, place), this.label(cell.target), count);
    setText(this.say, text);
    this.canvas.setAttribute("aria-label", words.maskHelp(seen.r + 1, text));
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => setText(this.spoken, text), 500);
  }

  paintNumbers() {
    const {words, seen} = this, {row, apart} = seen;
    const [place, text, input, id, target, targetId, mask, sees] = words.columns;
    this.table.replaceChildren(h("caption", {}, words.caption(seen.r + 1, seen.batch + 1)),
      h("thead", {}, h("tr", {}, [place, text, input, id, target, targetId, mask, sees].map((name) => h("th", {scope: "col"}, name)))),
      h("tbody", {}, row.map((cell, i) => {
        const seenPlaces = row.map((_, j) => j).filter((j) => look(row, i, j, apart) === "sees");
        const values = [cell.padding ? "–" : cell.text + 1, this.reads(row, i), cell.input,
          cell.target === IGNORED ? "–" : this.label(cell.target), cell.target, cell.padding ? 0 : 1, range(seenPlaces)];
        return h("tr", {class: i === seen.place && "lm-here", "data-place": i, "data-sees": seenPlaces.join(" ")},
          h("th", {scope: "row"}, String(i + 1)), values.map((value) => h("td", {}, String(value))));
      })));
  }
}

// Places [3, 4, 5] as "4–6": what one may look at is always one stretch.
function range(places) {
  if (!places.length) return "–";
  return places.length === 1 ? String(places[0] + 1) : `${places[0] + 1}–${places.at(-1) + 1}`;
}
