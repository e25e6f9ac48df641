// OneSentence: one token of a sentence through the whole model, stage by stage; each stage leads to the widget that explains it.
// one_sentence_math.js computes, one_sentence_parts.js builds the page, this file joins them: traits in, picture out.
import {h, eachFrame, setText} from './dom.js';
import {wordsIn} from './language.js';
import {WORDS} from './words_one_sentence.js';
import {modelOf} from './source.js';
import {makeReader} from './explorer_model.js';
import {largest} from './bars.js';
import {styleOf, watch, short} from './lab_chart.js';
import {length, normed} from './logit_math.js';
import {embedded, exactAt, layerAt, lens, wordOf} from './one_sentence_math.js';
import {build, GUESSES, SHOWN, STRIPS} from './one_sentence_parts.js';
import {showTable} from './one_sentence_tables.js';
import {wayTo} from './one_sentence_ways.js';

const TRAITS = ["text", "position", "layer", "head", "channel", "exact"], AS_TRAINED = {causal: true, temperature: 1, headsOff: [], residual: true};
const OWN = {hidden: "neuron", logits: "logit"};                    // strips whose cells are no channels of the stream

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

  // Everything that is shown for one token in one layer; nothing is computed twice.
  read(fits) {
    const {gpt, tokenizer} = this.mind, {T, ids, tokens, result} = this.reader.read(fits, AS_TRAINED), state = this.state(T), {t, l} = state, key = `${ids} ${t} ${l}`;
    if (this.key !== key) {
      const V = result.vocabulary, {residual} = result, {token, position, stream} = embedded(gpt, ids[t], t);
      this.found = {inside: layerAt(gpt, result, l, t), logits: result.logits.subarray(t * V, (t + 1) * V), guesses: lens(gpt, residual, t),
        strips: {embedding: token, position, stream, final: normed(gpt, residual.at(-1), t)}, weights: result.attention[l]};
      Object.assign(this.found.strips, this.found.inside, {logits: this.found.logits});
      this.key = key;
    }
    const known = exactAt(this.model.get("exact"), ids.map((id) => wordOf(tokenizer, id)), t);
    return {...this.found, ...state, known, T, ids, tokens, fits, text: fits.text, label: tokens[t].label, top: largest(this.found.guesses.at(-1), SHOWN)};
  }

  nameOf(id) { return id === this.mind.tokenizer.endId ? this.words.end : this.mind.tokenizer.text(id).trim() || this.words.space; }
  exactOf(id) { return this.seen.known && (this.seen.known[wordOf(this.mind.tokenizer, id)] ?? 0); }

  paint() {
    const {parts, words} = this, seen = this.seen = this.read(this.reader.fit(parts.input.value)), {fits, t, l, head, channel, T} = seen;
    setText(parts.message, fits.blank ? words.hint : fits.left ? words.cut(fits.tokens.length, fits.left) : "");
    parts.layers.forEach((input, i) => { input.checked = i === l; });
    this.paintTokens(seen);
    this.paintNotes(seen);
    this.paintWays(seen);
    this.paintLens(seen);
    this.paintNext(seen);
    this.paintStrips(seen);
    if (parts.numbers.open) this.paintTable(seen);
    this.say(seen);
    Object.assign(parts.root.dataset, {state: "ready", tokens: T, position: t, layer: l, head, channel, next: seen.top[0]});
  }

  paintTokens({ids, tokens, t}) {
    const {list} = this.parts, key = String(ids);
    if (list.dataset.ids !== key) {
      list.dataset.ids = key;
      list.replaceChildren(...tokens.map(({label, kind, joined}, i) => h("div", {class: `lm-one-token lm-one-${kind}${joined ? " lm-one-joined" : ""}`, role: "option",
        onclick: () => this.set({position: i})}, label)));
    }
    [...list.children].forEach((chip, i) => {
      chip.setAttribute("aria-selected", i === t);
      chip.tabIndex = i === t ? 0 : -1;
    });
  }

  paintNotes({ids, t, T, tokens, strips, inside}) {
    const {parts: {rows, bytes, token}, words: {stages, notes, special, id}} = this, size = (name) => short(length(strips[name])), own = bytesOf(this.mind.tokenizer, ids[t]);
    const said = {bytes: own ? notes.bytes(own.length) : special, token: notes.token(t, T), embedding: notes.embedding(ids[t]), position: notes.position(t), stream: notes.stream(size("stream")),
      hidden: notes.hidden(inside.hidden.filter((x) => x > 0).length, inside.hidden.length), logits: notes.logits(strips.logits.length)};
    for (const name of ["before", "middle", "mlp", "after"]) said[name] = notes[name](size(name));
    for (const [name, row] of Object.entries(rows)) {
      row.name?.(stages[name]);
      row.note?.(said[name] ?? notes[name]);
    }
    if (token.dataset.id === String(ids[t])) return;
    token.dataset.id = ids[t];
    token.replaceChildren(h("span", {class: "lm-one-chip"}, tokens[t].label), h("span", {class: "lm-one-chip"}, id(ids[t])));
    bytes.replaceChildren(...(own || []).map((byte) => h("span", {class: "lm-one-chip lm-one-byte", "data-byte": byte}, h("b", {}, byte.toString(16).toUpperCase().padStart(2, "0")),
      h("span", {}, byte > 32 && byte < 127 ? String.fromCharCode(byte) : byte === 32 ? "␣" : "·"))));
  }

  // In the book a link, in JupyterLab, where there is no book, the chapter's name.
  paintWays(seen) {
    const {parts: {rows}, words} = this, place = this.el.closest(".lm-widget"), ways = place && JSON.parse(place.dataset.ways || "{}");
    for (const [name, {way, explained}] of Object.entries(rows)) {
      const link = explained && ways && wayTo(ways, explained, seen), stage = typeof words.stages[name] === "string" ? words.stages[name] : words.heads;
      if (link) {
        if (!way.firstChild) way.append(h("a", {"data-way": explained}, words.open(link.chapter)));
        way.firstChild.setAttribute("aria-label", words.opens(name === "hand" ? words.hand : stage, link.chapter));
        way.firstChild.href = link.href;
      } else if (explained && !ways) setText(way, words.chapter(words.chapters[explained]));
    }
  }

  paintLens({guesses, l}) {
    const {parts: {lens: table}, words} = this;
    table.replaceChildren(h("thead", {}, h("tr", {}, words.lensColumns.slice(0, GUESSES + 1).map((text) => h("th", {scope: "col"}, text)))),
      h("tbody", {}, guesses.map((p, i) => h("tr", {class: i === l + 1 && "lm-here"}, h("th", {scope: "row"}, words.lensRow(i)), largest(p, GUESSES).map((id) =>
        h("td", {"data-lens": i, "data-token": id, "data-probability": p[id]}, words.guess(this.nameOf(id), p[id])))))));
  }

  paintNext({guesses, top, logits, known, ids, t, T}) {
    const {parts, words} = this, p = guesses.at(-1), next = t < T - 1 ? ids[t + 1] : null, shown = next === null || top.includes(next) ? top : [...top.slice(0, -1), next];
    parts.next.replaceChildren(h("thead", {}, h("tr", {}, words.columns.map((text) => h("th", {scope: "col"}, text)))),
      h("tbody", {}, shown.map((id) => h("tr", {class: id === next && "lm-here", "data-token": id, "data-probability": p[id], "data-world": this.exactOf(id) ?? ""},
        h("th", {scope: "row"}, this.nameOf(id)), h("td", {}, short(logits[id])), h("td", {class: "lm-one-bar"}, h("span", {style: `transform: scaleX(${p[id].toFixed(4)})`})),
        h("td", {}, inPercent(p[id])), h("td", {}, known ? inPercent(this.exactOf(id)) : "–")))));
    setText(parts.comes, next === null ? words.last : words.comes(this.nameOf(next), p[next], this.exactOf(next)));
    setText(parts.world, known ? words.known : words.unknown);
  }

  paintStrips({strips, inside, channel, top, weights, t, T, tokens, head: chosen}) {
    const {parts, words} = this, style = styleOf(parts.root), dark = getComputedStyle(parts.root).getPropertyValue("--lm-dark").trim() === "1";
    const most = (...vectors) => Math.max(...vectors.map((x) => x.reduce((best, v) => Math.max(best, Math.abs(v)), 0)));
    const into = most(strips.embedding, strips.position, strips.stream), {heads, before, bias, middle, mlp, after} = inside;
    const layer = most(before, bias, middle, mlp, after, ...heads.map(({written}) => written));
    const scales = {embedding: into, position: into, stream: into, before: layer, bias: layer, middle: layer, mlp: layer, after: layer};
    const at = {channel: this.peeked.channel ?? channel, neuron: this.peeked.neuron ?? this.picked.neuron ?? largest(inside.hidden, 1)[0], logit: this.peeked.logit ?? this.picked.logit ?? top[0]};
    const say = {channel: words.channel, neuron: words.neuron, logit: (id, x) => words.logit(this.nameOf(id), x)};
    for (const name of Object.values(STRIPS).flatMap(Object.keys)) {
      const kind = OWN[name] || "channel", values = strips[name], said = say[kind](at[kind], short(values[at[kind]]));
      parts.rows[name].number(said);
      parts.strips[name].show(values, {label: words.strip(words.stages[name], values.length), said, most: scales[name] ?? most(values), channel: at[kind], style});
    }
    parts.heads.cards.forEach(({strip, number, looks, head}) => {
      const {weights: row, written} = heads[head], said = words.channel(at.channel, short(written[at.channel]));
      looks(words.looks(largest(row, 2).map((j) => [tokens[j].label, row[j]])));
      number(said);
      strip.show(written, {label: words.strip(words.writes(head + 1), written.length), said, most: layer, channel: at.channel, style});
    });
    parts.heads.show({weights, T, t, chosen, dark});
  }

  paintTable(seen) {
    const {parts, words} = this, {strips, inside, l, t, tokens} = seen, kind = parts.select.value;
    const vectors = Object.values(STRIPS).flatMap(Object.keys).filter((name) => !OWN[name]).map((name) => [words.stages[name], name, strips[name]]);
    vectors.splice(vectors.findIndex(([, key]) => key === "normed") + 1, 0, ...inside.heads.map(({written}, head) => [words.stages.head(head + 1), `written${head}`, written]));
    const key = `${this.key} ${kind} ${JSON.stringify(Boolean(seen.known))}`;
    if (parts.table.dataset.key === key) return;
    parts.table.dataset.key = key;
    showTable(parts.table, kind, {...seen, words, vectors, caption: words.captions[kind](tokens[t].label, l + 1), label: (id) => this.nameOf(id), exact: (id) => this.exactOf(id)});
  }

  say({label, t, l, head, inside, tokens, top, guesses}) {
    const {weights} = inside.heads[head], [seen] = largest(weights, 1), next = top[0];
    clearTimeout(this.speaking);
    const told = this.words.spoken(label, t, l + 1, head + 1, tokens[seen].label, weights[seen], this.nameOf(next), guesses.at(-1)[next]);
    this.speaking = setTimeout(() => setText(this.parts.spoken, told), 500);
  }
}

const inPercent = (x) => x > 0 && x < 0.0001 ? "<0.01 %" : `${(100 * x).toFixed(x >= 0.0995 ? 1 : 2)} %`;

// The bytes of a token, or null for one that stands for none (<|endoftext|>).
function bytesOf(tokenizer, id) {
  if (id === tokenizer.endId) return null;
  const text = tokenizer.text(id);
  return /^(<0x[0-9A-F]{2}>)+$/.test(text) ? text.match(/[0-9A-F]{2}(?=>)/g).map((hex) => parseInt(hex, 16)) : [...new TextEncoder().encode(text)];
}
