// NormLab: a small vector normalised in three ways, and a signal through many layers. norm_math.js computes, this file draws.
import {h, setText, eachFrame} from './dom.js';
import {wordsIn} from './language.js';
import {WORDS} from './words_norm_lab.js';
import {NORMS, again, byDepth, changes, mean, normalised, rms} from './norm_math.js';
import {around, drawChart, short, styleOf, watch} from './lab_chart.js';

const TRAITS = ["view", "x", "eps", "gain", "bias", "residual", "place", "norm", "layers", "scale", "seed"];
const FEWEST = 4, MOST = 8, LIMIT = 10, AGAIN = 24;
// trait -> [from, to, step, trait of slider, slider of trait]; ε runs over powers of ten
const same = (x) => x, SLIDERS = {eps: [-8, 0, 0.5, (x) => +(10 ** x).toPrecision(2), Math.log10], gain: [-3, 3, 0.1, same, same],
  bias: [-5, 5, 0.1, same, same], layers: [1, 48, 1, same, same], scale: [0.1, 2, 0.05, same, same]};
const plain = (x) => (x < 0 && +x.toFixed(2) !== 0 ? "−" : "") + Math.abs(x).toFixed(2);
let made = 0;

export async function render({model, el}) {
  const lab = new Lab(model, el, wordsIn(WORDS));
  return () => lab.stop();
}

class Lab {
  constructor(model, el, words) {
    Object.assign(this, {model, words, id: `lm-norm-${++made}-${Math.random().toString(36).slice(2, 8)}`, sliders: {}});
    this.update = eachFrame(() => this.paint());
    this.build();
    el.replaceChildren(this.root);
    for (const name of TRAITS) model.on(`change:${name}`, this.update);
    this.unwatch = watch([this.signal, this.gradient], this.update);
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

  build() {
    const {words} = this, slider = (name) => this.slider(name), canvas = () => h("canvas", {class: "lm-norm-chart", role: "img"});
    this.rows = Array.from({length: MOST}, (_, i) => this.number(i));
    const button = (name, work) => this[`${name}Button`] = h("button", {type: "button", class: "lm-button", "aria-label": name === "fewer" || name === "more" ? words[name] : null,
      onclick: work}, {fewer: "−", more: "+"}[name] ?? words[name]);
    const x = () => this.model.get("x"), moved = (f) => this.set({x: x().map((v) => within(f(v)))});
    this.steps = h("ol", {class: "lm-norm-steps"}, [0, 1, 2, 3].map(() => h("li", {})));
    this.table = h("table", {class: "lm-table lm-norm-table"});
    this.vector = h("div", {class: "lm-norm-body"},
      h("div", {class: "lm-norm-side"}, h("div", {class: "lm-norm-numbers"}, this.rows.map(({element}) => element)),
        h("div", {class: "lm-norm-buttons"}, button("fewer", () => this.set({x: x().slice(0, -1)})), button("more", () => this.set({x: [...x(), 0]})),
          button("double", () => moved((v) => 2 * v)), button("shift", () => moved((v) => v + 1))),
        ["eps", "gain", "bias"].map(slider), this.message = h("p", {class: "lm-norm-note lm-message", role: "status"})),
      h("div", {class: "lm-norm-main"}, this.steps, this.table));
    [this.signal, this.gradient] = [canvas(), canvas()];
    this.depth = h("div", {class: "lm-norm-body"},
      h("div", {class: "lm-norm-side"}, this.choice("residual", words.residuals), this.choice("place", words.places), this.choice("norm", words.norms),
        ["layers", "scale"].map(slider), h("div", {class: "lm-norm-buttons"}, h("button", {type: "button", class: "lm-button", onclick: () => this.set({seed: (this.model.get("seed") + 1) % 1000})},
          words.anew), this.seed = h("span", {class: "lm-soft"})), this.formula = h("p", {class: "lm-norm-formula"}), this.verdict = h("p", {class: "lm-norm-verdict"}),
        h("p", {class: "lm-soft"}, words.honest)),
      h("div", {class: "lm-norm-main"}, this.signal, this.gradient,
        this.numbers = h("details", {class: "lm-norm-read", ontoggle: this.update}, h("summary", {}, words.numbers),
          this.tables = h("div", {class: "lm-norm-tables", tabindex: "0", role: "region", "aria-label": words.numbers}))));
    this.root = h("section", {class: "lm-figure lm-norm", "aria-label": words.title, "data-state": "loading"},
      h("div", {class: "lm-norm-top"}, this.choice("view", words.views)), this.vector, this.depth, this.spoken = h("p", {class: "lm-spoken", role: "status"}));
  }

  choice(trait, options) {
    const group = Object.entries(options).map(([value, text]) => h("label", {class: "lm-norm-switch"},
      h("input", {type: "radio", name: `${this.id}-${trait}`, value, onchange: () => this.set({[trait]: value})}), h("span", {}, text)));
    return h("div", {class: "lm-norm-choice"}, h("span", {class: "lm-soft", id: `${this.id}-${trait}`}, this.words[trait]),
      h("div", {class: "lm-norm-switches", role: "radiogroup", "aria-labelledby": `${this.id}-${trait}`}, group));
  }

  slider(name) {
    const [min, max, step, toTrait] = SLIDERS[name], output = h("output", {for: `${this.id}-${name}`});
    const input = h("input", {type: "range", id: `${this.id}-${name}`, "data-trait": name, min, max, step, oninput: () => this.set({[name]: toTrait(+input.value)})});
    this.sliders[name] = {input, output};
    return h("div", {class: "lm-norm-slider"}, h("label", {for: input.id}, this.words[name]), input, output);
  }

  // One number of the vector: a slider and a field.
  number(i) {
    const put = (value) => { const x = [...this.model.get("x")]; x[i] = within(value); this.set({x}); };
    const slider = h("input", {type: "range", min: -LIMIT, max: LIMIT, step: 0.1, "data-number": i, "aria-label": this.words.slider(i + 1), oninput: () => put(+slider.value)});
    const field = h("input", {type: "number", min: -LIMIT, max: LIMIT, step: 0.1, "data-typed": i, "aria-label": this.words.field(i + 1), onblur: () => { this.long = false; this.update(); },
      oninput: () => { const value = field.valueAsNumber; this.long = Math.abs(value) > LIMIT; if (Number.isFinite(value)) put(value); this.update(); }});
    return {slider, field, element: h("div", {class: "lm-norm-number"}, h("span", {"aria-hidden": "true"}, this.words.value(i + 1)), slider, field)};
  }

  paint() {
    const {root, words} = this, settings = Object.fromEntries(TRAITS.map((name) => [name, this.model.get(name)])), {view} = settings;
    for (const input of root.querySelectorAll("input[type=radio]")) input.checked = input.value === settings[input.name.split("-").at(-1)];
    for (const [name, {input, output}] of Object.entries(this.sliders)) {
      const [, , , toTrait, toSlider] = SLIDERS[name];
      if (toTrait(+input.value) !== settings[name]) input.value = toSlider(settings[name]);
      setText(output, name === "eps" ? short(settings[name]) : String(+settings[name].toPrecision(3)));
      input.setAttribute("aria-valuetext", output.textContent);
    }
    this.vector.hidden = view !== "vector";
    this.depth.hidden = view !== "depth";
    const told = view === "vector" ? this.paintVector(settings) : this.paintDepth(settings);
    setText(this.message, this.long ? words.long(-LIMIT, LIMIT) : "");
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => setText(this.spoken, told), 500);
    Object.assign(root.dataset, {state: "ready", view});
  }

  paintVector(settings) {
    const {words} = this, {x} = settings, found = normalised(x, settings), n = x.length;
    this.rows.forEach(({slider, field, element}, i) => {
      element.classList.toggle("lm-norm-gone", i >= n);
      if (i >= n) return;
      slider.value = x[i];
      if (field !== document.activeElement) field.value = +x[i].toFixed(3);
    });
    this.fewerButton.disabled = n <= FEWEST;
    this.moreButton.disabled = n >= MOST;
    words.steps(...[found.mu, found.variance, found.sigma, found.size].map(plain)).forEach((text, i) => setText(this.steps.children[i], text));
    const outs = NORMS.map((name) => found[name]), all = [x, found.centred, ...outs];
    const line = (name, values, key) => h("tr", {"data-line": key, "data-values": JSON.stringify(values)}, h("th", {scope: "row"}, name),
      values.map((v) => h("td", {}, v === null ? "" : plain(v))));
    const centred = (v) => { const mu = mean(v); return rms(v.map((w) => w - mu)); };
    const doubled = changes(x, x.map((v) => 2 * v), settings), shifted = changes(x, x.map((v) => v + 1), settings);
    this.table.setAttribute("aria-label", words.tableName);
    this.table.replaceChildren(h("thead", {}, h("tr", {}, words.columns.map((text) => h("th", {scope: "col"}, text)))),
      h("tbody", {}, x.map((_, i) => line(words.value(i + 1), all.map((v) => v[i]), `x${i}`))),
      h("tbody", {class: "lm-norm-sums"}, line(words.mean, all.map(mean), "mean"), line(words.spread, all.map(centred), "spread"), line(words.size, all.map(rms), "size"),
        line(words.doubled, [null, null, ...NORMS.map((name) => doubled[name])], "doubled"), line(words.shifted, [null, null, ...NORMS.map((name) => shifted[name])], "shifted"),
        line(words.again(AGAIN), [null, null, ...NORMS.map((name) => again(x, name, AGAIN, settings.eps))], "again")));
    return words.says(...outs.map((out) => words.pair(plain(mean(out)), plain(centred(out)))));
  }

  paintDepth(settings) {
    const {words} = this, key = JSON.stringify(settings), style = styleOf(this.root), {layers} = settings;
    if (key !== this.computed) Object.assign(this, {computed: key, by: byDepth(settings)});
    const {signal, gradient} = this.by, last = layers, said = (ratio) => words.fate(ratio, short(ratio));
    setText(this.formula, words.formula(settings));
    setText(this.seed, `${words.seed} ${settings.seed}`);
    setText(this.verdict, words.verdict(said(signal[last] / signal[0]), said(gradient[0] / gradient[last])));
    for (const [canvas, values, label, color] of [[this.signal, signal, words.signalAxis, style.accent], [this.gradient, gradient, words.gradientAxis, style.mark]]) {
      const [low, high] = around(values, -14, 24, 4);
      drawChart(canvas, {style, x: {from: 0, to: layers, label: words.depth}, y: {log: true, low, high, label}, series: [{values, color, width: 2}]});
      canvas.setAttribute("aria-label", words.chart(label, short(values[0]), short(values[last])));
    }
    if (this.numbers.open) this.tables.replaceChildren(h("table", {class: "lm-table"}, h("thead", {}, h("tr", {}, words.numberColumns.map((text) => h("th", {scope: "col"}, text)))),
      h("tbody", {}, signal.map((v, i) => h("tr", {"data-depth": JSON.stringify([v, gradient[i]])}, h("th", {scope: "row"}, String(i)), h("td", {}, short(v)), h("td", {}, short(gradient[i])))))));
    return `${this.formula.textContent}. ${this.verdict.textContent}`;
  }
}

const within = (value) => Math.max(-LIMIT, Math.min(LIMIT, +value.toFixed(6)));
