// MaskLab: hide a word of a text; the masked model guesses it from both sides, the causal one from the left. masking.js computes.
import {h, setText, eachFrame} from './dom.js';
import {wordsIn} from './language.js';
import {WORDS} from './words_mask_lab.js';
import {loadModel} from './engine.js';
import {loadBert} from './engine_bert.js';
import {modelOf} from './source.js';
import {styleOf, watch, clean} from './lab_chart.js';
import {makeMasking, rowsOf, bestOf, pOf, SHOWN} from './masking.js';

const TRAITS = ["text", "place", "stories", "best"], KINDS = ["masked", "causal"], TIGHT = new Set([".", "?", ":", ",", "!"]), END = "<|endoftext|>";
let made = 0;

// A probability in percent, as short as it can be said.
function percent(p) {
  if (p > 0.9995) return "100 %";
  return p >= 0.0995 ? `${(100 * p).toFixed(0)} %` : p >= 0.0005 ? `${(100 * p).toFixed(1)} %` : "< 0.1 %";
}

export async function render({model, el}) {
  const words = wordsIn(WORDS);
  el.textContent = words.loading;
  try {
    const [decoder, encoder] = await Promise.all([modelOf(model, loadModel), modelOf(model, loadBert, "encoder", "carrier_encoder")]);
    const lab = new Lab(model, el, words, makeMasking(encoder.mind, decoder.mind), encoder.mind.tokenizer);
    return () => lab.stop();
  } catch (error) {
    console.error(error);
    throw new Error(words.failed(error.message));
  }
}

class Lab {
  constructor(model, el, words, masking, tokenizer) {
    Object.assign(this, {model, words, masking, tokenizer, chips: []});
    this.update = eachFrame(() => this.paint());
    this.build(`lm-mask-${++made}-${Math.random().toString(36).slice(2, 8)}`);
    el.replaceChildren(this.root);
    this.input.value = model.get("text");
    this.onText = () => { if (this.masking.fit(this.input.value).text !== model.get("text")) this.input.value = model.get("text"); };
    model.on("change:text", this.onText);
    for (const name of TRAITS) model.on(`change:${name}`, this.update);
    this.unwatch = watch(KINDS.map((kind) => this.panels[kind].arcs), this.update);
    requestAnimationFrame(this.update);
  }

  stop() {
    this.update.cancel();
    clearTimeout(this.speaking);
    this.unwatch();
    this.model.off("change:text", this.onText);
    for (const name of TRAITS) this.model.off(`change:${name}`, this.update);
  }

  set(traits) {
    for (const [name, value] of Object.entries(traits)) this.model.set(name, value);
    this.model.save_changes();
    this.update();
  }

  build(id) {
    const {words} = this;
    this.picks = this.model.get("stories").map((text, i) => h("button", {type: "button", class: "lm-button", "aria-pressed": "false",
      onclick: () => this.set({text})}, words.story(i + 1)));
    this.input = h("textarea", {id: `${id}-text`, class: "lm-mask-input", rows: "2", spellcheck: "false", autocomplete: "off", autocapitalize: "off",
      "aria-describedby": `${id}-message`, oninput: () => this.type()});
    this.message = h("p", {class: "lm-message lm-mask-message", id: `${id}-message`, role: "status"});
    this.list = h("div", {class: "lm-mask-words", role: "listbox", "aria-label": words.words, "aria-orientation": "horizontal",
      onkeydown: (event) => this.move(event),
      onclick: (event) => { const i = this.chips.indexOf(event.target.closest(".lm-mask-word")); if (i >= 0) this.set({place: i}); }});
    this.where = h("p", {class: "lm-mask-where"});
    this.panels = Object.fromEntries(KINDS.map((kind) => [kind, this.panel(kind)]));
    this.root = h("section", {class: "lm-figure lm-mask", "aria-label": words.title, "data-state": "loading"},
      h("div", {class: "lm-mask-top"},
        h("div", {class: "lm-mask-picks", role: "group", "aria-label": words.stories}, this.picks),
        h("label", {for: this.input.id, class: "lm-spoken"}, words.sentence), this.input, this.message),
      this.list, this.where,
      h("div", {class: "lm-mask-panels"}, KINDS.map((kind) => this.panels[kind].node)),
      this.spoken = h("p", {class: "lm-spoken", role: "status"}));
  }

  panel(kind) {
    const {words} = this, sees = h("p", {class: "lm-soft lm-mask-sees"}), note = h("p", {class: "lm-mask-note"}), body = h("tbody");
    const arcs = h("canvas", {class: "lm-mask-arcs", role: "img", "aria-label": words.arcs[kind]});
    const title = h("p", {class: "lm-mask-title"}, h("span", {class: "lm-mask-key", "aria-hidden": "true"}), words.kinds[kind]);
    const node = h("div", {class: `lm-mask-panel lm-mask-${kind}`}, title, sees, arcs,
      h("table", {class: "lm-table lm-mask-table", "aria-label": words.table[kind]},
        h("thead", {}, h("tr", {}, words.columns.map((text) => h("th", {scope: "col"}, text)))), body), note);
    return {node, sees, arcs, body, note};
  }

  type() {
    const {text} = this.masking.fit(this.input.value);
    if (text.trim()) this.set({text});
    this.update();
  }

  move(event) {
    const at = this.chips.indexOf(event.target.closest(".lm-mask-word")), last = this.chips.length - 1;
    const to = {ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last}[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    const place = Math.min(Math.max(to, 0), last);
    this.set({place});
    this.chips[place].focus();
  }

  // What is read of the trait's text; the place is the last word where the text ends before it.
  read() {
    const fit = this.masking.fit(this.model.get("text")), place = Math.min(this.model.get("place"), fit.words.length - 1);
    return {fit, place, spelled: fit.words.map((word) => word.text)};
  }

  // The stories as lists of words; they stay.
  listed() {
    const stories = this.model.get("stories");
    if (this.listedOf !== stories) [this.listedOf, this.lists] = [stories, stories.map((story) => this.tokenizer.words(story).map((word) => word.text))];
    return this.lists;
  }

  paint() {
    const {words, model} = this, typed = this.masking.fit(this.input.value), {fit, place, spelled} = this.read();
    setText(this.message, !typed.words.length ? words.empty : typed.left ? words.cut(typed.left) : "");
    this.picks.forEach((button, i) => button.setAttribute("aria-pressed", model.get("stories")[i] === fit.text));
    if (!fit.words.length) return;
    this.paintWords(spelled, place);
    setText(this.where, words.where(spelled[place], place + 1, spelled.length));
    const best = bestOf(spelled, place, this.listed(), model.get("best")), style = styleOf(this.root), said = {};
    for (const kind of KINDS) said[kind] = this.paintPanel(kind, this.masking[kind](fit, place), spelled, place, best[kind], style);
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => setText(this.spoken, words.told(this.where.textContent, said.masked, said.causal)), 500);
    Object.assign(this.root.dataset, {state: "ready", place, count: spelled.length});
  }

  // A chip a word; the strips below it say who sees it.
  paintWords(spelled, place) {
    while (this.chips.length > spelled.length) this.chips.pop().remove();
    while (this.chips.length < spelled.length) {
      const chip = h("div", {class: "lm-mask-word", role: "option"}, h("span", {class: "lm-mask-text"}),
        h("span", {class: "lm-mask-strips", "aria-hidden": "true"}));
      this.chips.push(chip);
      this.list.append(chip);
    }
    spelled.forEach((word, i) => {
      const chip = this.chips[i], side = i === place ? "hidden" : i < place ? "left" : "right";
      setText(chip.firstChild, word);
      chip.className = `lm-mask-word lm-mask-is-${side}${TIGHT.has(word) ? " lm-mask-tight" : ""}`;
      chip.setAttribute("aria-selected", i === place);
      chip.tabIndex = i === place ? 0 : -1;
    });
  }

  // The rows of one model; returns its first guess in words.
  paintPanel(kind, answer, spelled, place, table, style) {
    const {words} = this, {sees, arcs, body, note} = this.panels[kind], word = spelled[place], own = answer.get(word);
    const rows = rowsOf(answer, word);
    const bestWords = ({p, atMost}) => atMost === undefined ? percent(p) : words.atMost(percent(atMost));
    setText(sees, words.sees[kind](place, spelled.length - 1 - place));
    drawArcs(arcs, spelled.length, place, kind, style);
    const lines = Array.from({length: SHOWN + 1}, (_, i) => rows[i]).map((each) => {
      if (each === undefined) return h("tr", {"aria-hidden": "true"}, ["\u00a0", "", ""].map((text) => h("td", {}, text)));   // keeps the height
      const p = answer.get(each), best = table && pOf(table, each), shown = each === END ? words.end : each;
      const bar = h("span", {class: "lm-mask-bar", style: `transform: scaleX(${p.toFixed(4)})`});
      const track = h("span", {class: "lm-mask-track", "aria-hidden": "true"}, bar);
      if (best && best.p !== undefined) track.append(h("span", {class: "lm-mask-tick", style: `left: ${(100 * best.p).toFixed(2)}%`}));
      return h("tr", {class: each === word && "lm-here", "data-word": each, "data-p": p.toPrecision(8), "data-best": best ? JSON.stringify(best) : ""},
        h("th", {scope: "row"}, shown), h("td", {}, track, h("span", {class: "lm-mask-number"}, percent(p))),
        h("td", {}, best ? bestWords(best) : words.unknown));
    });
    body.replaceChildren(...lines);
    setText(note, own === undefined ? words.many : words.known[kind](word, percent(own), table && bestWords(pOf(table, word))));
    return `${rows[0] === END ? words.end : rows[0]} ${percent(answer.get(rows[0]))}`;
  }
}

// The words as dots on a line, an arrow from each that is seen to the hidden one; the others are hollow.
function drawArcs(canvas, count, place, kind, style) {
  const {pen, width, height} = clean(canvas), ground = height - 9, gap = (width - 20) / Math.max(1, count - 1), x = (i) => count > 1 ? 10 + i * gap : width / 2;
  const colour = kind === "masked" ? style.accent : style.mark, size = Math.min(3, Math.max(1.4, gap / 3));
  const farthest = gap * Math.max(place, kind === "masked" ? count - 1 - place : 0, 4);
  pen.strokeStyle = colour;
  pen.lineWidth = Math.min(1.4, Math.max(0.6, gap / 10));
  for (let i = 0; i < count; i++) {
    const seen = i < place || (kind === "masked" && i > place);
    if (seen) {
      const middle = (x(i) + x(place)) / 2, rise = 8 + (ground - 16) * Math.abs(x(i) - x(place)) / farthest;
      pen.globalAlpha = 0.55;
      pen.beginPath();
      pen.moveTo(x(i), ground - size);
      pen.quadraticCurveTo(middle, ground - 2 * rise + 6, x(place), ground - 8);
      pen.stroke();
    }
    pen.globalAlpha = 1;
    pen.beginPath();
    if (i === place) pen.rect(x(i) - 4, ground - 4, 8, 8);
    else pen.arc(x(i), ground, size, 0, 2 * Math.PI);
    pen.fillStyle = i === place ? style.text : seen ? colour : style.background;
    pen.fill();
    if (!seen && i !== place) {
      pen.strokeStyle = style.soft;
      pen.stroke();
      pen.strokeStyle = colour;
    }
  }
  if (count < 2 || (kind === "causal" && !place)) return;
  pen.fillStyle = colour;
  pen.beginPath();
  pen.moveTo(x(place) - 4, ground - 12);
  pen.lineTo(x(place) + 4, ground - 12);
  pen.lineTo(x(place), ground - 5);
  pen.fill();
}
