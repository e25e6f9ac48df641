// TranslationExplorer: an encoder-decoder translates what is typed; its three attentions, their masks and the next word follow at once.
// translating.js computes, translation_parts.js builds the page, translation_map.js draws, this file joins them.
import {eachFrame, setText} from './dom.js';
import {wordsIn} from './language.js';
import {WORDS} from './words_translation_explorer.js';
import {loadSeq2Seq, PARTS} from './engine_seq2seq.js';
import {modelOf} from './source.js';
import {styleOf, watch} from './lab_chart.js';
import {makeTranslator, weightsOf} from './translating.js';
import {build, showOffers} from './translation_parts.js';
import {cellAt, drawMap} from './translation_map.js';

const TRAITS = ["text", "target", "part", "layer", "head", "place", "source_place", "causal", "heads_off"], LONGEST = 2000, SAID = 3, LEAST = 0.05;
const PAUSE = 150, SLICE = 8;                                       // ms

export async function render({model, el}) {
  const words = wordsIn(WORDS);
  el.textContent = words.loading;
  try {
    const {bytes, mind} = await modelOf(model, loadSeq2Seq), explorer = new Explorer(model, el, words, mind, bytes);
    return () => explorer.stop();
  } catch (error) {
    console.error(error);
    throw new Error(words.failed(error.message));
  }
}

class Explorer {
  constructor(model, el, words, mind, bytes) {
    Object.assign(this, {model, words, config: mind.config, size: mind.tokenizer.size, translator: makeTranslator(mind, words)});
    Object.assign(this, {peek: null, column: -1, places: {}, alike: {}});
    this.reader = () => this.second ||= loadSeq2Seq(bytes).seq2seq; // a model of its own, so that neither loses what it has read
    this.examples = model.get("examples");
    this.update = eachFrame(() => this.paint());
    for (const name of ["chooseSource", "peekSource", "chooseTarget", "peekTarget", "chooseHead", "toggleHead"]) this[name] = this[name].bind(this);
    this.parts = build(words, this.config, this);
    el.replaceChildren(this.parts.root);
    this.parts.source.value = model.get("text");
    this.onText = () => { if (this.wordsOf(this.parts.source.value) !== this.wordsOf(model.get("text"))) this.parts.source.value = model.get("text"); };
    model.on("change:text", this.onText);
    for (const name of TRAITS) model.on(`change:${name}`, this.update);
    this.unwatch = watch(this.parts.maps.map(({canvas}) => canvas), () => { this.style = null; this.update(); });
    requestAnimationFrame(this.update);                             // not before `el` stands in the page
  }

  stop() {
    this.update.cancel();
    clearTimeout(this.speaking);
    clearTimeout(this.thinking);
    this.unwatch();
    this.model.off("change:text", this.onText);
    for (const name of TRAITS) this.model.off(`change:${name}`, this.update);
  }

  wordsOf(text) { return this.translator.fit(text).words.join(" "); }

  set(traits) {
    for (const [name, value] of Object.entries(traits)) this.model.set(name, value);
    this.model.save_changes();
    this.update();
  }

  // The traits as they can be shown, whoever set them: an address may hold anything.
  state() {
    const get = (name) => this.model.get(name), {n_layers: L, n_heads: H} = this.config, within = (x, most) => Math.min(Math.max(x, 0), most);
    const head = get("head") < 0 ? -1 : within(get("head"), H - 1);
    const there = ([part, layer, head]) => PARTS.includes(part) && layer === within(layer, L - 1) && head === within(head, H - 1);
    const off = get("heads_off").filter((each) => Array.isArray(each) && there(each));
    return {part: get("part"), layer: within(get("layer"), L - 1), head, causal: get("causal") !== false, off};
  }

  // What the reader does; translation_parts.js calls these.
  type(typed) {
    const {ids, unknown, left} = this.translator.fit(typed.slice(0, LONGEST));
    if (ids.length && !unknown.length) this.set({text: left ? this.wordsOf(typed) : typed.trim()});
    this.update();
  }

  typeTarget(typed) {
    const {words, unknown} = this.translator.fit(typed.slice(0, LONGEST), this.config.max_len - 1);
    if (!unknown.length) this.set({target: words.join(" ")});
    this.update();
  }

  chooseSource(i) { this.column = -1; this.set({source_place: i, ...this.model.get("part") === "decoder" && {part: "encoder"}}); }
  chooseTarget(i) { this.column = -1; this.set({place: Math.max(i, 0), ...this.model.get("part") === "encoder" && {part: "cross"}}); }
  chooseHead(layer, head) { this.set({layer, head}); }
  peekSource(row) { if (this.model.get("part") === "encoder") this.look(row < 0 ? null : {encoder: true, row, column: -1}); }
  peekTarget(row) { if (this.model.get("part") !== "encoder") this.look(row < 0 ? null : {encoder: false, row, column: -1}); }

  look(peek) {
    if (JSON.stringify(peek) === JSON.stringify(this.peek)) return;
    this.peek = peek;
    this.update();
  }

  toggleHead(off) {
    const {part, layer, head, off: all} = this.state(), others = all.filter((each) => String(each) !== String([part, layer, head]));
    this.set({heads_off: off ? [...others, [part, layer, head]].sort((a, b) => a[0].localeCompare(b[0]) || a[1] - b[1] || a[2] - b[2]) : others});
  }

  at(part, event) {
    const box = event.target.getBoundingClientRect();
    return this.places[part] && cellAt(this.places[part], event.clientX - box.left, event.clientY - box.top);
  }

  hover(part, event) {
    const cell = event && part === this.model.get("part") ? this.at(part, event) : null;
    this.look(cell && {encoder: part === "encoder", ...cell});
  }

  press(part, event) {
    const cell = this.at(part, event);
    this.column = cell ? cell.column : -1;
    this.set({part, ...cell && {[part === "encoder" ? "source_place" : "place"]: cell.row}});
  }

  // Arrow keys on the large map: up and down another row, left and right another column.
  move(part, event) {
    const [down, right] = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]}[event.key] || [];
    if (down === undefined || !this.seen) return;
    event.preventDefault();
    const {rows, columns} = this.places[part], row = this.rowOf(part, this.seen), inside = (x, most) => Math.min(Math.max(x, 0), most - 1);
    this.peek = null;
    if (right) this.column = inside(this.column + right, columns);
    this.set({[part === "encoder" ? "source_place" : "place"]: inside(row + down, rows)});
  }

  rowOf(part, {S, T}) {
    const [name, count] = part === "encoder" ? ["source_place", S] : ["place", T], asked = this.model.get(name);
    if (this.peek && this.peek.encoder === (part === "encoder")) return Math.min(this.peek.row, count - 1);
    return asked < 0 ? count - 1 : Math.min(asked, count - 1);
  }

  paint() {
    const {model, parts, translator} = this, state = this.state(), dark = () => getComputedStyle(parts.root).getPropertyValue("--lm-dark").trim() === "1";
    const style = this.style ||= {...styleOf(parts.root), dark: dark()};
    const known = (text, room) => translator.fit(text, room).ids.filter((id) => id !== undefined);
    const source = known(model.get("text")), target = known(model.get("target"), this.config.max_len - 1);
    if (!source.length) {
      this.paintTop();
      return;
    }
    const seen = translator.read(source, target, state.causal, state.off), view = {...state, seen, style, offSet: new Set(state.off.map(String))};
    this.seen = seen;
    view.row = this.rowOf("cross", seen);
    view.sourceRow = this.rowOf("encoder", seen);
    this.paintWords(view);
    this.paintTop();                                                // it says what is wrong with what now stands in the inputs
    this.paintControls(view);
    for (const map of parts.maps) this.paintMap(map, view);
    this.paintNext(view);
    Object.assign(parts.root.dataset, {state: "ready", part: state.part, layer: state.layer, head: state.head, place: view.row, sourcePlace: view.sourceRow});
  }

  // The two inputs, what is wrong with them, and words to choose from.
  paintTop() {
    const {model, parts, words, translator, config} = this, fit = translator.fit(parts.source.value.slice(0, LONGEST)), place = model.get("source_place");
    const last = fit.words.length - 1, here = Math.min(place < 0 ? last : place, last);
    const begun = fit.open && fit.unknown.length ? translator.completions(fit.open) : [], typing = begun.length > 0;
    const complaint = (own, finishing) => own.unknown.length && !finishing ? words.unknown(own.unknown, this.size) : own.left ? words.cut(own.left) : "";
    setText(parts.sourceMessage, last < 0 ? words.empty : complaint(fit, typing));
    showOffers(parts, typing ? words.goOn : words.instead(fit.words[here]), typing ? begun : this.alikeAt(fit, here),
      (word) => this.take(fit, typing ? last : here, word));
    parts.examples.forEach((button, i) => button.setAttribute("aria-pressed", this.wordsOf(this.examples[i]) === this.wordsOf(model.get("text"))));
    const own = translator.fit(parts.target.value.slice(0, LONGEST), config.max_len - 1);
    setText(parts.targetMessage, complaint(own, own.open && translator.completions(own.open).length));
    setText(parts.by, model.get("target") ? words.byReader : words.byModel);
    parts.again.style.visibility = model.get("target") ? "visible" : "hidden";
  }

  // The words that the encoder reads like this one here: none until they are found, a few at a time while nothing else happens.
  alikeAt({ids, unknown}, place) {
    const key = `${ids} ${place}`;
    if (this.alike.key !== key) {
      clearTimeout(this.thinking);
      this.alike = {key, list: []};
      if (ids.length && !unknown.length) this.thinking = setTimeout(() => this.think(this.translator.alike(ids, place, this.reader())), PAUSE);
    }
    return this.alike.list;
  }

  think(work) {
    const until = performance.now() + SLICE;
    let found = work.next();
    while (!found.done && performance.now() < until) found = work.next();
    if (!found.done) { this.thinking = setTimeout(() => this.think(work)); return; }
    this.alike.list = found.value;
    this.update();
  }

  take({words}, at, word) {
    this.parts.source.value = words.map((each, i) => i === at ? word : each).join(" ") + (at === words.length - 1 && word !== "." ? " " : "");
    this.type(this.parts.source.value);
  }

  paintWords({part, layer, head, causal, seen, style, row, sourceRow}) {
    const {parts} = this, {S, T} = seen, chip = (label) => ({label, kind: "text", joined: false});
    const line = (name, at, width) => weightsOf(seen, name, layer, head).subarray(at * width, (at + 1) * width);
    const looked = part === "encoder" ? line("encoder", sourceRow, S) : line("cross", row, S);
    const back = part === "decoder" ? line("decoder", row, T) : null;        // else no row looks at a target word
    const chosen = Math.min(this.model.get("source_place"), S - 1);
    parts.sources.show(seen.sources.map(chip), looked, part === "encoder" ? sourceRow : -1, Math.max(chosen, 0), S, style.dark);
    parts.targets.show([...seen.targets, this.words.end].map(chip), back, row + 1, this.rowAsked(seen) + 1, causal ? row + 1 : T, style.dark);
    if (!parts.target.matches(":focus")) parts.target.value = seen.ids.length ? seen.targets.slice(1).join(" ") : "";
  }

  rowAsked({T}) { const asked = this.model.get("place"); return asked < 0 ? T - 1 : Math.min(asked, T - 1); }

  paintControls({part, layer, head, causal, seen, style, off, offSet}) {
    const {parts, words} = this, isOff = offSet.has(`${part},${layer},${head}`), name = head < 0 ? words.mean(layer + 1) : words.head(layer + 1, head + 1);
    setText(parts.name, isOff ? words.headOff(name) : name);
    parts.switches.forEach((input) => { input.checked = input.value === part; });
    parts.mask.checked = causal;
    parts.off.checked = isOff;
    parts.off.disabled = head < 0;
    setText(parts.offLabel, head < 0 ? words.meanHasNoSwitch : words.off);
    parts.allOn.disabled = !off.length;
    setText(parts.allOn, off.length ? words.allOn(off.length) : words.allAreOn);
    parts.heads.show(seen, part, {layer, head}, offSet, style.dark);
  }

  // The words beside the rows of a part, above its columns, and what its mask hides.
  labels(part, seen, causal) {
    const writing = seen.coming.map(this.words.toWrite), none = () => false;
    return {encoder: {rows: seen.sources, columns: seen.sources, hides: none}, cross: {rows: writing, columns: seen.sources, hides: none},
      decoder: {rows: writing, columns: seen.targets, hides: causal ? (r, c) => c > r : none}}[part];
  }

  paintMap({part, canvas, mask, node, tab}, {part: large, layer, head, causal, seen, style, row, sourceRow}) {
    const is = part === large;
    node.classList.toggle("lm-tr-large", is);
    tab(is);
    setText(mask, this.words.masks[part](causal));
    mask.classList.toggle("lm-tr-unmasked", part === "decoder" && !causal);
    if (!canvas.clientWidth) return;                                // a phone shows the large one alone
    const here = this.peek && this.peek.column >= 0 ? this.peek.column : this.column, labels = this.labels(part, seen, causal);
    this.places[part] = drawMap(canvas, {...labels, named: is, weights: weightsOf(seen, part, layer, head), row: part === "encoder" ? sourceRow : row,
      column: is && here < labels.columns.length ? here : -1, style});
  }

  // The next word, the numbers, and the picture in words: seen at once, spoken when the reader pauses.
  paintNext(view) {
    const {parts, words, translator} = this, {part, layer, head, causal, seen, row, sourceRow} = view;
    const coming = seen.coming[row], following = translator.next(seen, row);
    const {columns, hides} = this.labels(part, seen, causal), at = part === "encoder" ? sourceRow : row, word = part === "encoder" ? seen.sources[at] : coming;
    const size = columns.length, line = weightsOf(seen, part, layer, head).subarray(at * size, (at + 1) * size);
    const order = Array.from(line.keys()).sort((a, b) => line[b] - line[a]).filter((c, i) => i < SAID && (!i || line[c] >= LEAST));
    const leak = part === "decoder" && !causal && line[at + 1] >= LEAST ? ` ${words.leak(word, line[at + 1])}` : "";
    setText(parts.say, words.look[part](word, order.map((c) => words.weigh(columns[c], line[c])).join(", ")) + leak);
    setText(parts.gives, words.gives(coming, following.own));
    setText(parts.nextTitle, words.next(coming));
    parts.bars.show(following.rows);
    parts.beforeNote.style.visibility = seen.altered ? "visible" : "hidden";
    if (parts.numbers.open) {
      const lines = Array.from({length: seen.heads}, (_, k) => weightsOf(seen, part, layer, k).subarray(at * size, (at + 1) * size));
      parts.showNumbers({part, layer, head, at, columns, lines, word, coming, hides, following, altered: seen.altered});
    }
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => setText(parts.spoken, `${parts.say.textContent} ${parts.gives.textContent}`), 500);
  }
}
