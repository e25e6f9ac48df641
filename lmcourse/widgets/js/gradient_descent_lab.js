// GradientDescentLab: a loss of two parameters as a map, and how SGD, momentum and Adam walk down it.
// surfaces.js computes, descent_map.js draws the map, this file joins them: traits in, picture out.
import {h, setText, eachFrame} from './dom.js';
import {wordsIn} from './language.js';
import {WORDS} from './words_gradient_descent_lab.js';
import {SIDE, OPTIMIZERS, descend, fate, lowest, steepest} from './surfaces.js';
import {styleOf, watch, drawChart, drawSwatch, around, short} from './lab_chart.js';
import {drawMap, place} from './descent_map.js';

const TRAITS = ["surface", "steepness", "optimizer", "lr", "momentum", "steps", "start"];
// trait -> [slider from, to, step, trait of slider, slider of trait]: the rate and the ratio run over powers of ten
const tenth = (x) => +(10 ** x).toPrecision(3), log = (x) => Math.log10(x), same = (x) => x;
const SLIDERS = {lr: [-4, 1, 0.01, tenth, log], momentum: [0, 0.99, 0.01, same, same], steps: [1, 200, 1, same, same], steepness: [0, 2, 0.01, tenth, log]};
let made = 0;

export async function render({model, el}) {
  const lab = new Lab(model, el, wordsIn(WORDS));
  return () => lab.stop();
}

// How each path is drawn: a colour, a dash, a mark; never a colour alone.
const looks = (style) => ({sgd: {color: style.mark, dash: [], mark: "disc"}, momentum: {color: style.accent, dash: [7, 3], mark: "square"},
  adam: {color: style.text, dash: [2, 3], mark: "triangle"}});

class Lab {
  constructor(model, el, words) {
    Object.assign(this, {model, words, shown: null});
    this.update = eachFrame(() => this.paint());
    this.build(`lm-descent-${++made}-${Math.random().toString(36).slice(2, 8)}`);
    el.replaceChildren(this.root);
    for (const name of TRAITS) model.on(`change:${name}`, this.update);
    this.unwatch = watch([this.map, this.chart], this.update);
    requestAnimationFrame(this.update);
  }

  stop() {
    this.update.cancel();
    cancelAnimationFrame(this.playing);
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
    this.sliders = {};
    this.map = h("canvas", {class: "lm-descent-map", role: "img", onclick: (event) => this.pull(event)});
    this.handle = h("button", {type: "button", class: "lm-descent-handle", onkeydown: (event) => this.push(event),
      onpointerdown: (event) => { event.preventDefault(); this.handle.focus(); this.handle.setPointerCapture(event.pointerId); },
      onpointermove: (event) => { if (this.handle.hasPointerCapture(event.pointerId)) this.pull(event); }});
    this.chart = h("canvas", {class: "lm-descent-chart", role: "img", "aria-label": words.chart});
    this.rows = Object.fromEntries(OPTIMIZERS.map((name) => [name, this.row(name)]));
    this.numbers = h("details", {class: "lm-descent-numbers", ontoggle: this.update}, h("summary", {}, words.numbers),
      this.tables = h("div", {class: "lm-descent-tables", tabindex: "0", role: "region", "aria-label": words.numbers}));
    this.root = h("section", {class: "lm-figure lm-descent", "aria-label": words.title, "data-state": "loading"},
      h("div", {class: "lm-descent-top"}, this.choice(id, "surface", words.surfaces), this.choice(id, "optimizer", words.optimizers)),
      h("div", {class: "lm-descent-body"},
        h("div", {}, h("div", {class: "lm-descent-stage"}, this.map, this.handle), h("p", {class: "lm-soft lm-descent-hint"}, words.hint)),
        h("div", {class: "lm-descent-side"}, Object.keys(SLIDERS).map((name) => this.slider(id, name)),
          this.limits = h("p", {class: "lm-soft lm-descent-limits"}), this.chart)),
      this.result(), this.numbers, this.spoken = h("p", {class: "lm-spoken", role: "status"}));
  }

  choice(id, trait, options) {
    const group = Object.entries(options).map(([value, text]) => h("label", {class: "lm-descent-switch"},
      h("input", {type: "radio", name: `${id}-${trait}`, value, onchange: () => this.set({[trait]: value})}), h("span", {}, text)));
    return h("div", {class: "lm-descent-choice"}, h("span", {class: "lm-soft", id: `${id}-${trait}`}, this.words[trait]),
      h("div", {class: "lm-descent-switches", role: "radiogroup", "aria-labelledby": `${id}-${trait}`}, group));
  }

  slider(id, name) {
    const [min, max, step, toTrait] = SLIDERS[name], output = h("output", {for: `${id}-${name}`});
    const input = h("input", {type: "range", id: `${id}-${name}`, "data-trait": name, min, max, step, oninput: () => this.set({[name]: toTrait(+input.value)})});
    this.sliders[name] = {input, output};
    const play = name === "steps" && (this.button = h("button", {type: "button", class: "lm-button", onclick: () => this.play()}, this.words.play));
    return h("div", {class: "lm-descent-slider"}, h("label", {for: input.id}, this.words[name]), input, output, play || null);
  }

  row(name) {
    const swatch = h("canvas", {class: "lm-descent-swatch", "aria-hidden": "true"});
    const cells = ["at", "loss", "fate"].map((key) => h("td", {"data-key": key}));
    return {swatch, cells, element: h("tr", {"data-optimizer": name}, h("th", {scope: "row"}, swatch, this.words.optimizers[name]), cells)};
  }

  result() {
    const {columns} = this.words;
    return h("table", {class: "lm-table lm-descent-result"}, h("thead", {}, h("tr", {}, Object.values(columns).map((text) => h("th", {scope: "col"}, text)))),
      h("tbody", {}, OPTIMIZERS.map((name) => this.rows[name].element)));
  }

  // The start moves to the pointer, or a step with an arrow key (five with Shift).
  pull(event) {
    const box = this.map.getBoundingClientRect(), within = (z) => Math.max(-SIDE, Math.min(SIDE, +z.toFixed(2)));
    const {scale, middle} = place(this.map);
    this.set({start: [within((event.clientX - box.left - middle[0]) / scale), within((middle[1] - event.clientY + box.top) / scale)]});
  }

  push(event) {
    const [dx, dy] = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[event.key] || [];
    if (dx === undefined) return;
    event.preventDefault();
    const by = event.shiftKey ? 0.25 : 0.05, [x, y] = this.model.get("start");
    const within = (z) => Math.max(-SIDE, Math.min(SIDE, +z.toFixed(2)));
    this.set({start: [within(x + by * dx), within(y + by * dy)]});
  }

  // Show the paths growing, step by step, over about two seconds.
  play() {
    cancelAnimationFrame(this.playing);
    if (this.shown !== null) { this.shown = null; return this.update(); }
    const begin = performance.now(), all = this.model.get("steps"), pace = Math.max(2000, 60 * Math.min(all, 60)) / all;
    const tick = (now) => {
      this.shown = Math.floor((now - begin) / pace);
      if (this.shown >= this.model.get("steps")) this.shown = null;
      else this.playing = requestAnimationFrame(tick);
      this.update();
    };
    this.shown = 0;
    this.playing = requestAnimationFrame(tick);
  }

  paint() {
    const {model} = this, settings = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
    const style = styleOf(this.root), drawn = looks(style), {surface, steepness, optimizer} = settings;
    const paths = Object.fromEntries(OPTIMIZERS.map((name) => [name, descend(name, settings)]));
    const chosen = optimizer === "all" ? OPTIMIZERS : [optimizer], until = this.shown ?? settings.steps;
    this.paintControls(settings, chosen);
    const kept = chosen.map((name) => ({...drawn[name], points: paths[name].points.slice(0, until + 1), losses: paths[name].losses.slice(0, until + 1)}));
    drawMap(this.map, {surface, steepness, start: settings.start, paths: kept, style, words: this.words});
    const best = lowest(surface, steepness), above = kept.map(({losses}) => losses.map((l) => Math.max(l - best, 1e-12)));
    const all = chosen.flatMap((name) => paths[name].losses.map((l) => l - best)), [low, high] = around(all, -8, 8, 3);
    drawChart(this.chart, {style, x: {from: 0, to: settings.steps, label: this.words.step}, y: {log: true, low, high, label: this.words.above},
      series: kept.map((look, i) => ({...look, values: above[i]}))});
    this.paintRows(settings, paths, chosen, drawn);
    this.say(settings, paths, chosen);
    this.root.dataset.state = "ready";
  }

  paintControls(settings, chosen) {
    for (const input of this.root.querySelectorAll("input[type=radio]")) {
      input.checked = input.value === settings[input.name.split("-").at(-1)];
    }
    for (const [name, {input, output}] of Object.entries(this.sliders)) {
      const [, , , toTrait, toSlider] = SLIDERS[name], value = settings[name];
      if (toTrait(+input.value) !== value) input.value = toSlider(value);
      setText(output, String(+value.toPrecision(3)));
      input.setAttribute("aria-valuetext", output.textContent);
    }
    const plain = chosen.length === 1 && chosen[0] === "sgd";
    this.sliders.momentum.input.disabled = plain;
    this.sliders.momentum.input.parentElement.classList.toggle("lm-descent-idle", plain);
    const L = steepest(settings.surface, settings.steepness);
    setText(this.limits, this.words.limits(...[L, 2 / L, 2 * (1 + settings.momentum) / L].map((x) => String(+x.toPrecision(3)))));
    setText(this.button, this.shown === null ? this.words.play : this.words.pause);
    const {scale, middle} = place(this.map), [x, y] = settings.start;
    this.handle.style.transform = `translate(${middle[0] + scale * x - 16}px, ${middle[1] - scale * y - 16}px)`;
    this.handle.setAttribute("aria-label", this.words.handle(x, y));
  }

  fateOf(path, {surface, steepness}) {
    return this.words.fates[fate(path, surface, steepness)](path.diverged);
  }

  paintRows(settings, paths, chosen, drawn) {
    for (const name of OPTIMIZERS) {
      const {element, cells, swatch} = this.rows[name], path = paths[name], last = path.points.length - 1, [x, y] = path.points[last];
      element.classList.toggle("lm-descent-idle", !chosen.includes(name));
      drawSwatch(swatch, drawn[name]);
      setText(cells[0], path.diverged ? "–" : `(${short(x)}, ${short(y)})`);
      setText(cells[1], path.diverged ? "∞" : short(path.losses[last]));
      setText(cells[2], this.fateOf(path, settings));
      Object.assign(element.dataset, {x, y, loss: path.losses[last], diverged: path.diverged});
    }
    if (!this.numbers.open) return;
    this.tables.replaceChildren(...chosen.map((name) => h("table", {class: "lm-table"}, h("caption", {}, this.words.caption(this.words.optimizers[name])),
      h("thead", {}, h("tr", {}, this.words.numberColumns.map((text) => h("th", {scope: "col"}, text)))),
      h("tbody", {}, paths[name].points.map(([x, y], i) => h("tr", {"data-path": name, "data-numbers": JSON.stringify([i, x, y, paths[name].losses[i]])},
        h("th", {scope: "row"}, String(i)), [x, y, paths[name].losses[i]].map((value) => h("td", {}, short(value)))))))));
  }

  // The picture in words: as the map's text, and spoken when the reader pauses.
  say(settings, paths, chosen) {
    const {words} = this, told = chosen.map((name) => words.arrives(words.optimizers[name], settings.steps,
      paths[name].diverged ? "∞" : short(paths[name].losses.at(-1)), this.fateOf(paths[name], settings))).join(" ");
    this.map.setAttribute("aria-label", words.map(words.surfaces[settings.surface], told));
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => setText(this.spoken, told), 500);
  }
}
