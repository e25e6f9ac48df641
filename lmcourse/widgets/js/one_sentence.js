// OneSentence: one token of a sentence through the whole model, stage by stage; each stage leads to the widget that explains it.
// one_sentence_math.js computes, one_sentence_parts.js builds the page, one_sentence_tables.js fills its tables; this file joins them.
import {bringIntoSight, h, eachFrame, setText} from './dom.js';
import {wordsIn} from './language.js';
import {WORDS} from './words_one_sentence.js';
import {modelOf} from './source.js';
import {makeReader} from './explorer_model.js';
import {largest} from './bars.js';
import {styleOf, watch, short} from './lab_chart.js';
import {length, normed} from './logit_math.js';
import {embedded, exactAt, layerAt, lens, wordOf, bytesOf} from './one_sentence_math.js';
import {build, SHOWN, STRIPS} from './one_sentence_parts.js';
import {showLens, showNext, showNumbers} from './one_sentence_tables.js';
import {wayTo} from './one_sentence_ways.js';

const TRAITS = ["text", "position", "layer", "head", "channel", "exact"];
const AS_TRAINED = {causal: true, temperature: 1, headsOff: [], residual: true};
const NAMES = Object.values(STRIPS).flatMap(Object.keys), OWN = {hidden: "neuron", logits: "logit"};   // strips whose cells are no channels of the stream

// The contract of anywidget (AFM): draw `model` into `el`, return what cleans up.
export async function render({model, el}) {
  const words = wordsIn(WORDS);
  el.textContent = words.loading;
  try {
    const figure = new Figure(model, el, words, await modelOf(model));
    return () => figure.stop();
  } catch (error) {
    console.error(error);
    throw new Error(words.failed(error.message));
  }
}

class Figure {
  constructor(model, el, words, {bytes, mind}) {
    Object.assign(this, {model, el, words, mind, peeked: {}, picked: {}});
    this.reader = makeReader(bytes, mind, words);
    this.of = {name: (id) => this.nameOf(id), exact: (id) => this.exactOf(id)};
    this.update = eachFrame(() => this.paint());
    this.parts = build(words, mind.config, this);
    el.replaceChildren(this.parts.root);
    this.parts.input.value = model.get("text");
    this.onText = () => { if (this.reader.fit(this.parts.input.value).text !== model.get("text")) this.parts.input.value = model.get("text"); };
    model.on("change:text", this.onText);
    for (const name of TRAITS) model.on(`change:${name}`, this.update);
    this.unwatch = watch([this.parts.root], this.update);
    requestAnimationFrame(this.update);                             // not before `el` stands in the page
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

  // What the reader does; one_sentence_parts.js calls these.
  type(text) {
    const fits = this.reader.fit(text), before = this.model.get("text");
    if (!fits.blank) this.set(fits.text.startsWith(before) ? {text: fits.text, position: -1} : {text: fits.text});
    this.update();
  }

  peek(stage, i) {
    const kind = OWN[stage] || "channel", now = i < 0 ? undefined : i;
    if (this.peeked[kind] === now) return;
    this.peeked = {[kind]: now};
    this.update();
  }

  pick(stage, i) {
    this.peeked = {};
    if (!OWN[stage]) return this.set({channel: i});
    this.picked[OWN[stage]] = i;
    this.update();
  }

  move(event) {
    const {t, T} = this.seen, to = {ArrowRight: t + 1, ArrowLeft: t - 1, ArrowDown: t + 1, ArrowUp: t - 1, Home: 0, End: T - 1}[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const target = Math.min(Math.max(to, 0), T - 1);
    this.set({position: target});
    this.parts.list.children[target].focus();
  }

  // The traits as they can be shown, whoever set them: an address may hold anything.
  state(T) {
    const get = (name, most) => { const x = this.model.get(name); return Number.isInteger(x) ? Math.min(Math.max(x, 0), most - 1) : 0; };
    const {n_layers: L, n_heads: H, d_model: d} = this.mind.config, position = this.model.get("position");
    return {t: position < 0 || position >= T ? T - 1 : get("position", T), l: get("layer", L), head: get("head", H), channel: get("channel", d)};
  }

  // Everything that is shown of one token in one layer; nothing is computed twice.
  read(fits) {
    const {gpt, tokenizer} = this.mind, {T, ids, tokens, result} = this.reader.read(fits, AS_TRAINED), state = this.state(T), {t, l} = state;
    const key = `${ids} ${t} ${l}`, exact = this.model.get("exact");
    if (this.key !== key) {
      const V = result.vocabulary, {residual} = result, {token, position, stream} = embedded(gpt, ids[t], t), inside = layerAt(gpt, result, l, t);
      const logits = result.logits.subarray(t * V, (t + 1) * V), guesses = lens(gpt, residual, t);
      const strips = {embedding: token, position, stream, ...inside, final: normed(gpt, residual.at(-1), t), logits};
      this.found = {inside, logits, guesses, strips, weights: result.attention[l], top: largest(guesses.at(-1), SHOWN)};
      this.key = key;
    }
    const known = exactAt(exact, ids.map((id) => wordOf(tokenizer, id)), t);
    return {...this.found, ...state, known, T, ids, tokens, fits, text: fits.text, label: tokens[t].label, next: t < T - 1 ? ids[t + 1] : null};
  }

  nameOf(id) { return id === this.mind.tokenizer.endId ? this.words.end : this.mind.tokenizer.text(id).trim() || this.words.space; }
  exactOf(id) { return this.seen.known && (this.seen.known[wordOf(this.mind.tokenizer, id)] ?? 0); }

  paint() {
    const {parts, words} = this, seen = this.seen = this.read(this.reader.fit(parts.input.value)), {fits, t, l, head, channel, T} = seen;
    const key = `${this.key} ${head} ${seen.text} ${JSON.stringify(seen.known)}`;
    setText(parts.message, fits.blank ? words.hint : fits.left ? words.cut(fits.tokens.length, fits.left) : "");
    if (this.painted !== key) {                                     // while a mouse points at a strip, only numbers change
      this.painted = key;
      parts.layers.forEach((input, i) => { input.checked = i === l; });
      this.paintTokens(seen);
      this.paintChips(seen);
      this.paintNotes(seen);
      this.paintWays(seen);
      showLens(parts.lens, words, seen, this.of);
      showNext(parts.next, words, seen, this.of);
      setText(parts.comes, seen.next === null ? words.last : words.comes(this.nameOf(seen.next), seen.guesses.at(-1)[seen.next], this.exactOf(seen.next)));
      setText(parts.world, seen.known ? words.known : words.unknown);
      this.say(seen);
    }
    this.paintStrips(seen);
    if (parts.numbers.open) this.paintNumbers(seen);
    Object.assign(parts.root.dataset, {state: "ready", tokens: T, position: t, layer: l, head, channel, next: seen.top[0]});
  }

  paintTokens({ids, tokens, t}) {
    const {list} = this.parts, key = String(ids);
    if (list.dataset.ids !== key) {
      list.dataset.ids = key;
      list.replaceChildren(...tokens.map(({label, kind, joined}, i) => h("div", {class: `lm-one-token lm-one-${kind}${joined ? " lm-one-joined" : ""}`,
        role: "option", onclick: () => this.set({position: i})}, label)));
    }
    [...list.children].forEach((chip, i) => {
      chip.setAttribute("aria-selected", i === t);
      chip.tabIndex = i === t ? 0 : -1;
    });
    bringIntoSight(list, list.children[t]);
  }

  // The token's bytes, its text and its id.
  paintChips({ids, tokens, t}) {
    const {bytes, token} = this.parts, letter = (byte) => byte === 32 ? this.words.space : byte > 32 && byte < 127 ? String.fromCharCode(byte) : "·";
    bytes.replaceChildren(...(bytesOf(this.mind.tokenizer, ids[t]) ?? []).map((byte) => h("span", {class: "lm-one-chip lm-one-byte", "data-byte": byte},
      h("b", {}, byte.toString(16).toUpperCase().padStart(2, "0")), h("span", {}, letter(byte)))));
    token.replaceChildren(...[tokens[t].label, this.words.id(ids[t])].map((text) => h("span", {class: "lm-one-chip"}, text)));
  }

  paintNotes({ids, t, T, strips, inside}) {
    const {parts: {rows}, words: {stages, notes, special}} = this, own = bytesOf(this.mind.tokenizer, ids[t]), {hidden} = inside;
    const said = {...notes, bytes: own ? notes.bytes(own.length) : special, token: notes.token(t, T),
      embedding: notes.embedding(ids[t]), position: notes.position(t),
      hidden: notes.hidden(hidden.filter((x) => x > 0).length, hidden.length), logits: notes.logits(strips.logits.length)};
    for (const name of ["stream", "before", "bias", "middle", "mlp", "after"]) said[name] = notes[name](short(length(strips[name])));
    for (const [name, row] of Object.entries(rows)) {
      row.name?.(stages[name]);
      row.note?.(said[name]);
    }
  }

  // In the book a link, in JupyterLab, where there is no book, the chapter's name.
  paintWays(seen) {
    const {parts: {rows}, words} = this, place = this.el.closest(".lm-widget"), ways = place && JSON.parse(place.dataset.ways || "{}");
    for (const [name, {way, explained}] of Object.entries(rows)) {
      if (!explained) continue;
      if (!ways) setText(way, words.chapter(words.chapters[explained]));
      const link = ways && wayTo(ways, explained, seen);
      if (!link) continue;
      const label = words.opens(words.linked[name] ?? words.stages[name], link.chapter);
      if (!way.firstChild) way.append(h("a", {"data-way": explained, "aria-label": label}, words.open(link.chapter)));
      way.firstChild.href = link.href;
    }
  }

  paintStrips({strips, inside, channel, top, weights, t, T, tokens, head: chosen}) {
    const {parts, words, peeked, picked} = this, style = styleOf(parts.root), dark = getComputedStyle(parts.root).getPropertyValue("--lm-dark").trim() === "1";
    const most = (values) => values.reduce((best, v) => Math.max(best, Math.abs(v)), 0);
    const at = {channel: peeked.channel ?? channel, neuron: peeked.neuron ?? picked.neuron ?? largest(inside.hidden, 1)[0],
      logit: peeked.logit ?? picked.logit ?? top[0]};
    const say = {channel: words.channel, neuron: words.neuron, logit: (id, x) => words.logit(this.nameOf(id), x)};
    for (const name of NAMES) {
      const kind = OWN[name] || "channel", values = strips[name], said = say[kind](at[kind], short(values[at[kind]]));
      parts.rows[name].number(said);
      parts.strips[name].show(values, {label: words.strip(words.stages[name], values.length), said, most: most(values), channel: at[kind], style});
    }
    parts.heads.cards.forEach(({strip, number, size, looks, head}) => {
      const {weights: row, written} = inside.heads[head], said = words.channel(at.channel, short(written[at.channel]));
      looks(words.looks(largest(row, 2).filter((j) => row[j] >= 0.01).map((j) => [tokens[j].label, row[j]])));
      number(said);
      size(words.size(short(length(written))));
      strip.show(written, {label: words.strip(words.writes(head + 1), written.length), said, most: most(written), channel: at.channel, style});
    });
    parts.heads.show({weights, T, t, chosen, dark});
  }

  paintNumbers(seen) {
    const {parts, words} = this, {strips, inside} = seen, kind = parts.select.value, key = `${this.painted} ${kind}`;
    if (this.tabled === key) return;
    this.tabled = key;
    const vectors = NAMES.filter((name) => !OWN[name]).map((name) => [words.stages[name], name, strips[name]]);
    const heads = inside.heads.map(({written}, head) => [words.writes(head + 1), `written${head}`, written]);
    vectors.splice(vectors.findIndex(([, key]) => key === "normed") + 1, 0, ...heads);
    showNumbers(parts.table, kind, words, {...seen, vectors}, this.of);
  }

  say({label, t, l, head, inside, tokens, top, guesses}) {
    const {weights} = inside.heads[head], [seen] = largest(weights, 1), [next] = top;
    clearTimeout(this.speaking);
    const told = this.words.spoken(label, t, l + 1, head + 1, tokens[seen].label, weights[seen], this.nameOf(next), guesses.at(-1)[next]);
    this.speaking = setTimeout(() => setText(this.parts.spoken, told), 500);
  }
}
