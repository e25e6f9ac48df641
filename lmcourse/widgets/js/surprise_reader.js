// SurpriseReader: each token of a text coloured by how much it surprises the model; for stories of the world beside the
// surprise of the grammar that made them, below which no model stays for long.
import {h, setText, eachFrame} from './dom.js';
import {wordsIn} from './language.js';
import {WORDS} from './words_surprise_reader.js';
import {makeReader} from './explorer_model.js';
import {modelOf} from './source.js';
import {colorTable, css, ink} from './colors.js';

const TRAITS = ["text", "stories", "surprises", "colour", "ended", "place"];
const KINDS = ["model", "grammar", "difference"], MOST = {model: 6, grammar: 6, difference: 3};       // nats where the scale ends
const AS_TRAINED = {causal: true, temperature: 1, headsOff: []};
let made = 0;

// The contract of anywidget (AFM): draw `model` into `el`, return what cleans up.
export async function render({model, el}) {
  const words = wordsIn(WORDS);
  el.textContent = words.loading;
  try {
    const reader = new Surprises(model, el, words, await modelOf(model));
    return () => reader.stop();
  } catch (error) {
    console.error(error);
    throw new Error(words.failed(error.message));
  }
}

// -ln of the softmax of `logits` at `id`, in float64.
export function surpriseAt(logits, id) {
  let most = -Infinity, sum = 0;
  for (const x of logits) if (x > most) most = x;
  for (const x of logits) sum += Math.exp(x - most);
  return most + Math.log(sum) - logits[id];
}

// 1.23 -> "1.2", -0.04 -> "0.0", 12.3 -> "12": what fits into a chip.
function short(value) {
  const text = Math.abs(value).toFixed(Math.abs(value) < 9.95 ? 1 : 0);
  return value < 0 && +text ? `−${text}` : text;
}

class Surprises {
  constructor(model, el, words, {bytes, mind}) {
    Object.assign(this, {model, words, tokenizer: mind.tokenizer, peek: -1, id: `lm-surprise-${++made}-${Math.random().toString(36).slice(2, 8)}`});
    this.reader = makeReader(bytes, mind, words);
    this.update = eachFrame(() => this.paint());
    el.replaceChildren(this.build());
    this.input.value = model.get("text");
    this.onText = () => { if (this.reader.fit(this.input.value).text !== model.get("text")) this.input.value = model.get("text"); };
    model.on("change:text", this.onText);
    for (const name of TRAITS) model.on(`change:${name}`, this.update);
    this.themed = new MutationObserver(this.update);
    for (const node of [document.documentElement, document.body]) {
      this.themed.observe(node, {attributes: true, attributeFilter: ["data-theme", "data-mode", "data-jp-theme-light", "class"]});
    }
    requestAnimationFrame(this.update);
  }

  stop() {
    this.update.cancel();
    clearTimeout(this.speaking);
    this.themed.disconnect();
    this.model.off("change:text", this.onText);
    for (const name of TRAITS) this.model.off(`change:${name}`, this.update);
  }

  set(traits) {
    for (const [name, value] of Object.entries(traits)) this.model.set(name, value);
    this.model.save_changes();
    this.update();
  }

  build() {
    const {words, id} = this;
    this.input = h("textarea", {id: `${id}-text`, class: "lm-input", rows: "3", spellcheck: "false", autocomplete: "off", autocapitalize: "off",
      "aria-describedby": `${id}-message`, oninput: () => this.type()});
    this.picks = this.model.get("stories").map((_, i) => h("button", {type: "button", class: "lm-button", "aria-pressed": "false",
      onclick: () => this.set({text: this.model.get("stories")[i], place: -1})}, words.story(i + 1)));
    this.kinds = KINDS.map((kind) => h("input", {type: "radio", name: `${id}-colour`, value: kind, onchange: () => this.set({colour: kind})}));
    this.ended = h("input", {type: "checkbox", id: `${id}-ended`, onchange: () => this.set({ended: this.ended.checked})});
    this.message = h("span", {class: "lm-message", id: `${id}-message`, role: "status"});
    this.list = h("div", {class: "lm-surprises", role: "listbox", "aria-label": words.tokens, onkeydown: (event) => this.move(event),
      onpointerover: (event) => { if (event.pointerType === "mouse") this.look([...this.list.children].indexOf(event.target.closest(".lm-surprise"))); },
      onpointerleave: () => this.look(-1)});
    this.say = h("p", {class: "lm-say", "aria-hidden": "true"});
    this.spoken = h("p", {class: "lm-spoken", role: "status"});
    this.known = h("p", {class: "lm-soft lm-known"});
    this.scale = h("div", {class: "lm-scale"});
    this.scaleName = h("span", {class: "lm-soft"});
    this.ticks = h("div", {class: "lm-ticks"});
    this.totals = h("table", {class: "lm-table lm-totals"});
    this.table = h("table", {class: "lm-table"});
    this.numbers = h("details", {class: "lm-numbers", ontoggle: this.update}, h("summary", {}, words.numbers),
      h("div", {class: "lm-tables", tabindex: "0", role: "region", "aria-label": words.numbers}, this.table));
    return this.root = h("section", {class: "lm-figure lm-reader", "aria-label": words.title, "data-state": "loading"},
      h("div", {class: "lm-panel"}, h("p", {class: "lm-heading"}, words.heading),
        this.picks.length ? h("div", {class: "lm-picks", role: "group", "aria-label": words.stories}, this.picks) : null,
        h("label", {for: this.input.id, class: "lm-input-name"}, words.sentence), this.input, h("div", {class: "lm-messages"}, this.message)),
      h("div", {class: "lm-choices"},
        h("span", {id: `${id}-by`}, words.colour),
        h("div", {class: "lm-ways", role: "radiogroup", "aria-labelledby": `${id}-by`}, this.kinds.map((input) =>
          h("label", {class: "lm-way"}, input, h("span", {}, words[input.value])))),
        h("div", {class: "lm-end"}, this.ended, h("label", {for: this.ended.id}, words.ended)),
        h("div", {class: "lm-legend", "aria-hidden": "true"}, this.scaleName, this.scale, this.ticks)),
      this.list, this.say,
      h("div", {class: "lm-below"}, this.totals, this.known),
      this.numbers, this.spoken);
  }

  type() {
    const fits = this.reader.fit(this.input.value);
    if (!fits.blank) this.set({text: fits.text, place: -1});
    this.update();
  }

  look(i) { if (this.peek !== i) { this.peek = i; this.update(); } }

  move(event) {
    const {place, tokens} = this.seen, last = tokens.length - 1;
    const to = {ArrowRight: place + 1, ArrowLeft: place - 1, ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: last}[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const target = Math.min(Math.max(to, 0), last);
    this.peek = -1;
    this.set({place: target});
    this.list.children[target].focus();
  }

  // {tokens: [{label, kind, joined, surprise, least}]}: least is null where the grammar's surprise is not known
  read() {
    const get = (name) => this.model.get(name), fits = this.reader.fit(this.input.value), {ids, tokens, result} = this.reader.read(fits, AS_TRAINED);
    const V = result.vocabulary, line = (row) => result.logits.subarray(row * V, (row + 1) * V);
    const found = tokens.slice(1).map((token, i) => ({...token, surprise: surpriseAt(line(i), ids[i + 1])}));
    if (get("ended")) found.push({label: this.words.end, kind: "start", joined: false, surprise: surpriseAt(line(ids.length - 1), ids[0])});
    const least = this.least(ids.slice(1), get("ended"));
    found.forEach((token, i) => { token.least = least[i] ?? null; });
    return {fits, tokens: found, characters: [...fits.text].length};
  }

  // The grammar's surprises, as far as the text agrees with one of the stories.
  least(ids, ended) {
    let best = [];
    const texts = this.model.get("stories");
    if (this.textsOf !== texts) {
      this.textsOf = texts;
      this.encoded = texts.map((text) => this.tokenizer.encode(text).map((token) => token.id));
    }
    this.encoded.forEach((story, s) => {
      let same = 0;
      while (same < ids.length && same < story.length && ids[same] === story[same]) same++;
      const whole = ended && same === ids.length && same === story.length;
      const found = this.model.get("surprises")[s].slice(0, whole ? same + 1 : same);
      if (found.length > best.length) best = found;
    });
    return best;
  }

  value(token, kind) {
    if (kind === "model") return token.surprise;
    if (token.least === null) return null;
    return kind === "grammar" ? token.least : token.surprise - token.least;
  }

  paint() {
    const get = (name) => this.model.get(name), {fits, tokens, characters} = this.read(), known = tokens.filter((token) => token.least !== null).length;
    const kind = known || get("colour") === "model" ? get("colour") : "model", asked = get("place");
    const worst = tokens.reduce((best, token, i) => (this.value(token, kind) ?? -1) > (this.value(tokens[best], kind) ?? -1) ? i : best, 0);
    const place = tokens.length ? asked < 0 || asked >= tokens.length ? worst : asked : -1;
    const shown = this.peek >= 0 && this.peek < tokens.length ? this.peek : place;
    this.seen = {tokens, kind, place, shown, known, characters};
    const {words} = this;
    setText(this.message, fits.blank ? words.hint : fits.left ? words.cut(fits.tokens.length, fits.left) : "");
    this.picks.forEach((pick, i) => pick.setAttribute("aria-pressed", String(get("stories")[i] === fits.text)));
    for (const input of this.kinds) {
      input.checked = input.value === kind;
      input.disabled = input.value !== "model" && !known;
    }
    this.ended.checked = get("ended");
    this.paintTokens();
    this.paintLegend();
    this.paintTotals();
    setText(this.known, known ? words.partly(known, tokens.length) : words.free);
    this.speak();
    if (this.numbers.open) this.paintNumbers();
    Object.assign(this.root.dataset, {state: "ready", tokens: tokens.length, known, place: shown});
  }

  paintTokens() {
    const {seen, list} = this, table = colorTable(this.dark()), {tokens, kind, place, shown} = seen;
    while (list.children.length > tokens.length) list.lastChild.remove();
    while (list.children.length < tokens.length) {
      const i = list.children.length;
      list.append(h("div", {class: "lm-surprise", role: "option", onclick: () => { this.peek = -1; this.set({place: i}); }},
        h("span", {class: "lm-word"}), h("span", {class: "lm-amount"})));
    }
    tokens.forEach((token, i) => {
      const chip = list.children[i], value = this.value(token, kind);
      setText(chip.children[0], token.label);
      setText(chip.children[1], value === null ? "?" : short(value));
      const color = table[Math.round(255 * Math.min(1, Math.max(0, value ?? 0) / MOST[kind]))];
      chip.className = `lm-surprise lm-${token.kind}${token.joined ? " lm-joined" : ""}${i === shown ? " lm-here" : ""}${value === null ? " lm-unknown" : ""}`;
      chip.style.background = value === null ? "" : css(color);
      chip.style.color = value === null ? "" : ink(color);
      chip.setAttribute("aria-selected", i === place);
      chip.tabIndex = i === place ? 0 : -1;
      Object.assign(chip.dataset, {surprise: token.surprise.toFixed(8), least: token.least === null ? "" : token.least.toFixed(8)});
    });
  }

  dark() { return getComputedStyle(this.root).getPropertyValue("--lm-dark").trim() === "1"; }

  paintLegend() {
    const {kind} = this.seen, table = colorTable(this.dark()), most = MOST[kind], steps = most === 6 ? [0, 2, 4, 6] : [0, 1, 2, 3];
    const stops = Array.from({length: 12}, (_, i) => css(table[Math.round(255 * i / 11)]));
    this.scale.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
    setText(this.scaleName, this.words.legend(this.words[kind]));
    this.ticks.replaceChildren(...steps.map((x, i) => h("span", {style: `left:${100 * x / most}%`}, i === 3 ? `${x}+` : String(x))));
  }

  // One row a measure; the grammar's column and the difference where it is known for the whole text.
  paintTotals() {
    const {words} = this, {tokens, known, characters} = this.seen, whole = known === tokens.length && known > 0;
    const sum = (name) => tokens.reduce((total, token) => total + token[name], 0), n = tokens.length || 1;
    const columns = [sum("surprise"), whole ? sum("least") : null];
    const measures = {text: (x) => x, token: (x) => x / n, perplexity: (x) => Math.exp(x / n), character: (x) => x / Math.LN2 / (characters || 1)};
    const digits = (name, x) => x === null ? "–" : x < 1000 ? x.toFixed(name === "text" ? 2 : 3)
      : Math.round(Math.min(x, 1e12)).toLocaleString("en");
    this.totals.replaceChildren(h("caption", {}, `${words.totals} (${words.of(tokens.length)})`),
      h("thead", {}, h("tr", {}, h("td", {}), KINDS.slice(0, 2).map((kind) => h("th", {scope: "col"}, words[kind])))),
      h("tbody", {}, Object.entries(measures).map(([name, measure]) => h("tr", {"data-measure": name}, h("th", {scope: "row"}, words.rows[name]),
        columns.map((x, k) => h("td", {"data-value": x === null ? "" : measure(x).toFixed(8), "data-of": KINDS[k]},
          digits(name, x === null ? null : measure(x))))))));
  }

  speak() {
    const {words} = this, {tokens, shown} = this.seen, token = tokens[shown];
    const text = !token ? words.hint : words.say(token.label, token.surprise, Math.exp(-token.surprise))
      + (token.least === null ? "" : words.sayTrue(token.least, Math.exp(-token.least)));
    setText(this.say, text);
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => setText(this.spoken, text), 500);
  }

  paintNumbers() {
    const {words} = this, {tokens, shown} = this.seen;
    this.table.replaceChildren(h("caption", {}, words.caption),
      h("thead", {}, h("tr", {}, words.columns.map((name) => h("th", {scope: "col"}, name)))),
      h("tbody", {}, tokens.map((token, i) => h("tr", {class: i === shown && "lm-here"}, h("th", {scope: "row"}, String(i + 1)), h("td", {}, token.label),
        h("td", {}, token.surprise.toFixed(4)), h("td", {}, token.least === null ? "?" : token.least.toFixed(4)),
        h("td", {}, token.least === null ? "?" : (token.surprise - token.least).toFixed(4))))));
  }
}
