// TokenizerLab: type any text, see its tokens, replay the merges that made them. tokenizer_steps.js computes.
import {bringIntoSight, h, setText, eachFrame} from './dom.js';
import {wordsIn} from './language.js';
import {WORDS} from './words_tokenizer_lab.js';
import {Stepper, tokenizerJson} from './tokenizer_steps.js';

const TRAITS = ["text", "chosen", "step", "under"], MOST = 300;     // characters
let made = 0;                                                       // so that ids differ between two of them on one page

// The contract of anywidget (AFM): draw `model` into `el`, return what cleans up.
export async function render({model, el}) {
  const lab = new Lab(model, wordsIn(WORDS));
  el.replaceChildren(lab.root);
  lab.paint();
  return () => lab.stop();
}

const BYTES = /^(<0x[0-9A-F]{2}>)+$/;                               // a token that is no whole characters, as the tokenizer shows it
const spelt = (own) => own.replace(/<0x(..)>/g, "$1 ").trim();
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(" ");

class Lab {
  constructor(model, words) {
    Object.assign(this, {model, words, chips: [], steppers: new Map(), key: null});
    this.update = eachFrame(() => this.paint());
    this.build(`lm-tokenizer-${++made}-${Math.random().toString(36).slice(2, 8)}`);
    this.input.value = model.get("text");
    this.onText = () => { if (fit(this.input.value).text !== model.get("text")) this.input.value = model.get("text"); };
    model.on("change:text", this.onText);
    for (const name of TRAITS) model.on(`change:${name}`, this.update);
  }

  stop() {
    this.update.cancel();
    clearTimeout(this.speaking);
    this.model.off("change:text", this.onText);
    for (const name of TRAITS) this.model.off(`change:${name}`, this.update);
  }

  set(traits) {
    for (const [name, value] of Object.entries(traits)) this.model.set(name, value);
    this.model.save_changes();
    this.update();
  }

  build(id) {
    const {words} = this, names = this.model.get("vocabularies").map(({name}) => name);
    this.input = h("textarea", {id: `${id}-text`, class: "lm-tk-input", rows: "2", spellcheck: "false", autocomplete: "off", autocapitalize: "off",
      "aria-describedby": `${id}-message`, oninput: () => this.type(this.input.value)});
    this.select = h("select", {id: `${id}-which`, class: "lm-tk-select", onchange: () => this.set({chosen: this.select.value, step: -1})},
      names.map((name) => h("option", {value: name}, name)));
    this.slider = h("input", {type: "range", id: `${id}-step`, min: "0", step: "1", oninput: () => this.go(+this.slider.value)});
    const button = (name, to) => h("button", {type: "button", class: "lm-button", "aria-label": words[name], title: words[name],
      onclick: () => this.go(to())}, words[`${name}Mark`]);
    this.back = [button("first", () => 0), button("back", () => this.step - 1)];
    this.forth = [button("on", () => this.step + 1), button("all", () => Infinity)];
    this.list = h("ol", {class: "lm-tk-list"});
    this.unders = ["ids", "bytes"].map((value) => h("input", {type: "radio", name: `${id}-under`, id: `${id}-${value}`, value,
      onchange: () => this.set({under: value})}));
    this.bars = Object.fromEntries(Object.entries(words.rows).map(([name, text]) => [name, this.bar(name, text)]));
    this.body = h("tbody", {});
    this.details = h("details", {class: "lm-tk-numbers", ontoggle: this.update}, h("summary", {}, words.numbers),
      h("div", {class: "lm-tk-tables", tabindex: "0", role: "group", "aria-label": words.numbers}, h("table", {class: "lm-table"},
        h("thead", {}, h("tr", {}, words.columns.map((name) => h("th", {scope: "col"}, name)))), this.body)));
    this.root = h("section", {class: "lm-figure lm-tokenizer", "aria-label": words.title, "data-state": "loading"},
      h("div", {class: "lm-tk-top"},
        h("div", {class: "lm-tk-field"}, h("label", {for: this.input.id}, words.text), this.input),
        h("div", {class: "lm-tk-which"}, h("label", {for: this.select.id}, words.tokenizer), this.select),
        this.message = h("span", {class: "lm-message", id: `${id}-message`, role: "status"})),
      h("div", {class: "lm-tk-main"},
        h("div", {class: "lm-line lm-tk-steps"}, h("label", {for: this.slider.id}, words.merges), this.back, this.slider, this.forth,
          this.count = h("output", {for: this.slider.id, class: "lm-tk-count"})),
        h("div", {class: "lm-tk-what", "aria-hidden": "true"}, this.what = h("strong", {}), this.where = h("span", {class: "lm-soft"})),
        h("div", {class: "lm-tk-stage", tabindex: "0", role: "group", "aria-label": words.tokens}, this.list),
        h("div", {class: "lm-tk-below"},
          this.note = h("span", {class: "lm-soft"}),
          h("span", {class: "lm-tk-under-choice", role: "radiogroup", "aria-label": words.under}, h("span", {class: "lm-soft", "aria-hidden": "true"}, words.under),
            this.unders.map((radio) => h("label", {for: radio.id}, radio, words[radio.value])))),
        h("table", {class: "lm-tk-bars"}, h("caption", {}, words.compare), h("tbody", {}, Object.values(this.bars).map(({row}) => row)))),
      this.details, this.spoken = h("p", {class: "lm-spoken", role: "status"}));
  }

  bar(name, text) {
    const label = h("th", {scope: "row"}, text), number = h("td", {class: "lm-tk-number"}), fill = h("div", {class: `lm-tk-fill lm-tk-${name}`});
    const per = h("td", {class: "lm-tk-per"});
    return {row: h("tr", {}, label, number, h("td", {class: "lm-tk-track", "aria-hidden": "true"}, fill), per), label, number, fill, per};
  }

  // What the reader does.
  type(text) {
    const fits = fit(text);
    if (fits.text) this.set({text: fits.text, step: -1});
    this.update();
  }

  go(step) {
    const to = Math.max(0, Math.min(this.steps.length, step));
    this.set({step: to === this.steps.length ? -1 : to});
  }

  stepper(name) {
    if (!this.steppers.has(name)) {
      this.steppers.set(name, new Stepper(tokenizerJson(this.model.get("vocabularies").find((each) => each.name === name))));
    }
    return this.steppers.get(name);
  }

  paint() {
    const {words} = this, [text, chosen, asked, under] = TRAITS.map((name) => this.model.get(name)), key = JSON.stringify([chosen, text]);
    const stepper = this.stepper(chosen);
    if (key !== this.key) Object.assign(this, {key, replayed: stepper.replay(text)});
    this.steps = this.replayed.steps;
    this.step = asked < 0 ? this.steps.length : Math.min(asked, this.steps.length);
    const tokens = this.replayed.at(this.step).map((token) => this.describe(stepper, token, text));
    const fits = fit(this.input.value);
    setText(this.message, !fits.text ? words.hint : fits.left ? words.cut(MOST, fits.left) : "");
    this.select.value = chosen;
    for (const radio of this.unders) radio.checked = radio.value === under;
    this.paintSteps(stepper);
    this.paintChips(tokens, under);
    this.paintBars(tokens, text);
    setText(this.note, stepper.prefix ? words.prefix : words.noPrefix);
    if (this.details.open) this.paintTable(tokens);
    Object.assign(this.root.dataset, {step: this.step, steps: this.steps.length, tokens: tokens.length, state: "ready"});
  }

  // What is shown of a token: its label, its bytes, the characters that it covers or is a part of.
  describe(stepper, {id, text: own, start, end, first, made}, text) {
    const whole = !BYTES.test(own) || own === text.slice(start, end);
    const part = whole ? own : text.slice(start, end);
    const bytes = whole ? hex(new TextEncoder().encode(own)) : spelt(own);
    const added = Boolean(stepper.prefix) && end === 0;
    return {id, first, made, whole, added, bytes, label: whole ? this.visible(own) : bytes,
      stands: added ? this.words.added : whole ? this.visible(own) : this.words.part(this.visible(part))};
  }

  // Characters that cannot be seen get a sign, or their number.
  visible(text) {
    const {space, newline, tab} = this.words, signs = {" ": space, "\n": newline, "\t": tab};
    return text.replace(/[\p{C}\p{Z}]|^\p{M}/gu, (one) => signs[one] ?? `⟨U+${one.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
  }

  paintSteps(stepper) {
    const {words, step, steps} = this, now = steps[step - 1], of = stepper.ranks.size, last = step === steps.length;
    this.slider.max = String(steps.length);
    this.slider.value = String(step);
    this.slider.disabled = !steps.length;
    for (const button of this.back) button.disabled = step === 0;
    for (const button of this.forth) button.disabled = last;
    setText(this.count, words.count(step, steps.length));
    const shown = now && words.merged(...[now.left, now.right, now.whole].map((each) => BYTES.test(each) ? spelt(each) : this.visible(each)));
    setText(this.what, now ? shown.join("") : steps.length ? words.bytesOnly : words.nothing);
    setText(this.where, now ? words.where(now.times, now.rank + 1, of) + (last ? words.end : "") : words.learned(of));
    this.slider.setAttribute("aria-valuetext", `${words.count(step, steps.length)}: ${this.what.textContent}`);
  }

  paintChips(tokens, under) {
    while (this.chips.length > tokens.length) this.chips.pop().remove();
    while (this.chips.length < tokens.length) {
      const chip = h("li", {}, h("span", {class: "lm-tk-text"}), h("span", {class: "lm-tk-id"}));
      this.chips.push(chip);
      this.list.append(chip);
    }
    tokens.forEach(({id, label, bytes, first, made, whole, added}, i) => {
      const chip = this.chips[i], flags = {first, made, added, part: !whole};
      const name = `lm-tk lm-tk-${i % 3}${Object.keys(flags).filter((flag) => flags[flag]).map((flag) => ` lm-tk-is-${flag}`).join("")}`;
      if (chip.className !== name) chip.className = name;
      setText(chip.firstChild, label);
      setText(chip.lastChild, under === "ids" ? String(id) : bytes);
      Object.assign(chip.dataset, {id, bytes});
    });
    const made = tokens.findIndex((token) => token.made);
    if (made >= 0) bringIntoSight(this.list.parentElement, this.chips[made]);
  }

  paintBars(tokens, text) {
    const {words} = this, characters = Array.from(text).length, per = (n) => (n / characters).toFixed(2);
    const counts = {bytes: new TextEncoder().encode(text).length, characters, tokens: tokens.length}, most = Math.max(...Object.values(counts));
    for (const [name, {label, number, fill, per: each}] of Object.entries(this.bars)) {
      if (name === "tokens") setText(label, words.now(this.step, this.steps.length));
      setText(number, String(counts[name]));
      setText(each, `${per(counts[name])} ${words.per}`);
      fill.style.transform = `scaleX(${counts[name] / most})`;
    }
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => setText(this.spoken, words.spoken(this.what.textContent, tokens.length, characters, per(tokens.length))), 500);
  }

  paintTable(tokens) {
    this.body.replaceChildren(...tokens.map(({id, label, bytes, stands}) => h("tr", {"data-id": id, "data-bytes": bytes},
      h("th", {scope: "row"}, label), h("td", {}, String(id)), h("td", {}, bytes), h("td", {}, stands))));
  }
}

// As much of a text as is shown: half a surrogate pair becomes U+FFFD, as in the tokenizer.
function fit(text) {
  const letters = Array.from(text.replace(/\p{Cs}/gu, "\ufffd"));
  return {text: letters.slice(0, MOST).join(""), left: Math.max(0, letters.length - MOST)};
}
