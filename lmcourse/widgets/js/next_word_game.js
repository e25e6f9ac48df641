// NextWordGame: read a story, say the next word and how sure you are; then see what the models had said and what everybody pays.
// guessing.js computes, this file shows. The state is the list of guesses: set it, and the page follows.
import {h, setText, eachFrame} from './dom.js';
import {wordsIn} from './language.js';
import {WORDS} from './words_next_word_game.js';
import {given, askModel, fitting, totals} from './guessing.js';
import {modelOf} from './source.js';
import {loadModel} from './engine.js';
import {loadLstm} from './engine_lstm.js';

const TRAITS = ["story", "guesses", "sure", "unit"], SURE = [0.3, 0.6, 0.9, 0.99], SHOWN = 3;
const TIGHT = new Set([".", "?", ":"]), ORDINARY = /fixed|was or were|with or in/;
let made = 0;

export async function render({model, el}) {
  const words = wordsIn(WORDS);
  el.textContent = words.loading;
  try {
    const [gpt, lstm] = await Promise.all([modelOf(model, loadModel), modelOf(model, loadLstm, "lstm", "carrier_lstm")]);
    const minds = [{name: words.lstm, run: (ids) => lstm.mind.lstm.run(ids), tokenizer: lstm.mind.tokenizer},
      {name: model.get("model_name"), run: (ids) => gpt.mind.gpt.run(ids), tokenizer: gpt.mind.tokenizer}];
    const game = new Game(model, el, words, minds);
    return () => game.stop();
  } catch (error) {
    console.error(error);
    throw new Error(words.failed(error.message));
  }
}

class Game {
  constructor(model, el, words, minds) {
    Object.assign(this, {model, words, minds, heard: new Map(), stories: model.get("stories"), all: model.get("words")});
    this.names = [words.you, ...model.get("names")];
    this.names.splice(-1, 0, ...minds.map(({name}) => name));       // before the best there is
    this.update = eachFrame(() => this.paint());
    this.build(`lm-game-${++made}-${Math.random().toString(36).slice(2, 8)}`);
    el.replaceChildren(this.root);
    for (const name of TRAITS) model.on(`change:${name}`, this.update);
    requestAnimationFrame(this.update);
  }

  stop() {
    this.update.cancel();
    clearTimeout(this.speaking);
    for (const name of TRAITS) this.model.off(`change:${name}`, this.update);
  }

  set(traits) {
    for (const [name, value] of Object.entries(traits)) this.model.set(name, value);
    this.model.save_changes();
    this.update();
  }

  build(id) {
    const {words} = this;
    this.where = h("div", {class: "lm-game-where"});
    this.text = h("div", {class: "lm-game-text", tabindex: "0", role: "region"});
    this.input = h("input", {id: `${id}-word`, class: "lm-game-input", autocomplete: "off", autocapitalize: "off", spellcheck: "false", enterkeyhint: "send", oninput: this.update});
    this.message = h("p", {class: "lm-message", role: "status"});
    this.chips = h("div", {class: "lm-game-chips", role: "group", "aria-label": words.chips});
    this.button = h("button", {type: "submit", class: "lm-button lm-game-guess"}, words.guess);
    this.skip = h("button", {type: "button", class: "lm-button", onclick: () => this.take("")}, words.unsure);
    this.form = h("form", {class: "lm-game-form", onsubmit: (event) => { event.preventDefault(); this.guess(this.input.value); }},
      h("label", {for: `${id}-word`}, words.ask),
      h("div", {class: "lm-game-line"}, this.input, this.button, this.skip), this.message, this.chips, this.choice(id, "sure", SURE.map((p) => [p, words.sureOf(p)])));
    this.onward = h("button", {type: "button", class: "lm-button lm-game-next", onclick: () => this.goOn()}, words.next);
    this.end = h("div", {class: "lm-game-end", hidden: true}, this.over = h("p", {}), this.onward);
    this.verdict = h("p", {class: "lm-game-verdict"});
    this.table = h("tbody");
    this.bars = this.names.map((name) => this.bar(name));
    this.caption = h("div", {class: "lm-game-caption"});
    this.kinds = h("details", {class: "lm-game-kinds", ontoggle: this.update}, h("summary", {}, words.byKind),
      this.byKind = h("div", {class: "lm-game-bykind", tabindex: "0", role: "region", "aria-label": words.byKind}));
    this.root = h("section", {class: "lm-figure lm-game", "aria-label": words.title, "data-state": "loading"},
      h("div", {class: "lm-game-top"}, this.where, this.choice(id, "unit", Object.entries(words.units))),
      h("div", {class: "lm-game-body"},
        h("div", {class: "lm-game-play"}, this.text, this.form, this.end),
        h("div", {class: "lm-game-side"}, this.verdict,
          h("table", {class: "lm-table lm-game-table", "aria-label": words.table}, h("thead", {}, h("tr", {}, words.columns.map((text) => h("th", {scope: "col"}, text)))), this.table),
          this.caption, h("ol", {class: "lm-game-bars"}, this.bars.map(({node}) => node)))),
      this.kinds, this.spoken = h("p", {class: "lm-spoken", role: "status"}));
  }

  choice(id, trait, options) {
    const group = options.map(([value, text]) => h("label", {class: "lm-game-switch"},
      h("input", {type: "radio", name: `${id}-${trait}`, value, "data-trait": trait, onchange: () => this.set({[trait]: value})}), h("span", {}, text)));
    return h("div", {class: "lm-game-choice"}, h("span", {class: "lm-soft", id: `${id}-${trait}`}, this.words[trait]),
      h("div", {class: "lm-game-switches", role: "radiogroup", "aria-labelledby": `${id}-${trait}`}, group));
  }

  bar(name) {
    const bar = h("span", {class: "lm-game-bar"}), number = h("span", {class: "lm-game-number"});
    return {node: h("li", {class: name === this.words.you && "lm-game-you", "data-name": name}, h("span", {}, name), h("span", {class: "lm-game-track", "aria-hidden": "true"}, bar), number), bar, number};
  }

  // The reader's word: one of the world's, whatever its case.
  guess(typed) {
    const text = typed.trim(), word = this.all.includes(text) ? text : this.all.find((each) => each.toLowerCase() === text.toLowerCase());
    if (word) return this.take(word);
    setText(this.message, text ? this.words.unknown(text.slice(0, 30), this.all.length) : this.words.empty);
  }

  take(word) {
    const {story, place} = this.now();
    if (place === undefined) return;
    this.input.value = "";
    setText(this.message, "");
    this.set({guesses: [...this.model.get("guesses"), [story, place, word, this.model.get("sure")]]});
    (this.now().place === undefined ? this.onward : this.input).focus({preventScroll: true});
  }

  goOn() {
    const last = this.model.get("story") + 1 >= this.stories.length;
    this.set(last ? {story: 0, guesses: []} : {story: this.model.get("story") + 1});
    this.input.focus({preventScroll: true});
  }

  // The story on the page, and the first of its places that has no guess yet; undefined at its end.
  now() {
    const story = this.model.get("story"), done = new Set(this.model.get("guesses").filter(([s]) => s === story).map(([, place]) => place));
    return {story, done, place: this.stories[story].places.find((place) => !done.has(place))};
  }

  // Each guesser at one place: [{name, log, rank, first}].
  heardAt(story, place) {
    if (!this.heard.has(story)) this.heard.set(story, this.minds.map((mind) => askModel(mind, this.stories[story], SHOWN)));
    const {places, table} = this.stories[story], k = places.indexOf(place);
    const others = this.model.get("names").map((name, i) => ({name, log: table[i][k][0], rank: table[i][k][1], first: table[i][k][2].slice(0, SHOWN)}));
    others.splice(-1, 0, ...this.minds.map(({name}, i) => ({name, ...this.heard.get(story)[i][k]})));
    return others;
  }

  round([story, place, word, sure]) {
    const came = this.stories[story].words[place], own = given(word, came, sure, this.all.length), heard = this.heardAt(story, place);
    const costs = {[this.words.you]: -Math.log(own), ...Object.fromEntries(heard.map(({name, log}) => [name, -log]))};
    return {came, own, word, heard, costs, kind: this.stories[story].kinds[place]};
  }

  paint() {
    const {model, words} = this, get = (name) => model.get(name), factor = get("unit") === "bits" ? 1 / Math.LN2 : 1;
    const {story, done, place} = this.now(), {places} = this.stories[story], over = place === undefined, guesses = get("guesses");
    const rows = guesses.map((guess) => this.round(guess)), last = guesses.length && guesses.at(-1)[0] === story ? rows.at(-1) : null;
    setText(this.where, `${words.story(story + 1, this.stories.length)}, ${words.place(Math.min(done.size + 1, places.length), places.length)}`);
    for (const input of this.root.querySelectorAll("input[type=radio]")) input.checked = input.value === String(get(input.dataset.trait));
    this.paintText(story, place, guesses);
    this.form.hidden = over;
    this.end.hidden = !over;
    const final = story + 1 >= this.stories.length;
    setText(this.over, over ? `${words.over(story + 1)}${final ? ` ${words.done}` : ""}` : "");
    setText(this.onward, final ? words.again : words.next);
    if (!over) this.paintChips(story, place);
    this.paintRound(last, factor, get("unit"));
    this.paintTotals(rows, factor, get("unit"));
    Object.assign(this.root.dataset, {state: "ready", place: over ? "" : place, guessed: guesses.length});
  }

  paintText(story, place, guesses) {
    const {words: list} = this.stories[story], {words} = this, mine = new Map(guesses.filter(([s]) => s === story).map((guess) => [guess[1], guess[2]]));
    const key = JSON.stringify([story, place, [...mine]]);
    if (this.textKey === key) return;
    this.textKey = key;
    const until = place === undefined ? list.length : place, parts = [];
    list.slice(0, until).forEach((word, i) => {
      if (i && !TIGHT.has(word)) parts.push(" ");
      const said = mine.get(i);
      parts.push(said === undefined ? word : h("span", {class: said.toLowerCase() === word.toLowerCase() ? "lm-game-right" : "lm-game-wrong"}, word));
    });
    if (place !== undefined) parts.push(" ", h("span", {class: "lm-game-gap", role: "img", "aria-label": words.gap}, "?"));
    this.text.replaceChildren(...parts);
    this.text.setAttribute("aria-label", words.story(story + 1, this.stories.length));
    this.text.scrollTop = this.text.scrollHeight;
  }

  paintChips(story, place) {
    const {words: list, kinds, places, table} = this.stories[story], {words} = this;
    const seen = [...new Set(list.slice(0, place).filter((word, i) => !ORDINARY.test(kinds[i]) && !TIGHT.has(word)).reverse())];
    const usual = table[0][places.indexOf(place)][2], {usual: first, seen: then} = fitting(this.input.value, {seen, usual, words: this.all});
    const key = JSON.stringify([first, then]);
    if (this.chipKey === key) return;
    this.chipKey = key;
    const chip = (word) => h("button", {type: "button", class: "lm-game-chip", onclick: () => this.take(word)}, word);
    const line = (title, some) => some.length ? h("div", {class: "lm-game-chipline"}, title ? h("span", {class: "lm-soft"}, title) : null, some.map(chip)) : null;
    this.chips.replaceChildren(...[line(this.input.value.trim() ? "" : words.usual, first), line(words.seen, then)].filter(Boolean));
  }

  // The last guess: what came, and what everybody had said.
  paintRound(round, factor, unit) {
    const {words} = this, percent = (p) => p > 0.9995 ? "100 %" : p >= 0.0995 ? `${(100 * p).toFixed(0)} %` : p >= 0.0005 ? `${(100 * p).toFixed(1)} %` : "< 0.1 %";
    this.root.classList.toggle("lm-game-fresh", !round);
    if (!round) { setText(this.verdict, words.none); this.table.replaceChildren(...this.names.slice(1).map((name) => h("tr", {}, h("th", {scope: "row"}, name), ["–", "–", "", "–"].map((x) => h("td", {}, x))))); return; }
    const {came, own, word, heard, kind, costs} = round, p = percent(own);
    const sentence = !word ? words.skipped(came, p) : word.toLowerCase() === came.toLowerCase() ? words.right(came, p) : words.wrong(word, came, p);
    setText(this.verdict, `${sentence} ${words.kind(kind)}`);
    this.table.replaceChildren(...heard.map(({name, log, rank, first}) => h("tr", {"data-name": name, "data-log": log.toFixed(6), "data-rank": rank},
      h("th", {scope: "row"}, name), h("td", {}, percent(Math.exp(log))), h("td", {}, rank), h("td", {}, first.join(", ")), h("td", {}, Math.max(0, -log * factor).toFixed(2)))));
    const told = words.told(this.verdict.textContent, this.names.map((name) => words.pays(name, Math.max(0, costs[name] * factor).toFixed(1), unit)).join(", "));
    clearTimeout(this.speaking);
    if (told !== this.told) this.speaking = setTimeout(() => setText(this.spoken, told), 300);
    this.told = told;
  }

  paintTotals(rows, factor, unit) {
    const {words} = this, {all, kinds} = totals(rows), most = Math.max(...Object.values(all), 1 / factor);
    setText(this.caption, words.score(unit, rows.length));
    this.bars.forEach(({node, bar, number}, k) => {
      const mean = all[this.names[k]];
      bar.style.transform = `scaleX(${mean === undefined ? 0 : Math.max(0, mean / most).toFixed(4)})`;
      setText(number, mean === undefined ? "–" : Math.max(0, mean * factor).toFixed(2));
      node.dataset.mean = mean === undefined ? "" : mean.toFixed(6);
    });
    if (!this.kinds.open) return;
    this.byKind.replaceChildren(h("table", {class: "lm-table"}, h("caption", {}, words.kindCaption(unit)),
      h("thead", {}, h("tr", {}, [words.kindColumn, words.count, ...this.names].map((text) => h("th", {scope: "col"}, text)))),
      h("tbody", {}, kinds.map(({kind, n, means}) => h("tr", {}, h("th", {scope: "row"}, kind), h("td", {}, n),
        this.names.map((name) => h("td", {"data-kind": kind, "data-name": name, "data-mean": means[name].toFixed(6)}, Math.max(0, means[name] * factor).toFixed(2))))))));
  }
}
