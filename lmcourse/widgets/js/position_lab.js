// PositionLab: one query and one key at 32 places; how the score depends on where the two stand.
import {h, setText, eachFrame} from './dom.js';
import {wordsIn} from './language.js';
import {WORDS} from './words_position_lab.js';
import {styleOf, watch, clean, drawChart, line, short} from './lab_chart.js';
import {scores, spread, angle, slope} from './positions.js';

const TRAITS = ["kind", "position", "width", "head", "query", "key"], LENGTH = 32, HEADS = 8, WIDTHS = [8, 16, 32, 64];
const CLOCKS = 16;                                                  // hands shown at most
let made = 0;

export async function render({model, el}) {
  const lab = new Lab(model, el, wordsIn(WORDS));
  return () => lab.stop();
}

class Lab {
  constructor(model, el, words) {
    Object.assign(this, {model, words});
    this.update = eachFrame(() => this.paint());
    this.build(`lm-position-${++made}-${Math.random().toString(36).slice(2, 8)}`);
    el.replaceChildren(this.root);
    for (const name of TRAITS) model.on(`change:${name}`, this.update);
    this.unwatch = watch([this.map, this.chart, this.clocks], this.update);
    requestAnimationFrame(this.update);
  }

  stop() {
    this.update.cancel();
    clearTimeout(this.speaking);
    this.unwatch();
    for (const name of TRAITS) this.model.off(`change:${name}`, this.update);
  }

  set(traits) {
    for (const [name, value] of Object.entries(traits)) this.model.set(name, value);
    this.model.save_changes();
    this.update();
  }

  build(id) {
    const {words} = this;
    this.radios = Object.entries(words.kinds).map(([value]) =>
      h("input", {type: "radio", name: `${id}-kind`, value, onchange: () => this.set({kind: value})}));
    const kinds = h("div", {class: "lm-position-switches", role: "radiogroup", "aria-label": words.kind},
      this.radios.map((input) => h("label", {class: "lm-position-switch"}, input, h("span", {}, words.kinds[input.value]))));
    this.sliders = {
      position: this.slider(id, "position", 0, LENGTH - 1, (x) => x, (x) => x),
      width: this.slider(id, "width", 0, WIDTHS.length - 1, (x) => WIDTHS[x], (x) => WIDTHS.indexOf(x)),
      head: this.slider(id, "head", 0, HEADS - 1, (x) => x, (x) => x),
    };
    this.clocks = h("canvas", {class: "lm-position-clocks", "aria-hidden": "true"});
    this.clockText = h("p", {class: "lm-position-text"});
    this.map = h("canvas", {class: "lm-position-map", role: "img", "aria-label": words.map, onclick: (event) => this.pick(event)});
    [this.low, this.high] = ["low", "high"].map(() => h("span", {}));
    this.legend = h("p", {class: "lm-position-legend lm-soft"}, h("span", {class: "lm-position-key lm-position-below"}), this.low,
      h("span", {class: "lm-position-key lm-position-above"}), this.high);
    this.chart = h("canvas", {class: "lm-position-chart", role: "img"});
    this.verdict = h("p", {class: "lm-position-verdict"});
    this.numbers = h("details", {class: "lm-position-numbers", ontoggle: this.update}, h("summary", {}, words.numbers),
      this.tables = h("div", {class: "lm-position-tables", tabindex: "0", role: "region", "aria-label": words.numbers}));
    this.root = h("section", {class: "lm-figure lm-position", "aria-label": words.title, "data-state": "loading"},
      h("div", {class: "lm-position-top"}, h("span", {class: "lm-soft"}, words.kind), kinds),
      h("div", {class: "lm-position-body"},
        h("div", {class: "lm-position-main"}, h("p", {class: "lm-soft"}, words.mapTitle), this.map, this.legend),
        h("div", {class: "lm-position-side"}, Object.values(this.sliders).map(({element}) => element), this.clockText, this.clocks, this.chart)),
      this.verdict, this.numbers, this.spoken = h("p", {class: "lm-spoken", role: "status"}));
  }

  slider(id, name, min, max, toTrait, toSlider) {
    const output = h("output", {for: `${id}-${name}`});
    const input = h("input", {type: "range", id: `${id}-${name}`, "data-trait": name, min, max, step: 1, oninput: () => this.set({[name]: toTrait(+input.value)})});
    return {input, output, toSlider, element: h("div", {class: "lm-position-slider"}, h("label", {for: input.id}, this.words[name]), input, output)};
  }

  // A click on the map chooses the query's row.
  pick(event) {
    const box = this.map.getBoundingClientRect(), row = Math.floor((event.clientY - box.top) / box.height * LENGTH);
    this.set({position: Math.max(0, Math.min(LENGTH - 1, row))});
  }

  paint() {
    const settings = Object.fromEntries(TRAITS.map((name) => [name, this.model.get(name)])), {kind, position} = settings;
    const rows = scores(settings, LENGTH, HEADS), style = styleOf(this.root), {words} = this;
    for (const input of this.radios) input.checked = input.value === kind;
    for (const [name, {input, output, toSlider, element}] of Object.entries(this.sliders)) {
      input.value = toSlider(settings[name]);
      setText(output, String(settings[name] + (name === "head" ? 1 : 0)));
      input.setAttribute("aria-valuetext", output.textContent);
      const idle = name === "head" && kind !== "alibi";
      input.disabled = idle;
      element.classList.toggle("lm-position-idle", idle);
    }
    const text = words.clocks[kind];
    setText(this.clockText, kind === "none" ? text : text(kind === "alibi" ? String(+slope(settings.head, HEADS).toPrecision(2)) : position));
    drawClocks(this.clocks, settings, style);
    drawScores(this.map, rows, position, style);
    const all = rows.flat(), low = Math.min(...all), high = Math.max(...all);
    setText(this.low, words.low(low < 0 ? short(low) : null));
    setText(this.high, words.high(high > 0 ? short(high) : null));
    this.paintChart(rows[position], position, style);
    setText(this.verdict, words.spread(spread(rows)));
    this.paintNumbers(rows[position], position);
    this.say(kind, rows[position], position);
    Object.assign(this.root.dataset, {state: "ready", kind, position, low, high, spread: spread(rows)});
  }

  paintChart(row, position, style) {
    const low = Math.floor(Math.min(...row, 0)), high = Math.ceil(Math.max(...row, 0)) || (low ? 0 : 1);
    const ticks = [low, 0, high].filter((x, i, all) => all.indexOf(x) === i);
    this.chart.setAttribute("aria-label", this.words.chart(position));
    drawChart(this.chart, {style, x: {from: 0, to: LENGTH - 1, label: this.words.keyAt}, y: {low, high, ticks, label: this.words.score(position)},
      series: [{values: row, color: style.accent, width: 2}]});
  }

  paintNumbers(row, position) {
    if (!this.numbers.open) return;
    this.tables.replaceChildren(h("table", {class: "lm-table"}, h("caption", {}, this.words.caption(position)),
      h("thead", {}, h("tr", {}, this.words.columns.map((text) => h("th", {scope: "col"}, text)))),
      h("tbody", {}, row.map((score, j) => h("tr", {"data-key": j, "data-score": score},
        h("th", {scope: "row"}, String(j)), h("td", {}, String(position - j)), h("td", {}, short(score)))))));
  }

  say(kind, row, position) {
    clearTimeout(this.speaking);
    const best = row.reduce((b, x, j) => x > row[b] ? j : b, 0);
    const told = `${this.words.says(this.words.kinds[kind], position, best, short(row[best]))} ${this.verdict.textContent}`;
    this.speaking = setTimeout(() => setText(this.spoken, told), 500);
  }
}

// A clock for each pair of numbers, fast ones first: where its hand stands at this position.
function drawClocks(canvas, {kind, position, width}, style) {
  const {pen, width: w, height} = clean(canvas), count = Math.min(CLOCKS, width / 2);
  if (kind !== "sinusoidal" && kind !== "rope") return;
  const columns = Math.min(8, count), lines = Math.ceil(count / columns), radius = Math.min(w / columns, height / lines) / 2 - 3;
  for (let c = 0; c < count; c++) {
    const x = (c % columns + 0.5) * (w / columns), y = (Math.floor(c / columns) + 0.5) * (height / lines);
    const turn = angle(position, c * (width / 2) / count, width);
    pen.strokeStyle = style.line;
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.stroke();
    pen.strokeStyle = style.accent;
    pen.lineWidth = 2.5;
    line(pen, [[x, y], [x + radius * 0.85 * Math.cos(turn), y - radius * 0.85 * Math.sin(turn)]]);
  }
}

// The scores as a triangle of cells: one colour above 0, the other (dotted, too) below; the query's row is framed.
function drawScores(canvas, rows, position, style) {
  const {pen, width, height} = clean(canvas), cell = Math.min(width, height) / LENGTH;
  const largest = Math.max(...rows.flat().map(Math.abs), 1e-9);
  rows.forEach((row, i) => row.forEach((score, j) => {
    pen.globalAlpha = 0.08 + 0.92 * Math.abs(score) / largest;
    pen.fillStyle = score < 0 ? style.mark : style.accent;
    pen.fillRect(j * cell + 0.5, i * cell + 0.5, cell - 1, cell - 1);
    if (score < 0) {
      pen.globalAlpha = 1;
      pen.fillStyle = style.background;
      pen.fillRect((j + 0.5) * cell - 1, (i + 0.5) * cell - 1, 2, 2);
    }
  }));
  pen.globalAlpha = 1;
  pen.strokeStyle = style.text;
  pen.lineWidth = 1.5;
  pen.strokeRect(0.75, position * cell + 0.25, (position + 1) * cell - 0.5, cell - 0.5);
}
