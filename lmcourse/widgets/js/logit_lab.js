// LogitLab: from the last vector to a probability. engine.js runs the model, logit_math.js takes its output layer apart, this file draws.
import {bringIntoSight, h, setText, eachFrame} from './dom.js';
import {wordsIn} from './language.js';
import {WORDS} from './words_logit_lab.js';
import {modelOf} from './source.js';
import {largest, softmax, SHOWN} from './bars.js';
import {length, normed, products, scores} from './logit_math.js';
import {clean, styleOf, watch} from './lab_chart.js';

const TRAITS = ["text", "other", "position", "token", "temperature"], PARTS = 6;
const plain = (x, digits = 2) => (x < 0 && +x.toFixed(digits) !== 0 ? "−" : "") + Math.abs(x).toFixed(digits);
const superscript = (n) => String(n).replace(/\d/g, (d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d]);
const bar = (p) => h("td", {class: "lm-logits-bar", "aria-hidden": "true"}, h("span", {style: `transform: scaleX(${p.toFixed(4)})`}));
let made = 0;

export async function render({model, el}) {
  const words = wordsIn(WORDS);
  el.textContent = words.loading;
  try {
    const lab = new Lab(model, el, words, (await modelOf(model)).mind);
    return () => lab.stop();
  } catch (error) {
    console.error(error);
    throw new Error(words.failed(error.message));
  }
}

class Lab {
  constructor(model, el, words, mind) {
    Object.assign(this, {model, words, mind, read: new Map()});
    this.update = eachFrame(() => this.paint());
    this.build(`lm-logits-${++made}-${Math.random().toString(36).slice(2, 8)}`);
    el.replaceChildren(this.root);
    for (const name of TRAITS) model.on(`change:${name}`, this.update);
    this.unwatch = watch([this.before, this.after], this.update);
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
    const {words} = this, canvas = () => h("canvas", {class: "lm-logits-vector", role: "img"});
    const field = (name) => this[`${name}Field`] = h("input", {id: `${id}-${name}`, spellcheck: "false", autocomplete: "off", onblur: this.update,
      oninput: (event) => { const {text} = this.fit(event.target.value); if (text.trim()) this.set(name === "text" ? {text, position: -1, token: -1} : {[name]: text}); this.update(); }});
    this.slider = h("input", {type: "range", id: `${id}-temperature`, min: -1, max: Math.log10(5), step: 0.01,
      oninput: () => this.set({temperature: Math.min(5, Math.max(0.1, +(10 ** this.slider.value).toPrecision(2)))})});
    const step = () => h("p", {class: "lm-logits-step"});
    this.root = h("section", {class: "lm-figure lm-logits", "aria-label": words.title, "data-state": "loading"},
      h("div", {class: "lm-logits-top"}, h("label", {for: `${id}-text`}, words.text), field("text"), this.message = h("p", {class: "lm-logits-note lm-message", role: "status"}),
        this.chips = h("div", {class: "lm-logits-chips", role: "group", "aria-label": words.tokens})),
      h("div", {class: "lm-logits-body"}, this.beforeTitle = step(), this.before = canvas(), this.afterTitle = step(), this.after = canvas(),
        h("div", {class: "lm-logits-two"},
          h("div", {}, this.partsTitle = h("p", {class: "lm-logits-step lm-logits-tall", id: `${id}-parts`}), this.parts = h("table", {class: "lm-table", "aria-labelledby": `${id}-parts`})),
          h("div", {}, h("p", {class: "lm-logits-step", id: `${id}-all`}, words.table),
            h("div", {class: "lm-logits-line"}, h("label", {for: this.slider.id}, words.temperature), this.slider, this.tau = h("output", {for: this.slider.id})),
            this.table = h("table", {class: "lm-table", "aria-labelledby": `${id}-all`}))),
        h("label", {for: `${id}-other`}, words.other), field("other"),
        h("p", {class: "lm-logits-scores"}, words.scores, h("br"), words.above, this.mine = h("b", {}), h("br"), words.below, this.theirs = h("b", {}), h("br"), this.verdict = h("span", {}))),
      this.spoken = h("p", {class: "lm-spoken", role: "status"}));
  }

  // As much of a text as the model can read: {text, ids, cut}.
  fit(typed) {
    const {tokenizer, config} = this.mind, all = tokenizer.encode(typed.trimEnd()), kept = all.slice(0, config.max_len - 1);
    return {text: kept.length < all.length ? typed.slice(0, kept.at(-1).end) : typed.trimEnd(), ids: [tokenizer.endId, ...kept.map(({id}) => id)], cut: kept.length < all.length};
  }

  run(text) {
    if (!this.read.has(text)) {
      if (this.read.size > 8) this.read.clear();
      const {ids} = this.fit(text);
      this.read.set(text, {ids, ...this.mind.gpt.run(ids, {residual: true})});
    }
    return this.read.get(text);
  }

  label(id) { return id === this.mind.tokenizer.endId ? this.words.end : this.mind.tokenizer.text(id).trim() || "␣"; }

  paint() {
    const {model, words, mind: {gpt, config}} = this, [text, other, position, token, temperature] = TRAITS.map((name) => model.get(name));
    const seen = this.run(text), {ids, tokens: T, vocabulary: V} = seen, at = position < 0 || position >= T ? T - 1 : position;
    const d = config.d_model, raw = seen.residual.at(-1).subarray(at * d, (at + 1) * d), x = normed(gpt, seen.residual.at(-1), at);
    const logits = seen.logits.subarray(at * V, (at + 1) * V), p = softmax(Array.from(logits, (z) => z / temperature)), top = largest(logits, SHOWN);
    const chosen = token >= 0 && token < V ? token : top[0], here = at === 0 ? words.start : this.label(ids[at]);
    this.paintControls(text, other, temperature);
    this.paintChips(ids, at);
    this.paintVectors(raw, x, here);
    this.paintParts(products(gpt, x, chosen), chosen, logits[chosen]);
    this.paintTable(top.includes(chosen) ? top : [...top.slice(0, -1), chosen], {logits, p, temperature, chosen});
    this.paintScores(seen, this.run(other));
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => setText(this.spoken, words.spoken(here, this.label(top[0]), Math.round(100 * p[top[0]]))), 500);
    Object.assign(this.root.dataset, {state: "ready", position: at, token: chosen});
  }

  paintControls(text, other, temperature) {
    for (const [field, value] of [[this.textField, text], [this.otherField, other]]) if (field !== document.activeElement) field.value = value;
    const {words} = this, typed = [this.textField, this.otherField].map((field) => this.fit(field.value)), cut = typed.find((each) => each.cut);
    setText(this.message, typed.some((each) => !each.text.trim()) ? words.wrong : cut ? words.cut(cut.ids.length - 1) : "");
    if (Math.abs(10 ** this.slider.value - temperature) > 0.03 * temperature) this.slider.value = Math.log10(temperature);
    setText(this.tau, String(temperature));
    this.slider.setAttribute("aria-valuetext", String(temperature));
  }

  paintChips(ids, at) {
    const key = String(ids);
    if (key !== this.chipsOf) {
      this.chipsOf = key;
      this.chips.replaceChildren(...ids.map((id, i) => h("button", {type: "button", class: "lm-logits-chip", onclick: () => this.set({position: i, token: -1})}, i ? this.label(id) : this.words.start)));
    }
    [...this.chips.children].forEach((chip, i) => chip.setAttribute("aria-pressed", i === at));
    if (this.inSight === `${key} ${at}`) return;                    // a reader who scrolls to another one is left alone
    this.inSight = `${key} ${at}`;
    bringIntoSight(this.chips, this.chips.children[at]);
  }

  paintVectors(raw, x, here) {
    const {words} = this, style = styleOf(this.root);
    setText(this.beforeTitle, words.vector(here, raw.length, plain(length(raw), 1)));
    setText(this.afterTitle, words.normed(plain(length(x), 1)));
    for (const [canvas, values] of [[this.before, raw], [this.after, x]]) {
      const {pen, width, height} = clean(canvas), most = Math.max(...values.map(Math.abs)), step = width / values.length;
      canvas.setAttribute("aria-label", words.bars(values.length));
      values.forEach((v, i) => {
        pen.fillStyle = v < 0 ? style.mark : style.bar;
        pen.fillRect(i * step, height / 2, Math.max(1, step - 1), -v / most * height / 2);
      });
    }
  }

  paintTable(shown, {logits, p, temperature, chosen}) {
    const {words} = this, focus = this.table.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    const others = Math.max(0, 1 - shown.reduce((sum, id) => sum + p[id], 0));
    this.table.replaceChildren(h("thead", {}, h("tr", {}, words.columns.map((text) => h("th", {scope: "col"}, text)), h("td", {class: "lm-logits-bar"}))),
      h("tbody", {}, shown.map((id) => h("tr", {"data-id": id, "data-logit": logits[id], "data-probability": p[id]},
        h("th", {scope: "row"}, h("button", {type: "button", class: "lm-logits-token", "data-id": id, "aria-pressed": String(id === chosen), title: words.show(this.label(id)),
          onclick: () => this.set({token: id})}, this.label(id))),
        h("td", {}, plain(logits[id])), h("td", {}, plain(logits[id] / temperature)), h("td", {}, p[id].toFixed(3)), bar(p[id]))),
      h("tr", {"data-others": others}, h("th", {scope: "row", colspan: 3}, words.others(logits.length - shown.length)), h("td", {}, others.toFixed(3)), bar(others))));
    if (focus) this.table.querySelector(`button[data-id="${focus}"]`)?.focus();
  }

  paintParts(parts, chosen, logit) {
    const {words} = this, rest = parts.slice(PARTS), sum = rest.reduce((total, {product}) => total + product, 0);
    setText(this.partsTitle, words.parts(this.label(chosen), plain(logit)));
    this.parts.replaceChildren(h("thead", {}, h("tr", {}, words.part.map((text) => h("th", {scope: "col"}, text)))),
      h("tbody", {}, parts.slice(0, PARTS).map(({channel, x, e, product}) => h("tr", {"data-channel": channel, "data-product": product},
        h("th", {scope: "row"}, String(channel)), h("td", {}, `${plain(x)} × ${plain(e)}`), h("td", {}, plain(product)))),
      h("tr", {"data-rest": sum}, h("th", {scope: "row", colspan: 2}, words.rest(rest.length)), h("td", {}, plain(sum))),
      h("tr", {class: "lm-logits-sum"}, h("th", {scope: "row", colspan: 2}, words.sum), h("td", {}, plain(logit)))));
  }

  paintScores(mine, theirs) {
    const {words} = this, sums = [mine, theirs].map((seen) => scores(seen, seen.ids).reduce((a, b) => a + b, 0));
    [this.mine, this.theirs].forEach((node, i) => {
      const n = [mine, theirs][i].ids.length - 1;
      node.dataset.score = sums[i];
      setText(node, words.score(plain(sums[i]), n, plain(sums[i] / n)));
    });
    const apart = Math.abs(sums[0] - sums[1]) / Math.LN10;             // in powers of ten
    setText(this.verdict, words.likelier(sums[0] > sums[1], apart < 3 ? (10 ** apart).toPrecision(3) : null, superscript(Math.round(apart))));
  }
}
