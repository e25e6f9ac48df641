// EmbeddingMap: word vectors as a map, the neighbours of a word, analogies. vectors.js computes, embedding_plot.js draws.
import {h, setText, eachFrame} from './dom.js';
import {wordsIn} from './language.js';
import {WORDS} from './words_embedding_map.js';
import {fromInt8, normalised, nearest, combine, flatten, rowOf} from './vectors.js';
import {drawMap, drawGlyph, lookOf, nearestPoint} from './embedding_plot.js';
import {styleOf, watch, clean} from './lab_chart.js';
import {modelOf} from './source.js';
import {unpack, dequantise} from './weights.js';

const TRAITS = ["shown", "word", "mode", "analogy", "keep"], SHOWN = 8;
let made = 0;

export async function render({model, el}) {
  const words = wordsIn(WORDS);
  el.textContent = words.loading;
  try {
    const lab = new EmbeddingMap(model, el, words, await sources(model));
    return () => lab.stop();
  } catch (error) {
    console.error(error);
    throw new Error(words.failed(error.message));
  }
}

// name -> {rows, d, points, share}: the stored tables, and the model's token embedding.
async function sources(model) {
  const found = new Map(), list = model.get("words"), name = model.get("model_name");
  for (const [each, {d, rows}] of Object.entries(model.get("tables"))) found.set(each, {d, rows: fromInt8(rows, d)});
  if (name) {
    const {bytes, mind} = await modelOf(model), table = unpack(bytes).tensors["token_embedding.weight"], d = table.shape[1];
    const rows = new Float64Array(list.length * d);
    list.forEach((word, i) => { const {id} = mind.tokenizer.encode(word)[0]; dequantise(table, rows.subarray(i * d), id, id + 1); });
    found.set(name, {d, rows: normalised(rows, d)});
  }
  for (const each of found.values()) Object.assign(each, flatten(each.rows, each.d));
  return found;
}

class EmbeddingMap {
  constructor(model, el, words, found) {
    Object.assign(this, {model, words, found, list: model.get("words"), hover: -1, places: []});
    this.index = new Map(this.list.map((word, i) => [word, i]));
    this.groups = model.get("groups");
    this.groupOf = this.list.map((word) => { const k = this.groups.findIndex(([, members]) => members.includes(word)); return k < 0 ? this.groups.length : k; });
    this.update = eachFrame(() => this.paint());
    this.build(`lm-embedding-${++made}-${Math.random().toString(36).slice(2, 8)}`);
    el.replaceChildren(this.root);
    for (const name of TRAITS) model.on(`change:${name}`, this.update);
    this.unwatch = watch([this.canvas], this.update);
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
    const options = h("datalist", {id: `${id}-words`}, this.list.map((word) => h("option", {value: word})));
    const field = (label, take, name) => h("input", {class: "lm-embedding-field", list: options.id, "aria-label": label, autocomplete: "off", autocapitalize: "off",
      spellcheck: "false", name, oninput: (event) => this.typed(event.target, take, false), onchange: (event) => this.typed(event.target, take, true)});
    this.search = field(words.search, (word) => this.set({word}), `${id}-search`);
    this.terms = words.terms.map((label, k) => field(label, (word) => this.set({analogy: this.model.get("analogy").map((old, i) => i === k ? word : old)}), `${id}-${k}`));
    this.keep = h("input", {type: "checkbox", id: `${id}-keep`, onchange: () => this.set({keep: this.keep.checked})});
    this.canvas = h("canvas", {class: "lm-embedding-map", role: "img", onclick: (event) => this.press(event),
      onpointermove: (event) => this.point(this.at(event)), onpointerleave: () => this.point(-1)});
    this.message = h("p", {class: "lm-message", role: "status"});
    this.title = h("div", {class: "lm-embedding-title"});
    this.rows = Array.from({length: SHOWN}, () => this.row());
    this.share = h("p", {class: "lm-soft lm-embedding-share"});
    this.numbers = h("details", {class: "lm-embedding-numbers", ontoggle: this.update}, h("summary", {}, words.numbers),
      this.table = h("div", {class: "lm-embedding-table", tabindex: "0", role: "region", "aria-label": words.numbers}));
    this.root = h("section", {class: "lm-figure lm-embedding", "aria-label": words.title, "data-state": "loading"}, options,
      h("div", {class: "lm-embedding-top"},
        this.found.size > 1 ? this.choice(id, "shown", [...this.found.keys()].map((name) => [name, name])) : null,
        this.choice(id, "mode", Object.entries(words.modes))),
      h("div", {class: "lm-embedding-body"},
        h("div", {class: "lm-embedding-stage"}, this.canvas, this.legend(), this.share),
        h("div", {class: "lm-embedding-side"}, this.asks(), this.message, this.title, h("ol", {class: "lm-embedding-list"}, this.rows.map(({node}) => node)))),
      this.numbers, this.spoken = h("p", {class: "lm-spoken", role: "status"}));
  }

  choice(id, trait, options) {
    const group = options.map(([value, text]) => h("label", {class: "lm-embedding-switch"},
      h("input", {type: "radio", name: `${id}-${trait}`, value, "data-trait": trait, onchange: () => this.set({[trait]: value})}), h("span", {}, text)));
    return h("div", {class: "lm-embedding-choice"}, h("span", {class: "lm-soft", id: `${id}-${trait}`}, this.words[trait]),
      h("div", {class: "lm-embedding-switches", role: "radiogroup", "aria-labelledby": `${id}-${trait}`}, group));
  }

  asks() {
    const {words} = this, sign = (text) => h("span", {"aria-hidden": "true"}, text), [a, b, c] = this.terms;
    const tries = this.model.get("examples").map((three) =>
      h("button", {type: "button", class: "lm-button lm-embedding-try", onclick: () => this.set({analogy: three, mode: "analogy"})}, words.example(three)));
    this.forWord = h("div", {class: "lm-embedding-ask"}, this.search, h("span", {class: "lm-soft"}, words.searchHint));
    this.forAnalogy = h("div", {class: "lm-embedding-ask"}, h("div", {class: "lm-embedding-terms"}, a, sign(words.minus), b, sign(words.plus), c),
      h("label", {class: "lm-embedding-keep", for: this.keep.id}, this.keep, words.keep),
      tries.length ? h("div", {class: "lm-embedding-tries"}, h("span", {class: "lm-soft"}, words.examples), tries) : null);
    return h("div", {class: "lm-embedding-asks"}, this.forWord, this.forAnalogy);
  }

  row() {
    const name = h("button", {type: "button", class: "lm-embedding-word"}), bar = h("span", {class: "lm-embedding-bar"}), number = h("span", {class: "lm-embedding-number"});
    name.addEventListener("click", () => this.set({word: name.textContent, mode: "neighbours"}));
    return {node: h("li", {}, name, h("span", {class: "lm-embedding-track", "aria-hidden": "true"}, bar), number), name, bar, number};
  }

  legend() {
    this.glyphs = [];
    const names = this.groupOf.includes(this.groups.length) && this.groups.length ? [...this.groups.map(([name]) => name), this.words.other] : this.groups.map(([name]) => name);
    return h("ul", {class: "lm-embedding-legend"}, names.map((name, k) => {
      const canvas = h("canvas", {class: "lm-embedding-glyph", "aria-hidden": "true"});
      this.glyphs.push([canvas, k]);
      return h("li", {}, canvas, name);
    }));
  }

  // A word in one of the fields: taken when it is one of ours; said when the reader is done and it is not.
  typed(input, take, done) {
    const text = input.value.trim(), word = this.index.has(text) ? text : done ? this.list.find((each) => each.toLowerCase() === text.toLowerCase()) : null;
    if (word) take(word);
    setText(this.message, done && text && !word ? this.words.unknown(text.slice(0, 30), this.list.length) : "");
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return nearestPoint(this.places, event.clientX - box.left, event.clientY - box.top, event.pointerType === "mouse" ? 14 : 24);
  }

  press(event) { const i = this.at(event); if (i >= 0) this.set({word: this.list[i], mode: "neighbours"}); }
  point(i) { if (i !== this.hover) { this.hover = i; this.update(); } }

  // What is asked and its answers: {asked: rows, answers: [{i, cosine}], links}.
  answer({rows, d}) {
    const get = (name) => this.model.get(name), of = (word) => this.index.get(word);
    if (get("mode") === "neighbours") {
      const i = of(get("word")), answers = nearest(rows, d, rowOf(rows, d, i), [i]).slice(0, SHOWN);
      return {asked: [i], answers, links: answers.map((each) => [i, each.i, false])};
    }
    const [a, b, c] = get("analogy").map(of), answers = nearest(rows, d, combine(rows, d, [a, b, c]), get("keep") ? [] : [a, b, c]).slice(0, SHOWN);
    return {asked: [a, b, c], answers, links: [[b, a, true], [c, answers[0].i, true]]};
  }

  paint() {
    const {model, words, list} = this, get = (name) => model.get(name), style = styleOf(this.root), shown = get("shown");
    const source = this.found.get(shown), {asked, answers, links} = this.answer(source), analogy = get("mode") === "analogy";
    this.paintControls(analogy);
    setText(this.title, analogy ? words.answers(get("analogy")) : words.neighbours(get("word")));
    this.rows.forEach(({node, name, bar, number}, k) => {
      const each = answers[k];
      node.hidden = !each;
      if (!each) return;
      setText(name, list[each.i]);
      bar.style.transform = `scaleX(${Math.max(0, each.cosine).toFixed(4)})`;
      setText(number, each.cosine.toFixed(2).replace("-", "−"));
      Object.assign(node.dataset, {word: list[each.i], cosine: each.cosine.toFixed(8)});
    });
    setText(this.share, words.share(Math.round(100 * source.share)));
    const near = answers.slice(0, analogy ? 1 : SHOWN).map(({i}) => i);
    this.places = drawMap(this.canvas, {points: source.points, words: list, groupOf: this.groupOf, chosen: asked, near, links, hover: this.hover, style});
    this.canvas.style.cursor = this.hover >= 0 ? "pointer" : "";
    for (const [canvas, k] of this.glyphs) { const {pen, width, height} = clean(canvas); drawGlyph(pen, lookOf(k, style), width / 2, height / 2, 4, style.background); }
    if (this.numbers.open) this.paintTable(source, shown);
    this.say(answers, shown);
    Object.assign(this.root.dataset, {state: "ready", share: source.share.toFixed(6)});
  }

  paintControls(analogy) {
    const get = (name) => this.model.get(name), write = (input, text) => { if (input.value !== text && document.activeElement !== input) input.value = text; };
    for (const input of this.root.querySelectorAll("input[type=radio]")) input.checked = input.value === get(input.dataset.trait);
    write(this.search, get("word"));
    this.terms.forEach((input, k) => write(input, get("analogy")[k]));
    this.keep.checked = get("keep");
    this.forWord.hidden = analogy;
    this.forAnalogy.hidden = !analogy;
  }

  paintTable({points}, shown) {
    const {words, list} = this;
    this.table.replaceChildren(h("table", {class: "lm-table"}, h("caption", {}, words.caption(shown)),
      h("thead", {}, h("tr", {}, [words.word, words.kind, words.x, words.y].map((text) => h("th", {scope: "col"}, text)))),
      h("tbody", {}, list.map((word, i) => h("tr", {"data-word": word, "data-x": points[i][0].toFixed(8), "data-y": points[i][1].toFixed(8)}, h("th", {scope: "row"}, word),
        h("td", {}, this.groups[this.groupOf[i]]?.[0] ?? words.other), points[i].map((x) => h("td", {}, x.toFixed(2).replace("-", "−"))))))));
  }

  // The picture in words: on the canvas at once, spoken when the reader pauses.
  say(answers, shown) {
    const {words, list} = this, told = `${this.title.textContent}: ${words.told(answers.map(({i, cosine}) => ({word: list[i], cosine})))}`;
    this.canvas.setAttribute("aria-label", words.map(list.length, shown, told));
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => setText(this.spoken, told), 500);
  }
}
