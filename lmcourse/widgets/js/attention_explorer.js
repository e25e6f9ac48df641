// AttentionExplorer: type a sentence; its tokens, the attention of any head and the next word follow at once.
// explorer_model.js and explorer_encoder.js compute, explorer_parts.js builds the page, this file joins them: traits in, picture out.
import {bringIntoSight, eachFrame, remember, setText} from './dom.js';
import {wordsIn} from './language.js';
import {WORDS} from './words_attention_explorer.js';
import {build} from './explorer_parts.js';
import {makeReader} from './explorer_model.js';
import {amongWords, makeEncoder, LAYERS, HEADS} from './explorer_encoder.js';
import {serveEncoder as serve} from './encoder.js';
import {modelOf} from './source.js';
import {loadModel} from './engine.js';
import {drawMap, layout, cellAt, legendGradient} from './heatmap.js';
import {habitOf} from './heads.js';

const TRAITS = ["text", "second", "layer", "head", "view", "causal", "positions", "temperature", "heads_off", "position", "compact", "mind", "words_only"];
const LONGEST = 4000;                                               // characters that are kept of what the encoder is given
const NARROW = 430;                                                 // px: of a stage where a long sentence cannot be read

// The contract of anywidget (AFM): draw `model` into `el`, return what cleans up.
export async function render({model, el}) {
  const words = wordsIn(WORDS);
  el.textContent = words.loading;
  try {
    const explorer = new Explorer(model, el, words, await modelOf(model));
    return () => explorer.stop();
  } catch (error) {
    console.error(error);
    throw new Error(words.failed(error.message));
  }
}

export const serveEncoder = serve;                                  // what a worker of this bundle runs

class Explorer {
  constructor(model, el, words, {bytes, mind}) {
    Object.assign(this, {model, words, peek: -1, cell: null, painted: 0});
    this.config = mind.config;
    this.own = !/^course-gpt@/.test(model.get("weights"));
    this.reader = makeReader(bytes, mind, words);
    this.readSecond = () => this.secondReader ||= makeReader(bytes, loadModel(bytes), words);       // a model of its own, so that neither loses its prefix
    this.encoder = makeEncoder(model, () => this.update());
    this.update = eachFrame(() => this.paint());
    this.parts = build(words, this.config, this);
    this.paintLegend = remember((dark) => { this.parts.legend.style.background = legendGradient(dark); });
    el.replaceChildren(this.parts.root);
    this.parts.input.value = model.get("text");
    this.listen();
    requestAnimationFrame(this.update);                             // not before `el` stands in the page
  }

  // One trait changed, here or in the kernel: either way the next frame shows it.
  listen() {
    this.onText = () => { if (this.isEncoder ? this.parts.input.value !== this.model.get("text") : this.reader.fit(this.parts.input.value).text !== this.model.get("text")) this.parts.input.value = this.model.get("text"); };
    this.model.on("change:text", this.onText);
    this.onSecond = () => { if (this.model.get("second")) this.parts.second.element.open = true; };
    this.model.on("change:second", this.onSecond);
    this.onSecond();
    for (const name of TRAITS) this.model.on(`change:${name}`, this.update);
    this.resized = new ResizeObserver(([{contentRect: {width, height}}]) => { this.size = `${width} ${height}`; this.narrow = width < NARROW; this.update(); });
    this.resized.observe(this.parts.stage);
    this.themed = new MutationObserver(() => { this.style = null; this.update(); });
    for (const node of [document.documentElement, document.body]) {
      this.themed.observe(node, {attributes: true, attributeFilter: ["data-theme", "data-mode", "data-jp-theme-light", "class"]});
    }
  }

  stop() {
    this.update.cancel();
    clearTimeout(this.speaking);
    this.resized.disconnect();
    this.themed.disconnect();
    this.model.off("change:text", this.onText);
    this.model.off("change:second", this.onSecond);
    for (const name of TRAITS) this.model.off(`change:${name}`, this.update);
  }

  set(traits) {
    for (const [name, value] of Object.entries(traits)) this.model.set(name, value);
    this.model.save_changes();
    this.update();
  }

  get isEncoder() { return this.model.get("mind") === "minilm"; }

  // The traits as they can be shown, whoever set them: an address may hold anything.
  state() {
    const get = (name) => this.model.get(name), encoder = this.isEncoder, [L, H] = encoder ? [LAYERS, HEADS] : [this.config.n_layers, this.config.n_heads];
    const within = (x, most) => Number.isInteger(x) ? Math.min(Math.max(x, 0), most - 1) : 0;
    const off = get("heads_off").filter((pair) => Array.isArray(pair) && pair[0] === within(pair[0], L) && pair[1] === within(pair[1], H));
    const temperature = get("temperature");
    return {encoder, layer: within(get("layer"), L), head: within(get("head"), H), off, causal: !encoder && get("causal") !== false,
      positions: get("positions") !== false,
      temperature: temperature > 0 && Number.isFinite(temperature) ? temperature : 1};
  }

  // What the reader does; explorer_parts.js calls these.
  chooseMind(mind) {
    if (mind !== this.model.get("mind")) this.set({mind, layer: 0, head: mind === "minilm" ? 2 : 0, heads_off: [], position: -1});
    if (mind === "minilm") this.encoder.wake();
  }

  loadEncoder() { this.encoder.load(); }

  type(text) {
    if (this.isEncoder) {
      if (text.trim()) this.set({text: text.slice(0, LONGEST), position: -1});
      this.update();
      return;
    }
    const fits = this.reader.fit(text), before = this.model.get("text");
    if (!fits.blank) this.set(fits.text.startsWith(before) ? {text: fits.text, position: -1} : {text: fits.text});
    this.update();
  }

  typeSecond(text) { this.set({second: text.slice(0, LONGEST)}); }

  takeSuggestion(word) {
    const {input} = this.parts;
    input.value = this.reader.extend(input.value, word);
    this.type(input.value);
    input.focus();
    input.setSelectionRange(input.value.length, input.value.length);
  }

  choose(position) { this.cell = null; this.set({position}); }
  chooseHead(layer, head) { this.set({layer, head}); }
  look(position) { if (this.peek !== position) { this.peek = position; this.cell = null; this.update(); } }

  toggleHead(off) {
    const {layer, head} = this.state(), here = [layer, head];
    const others = this.model.get("heads_off").filter(([l, h]) => l !== here[0] || h !== here[1]);
    this.set({heads_off: off ? [...others, here].sort((a, b) => a[0] - b[0] || a[1] - b[1]) : others});
  }

  pointAt(event) {
    const box = this.parts.canvas.getBoundingClientRect();
    const cell = this.place && cellAt(this.place, this.seen.T, event.clientX - box.left, event.clientY - box.top);
    return cell;
  }

  hoverMap(event) {
    const cell = event ? this.pointAt(event) : null;
    if (cell?.row === this.cell?.row && cell?.column === this.cell?.column) return;
    this.cell = cell;
    this.peek = cell ? cell.row : -1;
    this.update();
  }

  pressMap(event) {
    const cell = this.pointAt(event);
    if (!cell) return;
    this.set({position: cell.row});
    this.cell = cell;
  }

  // Arrow keys on the heat map: up and down another row, left and right another column.
  moveOnMap(event) {
    const [down, right] = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]}[event.key] || [];
    if (down === undefined) return;
    event.preventDefault();
    const {T, row} = this.seen, most = T - 1, now = this.cell?.column ?? -1;
    const to = Math.min(Math.max(row + down, 0), most), start = now < 0 ? row : now;
    this.peek = -1;
    this.set({position: to});
    this.cell = {row: to, column: right ? Math.min(Math.max(start + right, 0), most) : now};
  }

  paint() {
    const {model, parts, words} = this, state = this.state(), {encoder, layer, head, off, causal, positions, temperature} = state;
    parts.root.classList.toggle("lm-encoder", encoder);
    parts.minds.forEach((button) => button.setAttribute("aria-pressed", (button.dataset.mind === "minilm") === encoder));
    const seen = encoder ? this.readEncoder(state) : this.reader.read(this.reader.fit(parts.input.value), {causal, positions, temperature, headsOff: off});
    parts.root.classList.toggle("lm-unready", !seen);
    if (!seen) return;
    const fits = encoder ? {blank: !parts.input.value.trim(), left: seen.left} : this.reader.fit(parts.input.value), {T, tokens} = seen;
    const position = model.get("position"), last = encoder && T > 2 ? T - 2 : T - 1, fixed = position >= 0 && position < T ? position : last;
    const row = this.peek >= 0 && this.peek < T ? this.peek : fixed;
    const weights = seen.attention[layer].subarray(head * T * T, (head + 1) * T * T);
    const style = this.style ||= readStyle(parts.root), offSet = new Set(off.map(String));
    Object.assign(this, {seen: {...seen, row}});
    const view = {...seen, row, fixed, layer, head, weights, causal, positions, style, temperature, offSet, off, fits};
    this.paintControls(view);
    parts.tokens.show(tokens, weights.subarray(row * T, (row + 1) * T), row, fixed, causal ? row + 1 : T, style.dark);
    (encoder ? parts.encoderHeads : parts.heads).show(seen.attention, T, layer, head, offSet, style.dark, (w) => this.habit(w, T));
    if (encoder) this.paintKnown(view);
    else this.paintNext(view);
    if (!encoder && parts.second.element.open) parts.second.show(this.readSecond(), view);
    this.say(view);
    if (model.get("view") === "arcs") parts.arcs.show(weights, T, row, causal, `${this.size} ${seen.ids}`);       // last: it may ask for the layout
    else this.paintMap(view);
    if (this.sight !== `${T} ${fixed}`) {                           // a reader who scrolls to another token is left alone
      this.sight = `${T} ${fixed}`;
      bringIntoSight(parts.tokens.element.parentElement, parts.tokens.chip(fixed));
    }
    this.painted += 1;
    Object.assign(parts.root.dataset, {state: "ready", painted: this.painted, tokens: T, row});
  }

  // What MiniLM said last; where it is not here yet, null and its place shows how it comes.
  readEncoder({positions, temperature, off}) {
    const {parts, model, encoder} = this, typed = parts.input.value.trim() ? parts.input.value : model.get("text");
    if (!this.asked) { this.asked = true; encoder.wake(); }
    const seen = encoder.read(typed.slice(0, LONGEST), {positions, temperature, headsOff: off, narrow: Boolean(this.narrow)});
    Object.assign(parts.root.dataset, {encoder: encoder.state().state, pending: encoder.pending() ? "1" : ""});
    if (!seen || encoder.state().state === "failed") {
      parts.load.show(encoder.state());
      return null;
    }
    if (!model.get("words_only")) return seen;
    seen.amongWords ||= amongWords(seen);
    return {...seen, attention: seen.amongWords};
  }

  habit(weights, T) {
    const {habit, share} = habitOf(weights, T, this.isEncoder);
    return (this.isEncoder && this.words.habitsOfEncoder[habit] || this.words.habits[habit])(share);
  }

  paintControls({layer, head, causal, positions, temperature, off, offSet, fits, T, weights, style, tokens}) {
    const {parts, words, model} = this, arcs = model.get("view") === "arcs", here = offSet.has(`${layer},${head}`);
    parts.root.classList.toggle("lm-arcs-view", arcs);
    parts.root.classList.toggle("lm-compact", model.get("compact"));
    setText(parts.name, (here ? words.headOff : words.head)(layer + 1, head + 1));
    setText(parts.habit, T > 2 ? this.habit(weights, T) : "");
    parts.viewHeatmap.checked = !arcs;
    parts.viewArcs.checked = arcs;
    parts.mask.checked = causal;
    parts.positions.checked = positions;
    parts.off.checked = here;
    if (Math.abs(10 ** parts.slider.value - temperature) > 0.006 * temperature) parts.slider.value = Math.log10(temperature);
    const spoken = String(+temperature.toPrecision(3));
    setText(parts.temperature, spoken);
    if (parts.slider.ariaValueText !== spoken) parts.slider.ariaValueText = spoken;
    parts.reset.disabled = temperature === 1;
    parts.allOn.disabled = off.length === 0;
    setText(parts.allOn, off.length ? words.allOn(off.length) : words.allAreOn);
    parts.wordsOnly.checked = model.get("words_only");
    const cut = this.isEncoder ? words.encoderCut(T, fits.left) : words.cut(tokens.length - 1, fits.left);
    setText(parts.message, fits.blank ? (this.isEncoder ? words.encoderHint : words.hint) : fits.left ? cut : "");
    this.paintLegend(style.dark);
  }

  paintMap({weights, T, tokens, row, causal, style}) {
    const {canvas} = this.parts, labels = tokens.map((token) => token.label);
    this.place = layout(canvas.clientWidth, canvas.clientHeight, T, labels);
    const column = this.cell?.row === row && this.cell.column < T ? this.cell.column : -1;
    drawMap(canvas, {weights, T, labels, place: this.place, row, column, causal, style, words: this.words});
  }

  paintKnown({layer, head, row, tokens, attention, T}) {
    this.parts.known.show(layer, head);
    if (this.parts.numbers.element.open) this.parts.numbers.show(tokens, row, layer, head, this.lines(attention[layer], HEADS, row, T), T, null, false);
    this.parts.showSuggestions([]);
  }

  lines(weights, heads, row, T) {
    return Array.from({length: heads}, (_, h) => weights.subarray((h * T + row) * T, (h * T + row + 1) * T));
  }

  paintNext({row, tokens, layer, head, attention, T, causal, altered, fits}) {
    const {parts, words} = this, name = tokens[row].label, rows = this.reader.next(row);
    setText(parts.nextTitle, words.next(name));
    parts.bars.show(rows);
    parts.beforeNote.style.visibility = altered ? "visible" : "hidden";
    if (parts.numbers.element.open) {
      parts.numbers.show(tokens, row, layer, head, this.lines(attention[layer], this.config.n_heads, row, T), causal ? row + 1 : T, rows, altered);
    }
    parts.showSuggestions(this.reader.suggest(parts.input.value, fits));
  }

  // The picture in words: seen at once, spoken when the reader pauses.
  say({row, tokens, weights, T, causal}) {
    const {words, parts} = this, at = (column) => weights[row * T + column];
    let column = this.cell?.row === row ? this.cell.column : -1;
    if (column < 0 || column >= T) column = weights.subarray(row * T, (row + 1) * T).reduce((best, w, i, all) => w > all[best] ? i : best, 0);
    const first = this.isEncoder ? null : this.reader.next(row)[0], predicts = first ? ` ${words.predicts(first.label, first.probability)}` : "";
    const look = causal && column > row ? words.hides(tokens[row].label, tokens[column].label)
      : column === row ? words.itself(tokens[row].label, at(column))
      : words.looks(tokens[row].label, tokens[column].label, at(column));
    setText(parts.status, look);
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => setText(parts.spoken, `${look}${predicts}`), 500);
  }
}

// What the canvas needs from the style sheet.
function readStyle(root) {
  const style = getComputedStyle(root), get = (name) => style.getPropertyValue(name).trim();
  return {dark: get("--lm-dark") === "1", text: get("--lm-text"), soft: get("--lm-soft"), faint: get("--lm-hatch"),
    background: get("--lm-background"), mark: get("--lm-mark"), font: style.fontFamily};
}
