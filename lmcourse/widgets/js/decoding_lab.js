// DecodingLab: a text written token by token. engine.js runs the model, decoding.js chooses, writer.js keeps what was written, this file draws.
import {h, setText, eachFrame} from './dom.js';
import {wordsIn} from './language.js';
import {WORDS} from './words_decoding_lab.js';
import {modelOf} from './source.js';
import {largest, makeBars, SHOWN} from './bars.js';
import {makeSuggester, splitLastWord} from './suggest.js';
import {argmax, entropy, stages} from './decoding.js';
import {fallsOn} from './draws.js';
import {makeWriter} from './writer.js';
import {drawTree} from './beam_tree.js';
import {makeTables} from './decoding_tables.js';

const SETTINGS = ["way", "temperature", "top_k", "top_p", "min_p", "repetition_penalty", "beams", "length_penalty"], TRAITS = ["text", ...SETTINGS, "seed", "steps", "stop"];
const MOST_SEEDS = 10000, percent = (x) => Math.round(100 * x) / 100;
// name: [which ways it belongs to, lowest and highest of the slider, step, slider -> trait, trait -> slider]
const SLIDERS = {
  temperature: [["sample"], -1, 0.7, 0.01, (x) => Math.min(5, +(10 ** x).toPrecision(2)), Math.log10],
  top_k: [["sample"], 0, 50, 1, (x) => x, (x) => x],
  top_p: [["sample"], 0.01, 1, 0.01, percent, (x) => x],
  min_p: [["sample"], 0, 1, 0.01, percent, (x) => x],
  repetition_penalty: [["sample", "greedy"], 1, 2, 0.01, percent, (x) => x],
  beams: [["beam"], 1, 5, 1, (x) => x, (x) => x],
  length_penalty: [["beam"], 0, 2, 0.1, percent, (x) => x],
};
const OFF = {top_k: 0, top_p: 1, min_p: 0, repetition_penalty: 1};
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
    Object.assign(this, {model, words, mind, writer: makeWriter(mind), suggest: makeSuggester(mind.tokenizer), told: ""});
    this.update = eachFrame(() => this.paint());
    this.build(`lm-decoding-${++made}-${Math.random().toString(36).slice(2, 8)}`);
    el.replaceChildren(this.root);
    this.field.value = model.get("text");
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
    const {words} = this, button = (text, onclick) => h("button", {type: "button", class: "lm-button", onclick}, text);
    this.field = h("textarea", {id: `${id}-text`, rows: "2", spellcheck: "false", autocomplete: "off", autocapitalize: "off", "aria-describedby": `${id}-note`,
      oninput: () => this.type(this.field.value), onblur: this.update});
    this.ways = Object.entries(words.ways).map(([value, text]) => h("label", {class: "lm-decoding-way"},
      h("input", {type: "radio", name: `${id}-way`, value, onchange: () => this.set({way: value, steps: 0})}), h("span", {}, text)));
    this.sliders = Object.fromEntries(Object.keys(SLIDERS).map((name) => [name, this.slider(id, name)]));
    this.seed = h("input", {type: "number", id: `${id}-seed`, min: 0, max: MOST_SEEDS - 1, step: 1,
      onchange: () => { const seed = Math.floor(+this.seed.value); if (seed >= 0 && seed < MOST_SEEDS) this.set({seed}); this.update(); }});
    this.stopping = h("select", {id: `${id}-stop`, onchange: () => this.set({stop: this.stopping.value})}, Object.entries(words.stops).map(([value, text]) => h("option", {value}, text)));
    this.buttons = {one: button(words.one, () => this.set({steps: this.seen.steps + 1})), end: button(words.end, () => this.set({steps: this.seen.room})),
      back: button(words.back, () => this.set({steps: this.seen.steps - 1})), again: button(words.again, () => this.set({steps: 0}))};
    this.bars = makeBars();
    this.why = [...this.bars.element.children].map((row) => { const node = h("span", {class: "lm-decoding-why"}); row.append(node); return node; });
    this.tables = makeTables(words, this.update);
    this.root = h("section", {class: "lm-figure lm-decoding", "aria-label": words.title, "data-state": "loading"},
      h("div", {class: "lm-decoding-top"}, h("label", {for: this.field.id}, words.prompt), this.field,
        this.note = h("p", {class: "lm-decoding-note lm-soft", id: `${id}-note`, role: "status"}),
        this.chips = h("div", {class: "lm-decoding-chips", role: "group", "aria-label": words.suggested})),
      h("div", {class: "lm-decoding-body"},
        h("div", {class: "lm-decoding-line"}, h("span", {class: "lm-soft", id: `${id}-by`}, words.way), h("div", {class: "lm-decoding-ways", role: "radiogroup", "aria-labelledby": `${id}-by`}, this.ways)),
        h("div", {class: "lm-decoding-settings"}, Object.values(this.sliders).map(({element}) => element),
          this.seedLine = h("div", {class: "lm-decoding-slider"}, h("label", {for: this.seed.id}, words.seed), this.seed, button(words.other, () => this.set({seed: (this.model.get("seed") + 1) % MOST_SEEDS}))),
          h("div", {class: "lm-decoding-slider"}, h("label", {for: this.stopping.id}, words.stop), this.stopping)),
        h("div", {class: "lm-decoding-line lm-decoding-buttons"}, Object.values(this.buttons)),
        this.written = h("div", {class: "lm-decoding-written", tabindex: "0", role: "region", "aria-label": words.written}),
        this.sayNow = h("p", {class: "lm-decoding-say"}), this.stay = h("p", {class: "lm-decoding-stay lm-soft"}),
        this.next = h("div", {class: "lm-decoding-next"}, h("p", {class: "lm-decoding-title"}, words.bars, h("span", {class: "lm-soft"}, words.legend)),
          this.bars.element, this.rest = h("p", {class: "lm-soft"})),
        this.beam = h("div", {class: "lm-decoding-beam"}, h("p", {class: "lm-decoding-title"}, words.tree),
          h("div", {class: "lm-decoding-scroll", tabindex: "0", role: "region", "aria-label": words.tree}, this.tree = h("div", {class: "lm-decoding-tree", role: "img"})),
          this.branches = h("ol", {class: "lm-decoding-branches", tabindex: "0"})),
        this.tables.element),
      this.spoken = h("p", {class: "lm-spoken", role: "status"}));
    this.scroll = this.tree.parentNode;
  }

  slider(id, name) {
    const [, min, max, step, toTrait, toSlider] = SLIDERS[name], output = h("output", {for: `${id}-${name}`});
    const input = h("input", {type: "range", id: `${id}-${name}`, "data-trait": name, min, max, step, oninput: () => this.set({[name]: toTrait(+input.value)})});
    return {input, output, toSlider, element: h("div", {class: "lm-decoding-slider"}, h("label", {for: input.id}, this.words[name]), input, output)};
  }

  // As much of a text as the model can read: {text, tokens, cut}.
  fit(typed) {
    const {tokenizer, config} = this.mind, whole = typed.trimEnd(), all = tokenizer.encode(whole), tokens = all.slice(0, config.max_len - 1);
    return {text: tokens.length < all.length ? whole.slice(0, tokens.at(-1).end) : whole, tokens, cut: tokens.length < all.length};
  }

  type(typed) { this.set({text: this.fit(typed).text, steps: 0}); }

  label(id) { return id === this.mind.tokenizer.endId ? this.words.ended : this.mind.tokenizer.text(id).trim() || "␣"; }

  paint() {
    const get = (name) => this.model.get(name), settings = Object.fromEntries(SETTINGS.map((name) => [name, get(name)]));
    const {tokens} = this.fit(get("text")), prompt = [this.mind.tokenizer.endId, ...tokens.map(({id}) => id)];
    const told = this.writer({prompt, settings, seed: get("seed"), stop: get("stop"), steps: get("steps")});       // some milliseconds' work at most
    this.seen = {...told, settings, prompt, tokens, room: this.mind.config.max_len + 1 - prompt.length};
    this.paintControls(get, settings);
    this.paintWritten();
    const beam = settings.way === "beam";
    this.next.hidden = beam;
    this.beam.hidden = !beam;
    if (beam) this.paintBeam(); else this.paintNext(get("seed"));
    this.tables.show(this.seen, (id) => this.label(id));
    Object.assign(this.root.dataset, {state: told.waiting ? "writing" : "ready", steps: told.steps, over: told.over || ""});
    if (told.waiting) this.update();
  }

  paintControls(get, settings) {
    const {words, seen: {steps, over}} = this, typed = this.fit(this.field.value), strange = typed.tokens.filter(({text}) => /^<0x|^ ?\p{L}$/u.test(text) && text !== " a").length;
    if (this.field !== document.activeElement && typed.text !== get("text")) this.field.value = get("text");
    setText(this.note, typed.cut ? words.cut(typed.tokens.length) : !typed.text ? words.hint : strange > 1 ? words.bytes(strange) : "");
    this.note.classList.toggle("lm-message", typed.cut);
    this.paintChips(get("text"));
    for (const {firstChild: input} of this.ways) input.checked = input.value === settings.way;
    for (const [name, {input, output, toSlider, element}] of Object.entries(this.sliders)) {
      const value = settings[name];
      element.hidden = !SLIDERS[name][0].includes(settings.way);
      if (Math.abs(toSlider(value) - +input.value) > 1.01 * SLIDERS[name][3] / 2) input.value = toSlider(value);
      setText(output, value === OFF[name] ? words.off : String(value));
      input.setAttribute("aria-valuetext", output.textContent);
    }
    this.seedLine.hidden = settings.way !== "sample";
    if (this.seed !== document.activeElement || +this.seed.value !== get("seed")) this.seed.value = get("seed");
    this.stopping.value = get("stop");
    this.buttons.one.disabled = this.buttons.end.disabled = Boolean(over);
    this.buttons.back.disabled = this.buttons.again.disabled = steps === 0;
  }

  // Words that complete what was typed or, behind a whole word, go on with it; a click takes one.
  paintChips(text) {
    if (this.chipsOf === text) return;
    this.chipsOf = text;
    const [open, start] = splitLastWord(text), whole = this.fit(text).tokens.at(-1)?.text.trim() === start, before = whole ? text : open;
    const ids = [this.mind.tokenizer.endId, ...this.fit(before).tokens.map(({id}) => id)], {logits} = this.mind.gpt.run(ids);
    const found = this.suggest(whole ? "" : start, logits.subarray(-this.mind.config.vocab_size));
    this.chips.replaceChildren(...found.map(({text: word}) => h("button", {type: "button", class: "lm-decoding-chip", onclick: () => this.take(before, word)}, word.trim())));
  }

  take(before, word) {
    this.field.value = before ? before + word : word.trim();
    this.type(this.field.value);
    this.field.focus({preventScroll: true});
  }

  paintWritten() {
    const {words, mind: {tokenizer}} = this, {tokens, written, over} = this.seen, key = JSON.stringify([tokens.map(({id}) => id), written.map(({id}) => id), over]);
    if (this.writtenKey === key) return;
    this.writtenKey = key;
    const text = tokenizer.decode(tokens.map(({id}) => id)), all = tokenizer.decode([...tokens.map(({id}) => id), ...written.map(({id}) => id).filter((id) => id !== tokenizer.endId)]);
    this.written.replaceChildren(h("span", {class: "lm-decoding-prompt"}, text || `⟨${words.start}⟩`), h("mark", {}, all.slice(text.length)),
      written.at(-1)?.id === tokenizer.endId ? h("span", {class: "lm-decoding-end"}, ` ⟨${words.ended}⟩`) : "");
    this.written.scrollTop = this.written.scrollHeight;
    this.written.dataset.ids = JSON.stringify(written.map(({id}) => id));
  }

  paintNext(seed) {
    const {words} = this, {logits, seenIds, settings, draw, over, written} = this.seen, found = stages(logits, seenIds, settings), {model, shaped, why, min_p: now} = found;
    const top = largest(shaped, SHOWN), next = settings.way === "greedy" ? argmax(now) : fallsOn(now, draw);
    this.seen.found = {...found, top, next};
    this.bars.show(top.map((id) => ({label: this.label(id), probability: why[id] ? shaped[id] : now[id], before: model[id]})));
    top.forEach((id, i) => {
      const row = this.bars.element.children[i];
      row.className = `${why[id] ? "lm-decoding-cut" : ""}${id === next && !over ? " lm-decoding-chosen" : ""}`;
      setText(this.why[i], why[id] ? words.cutSaid(words.cutBy[why[id]]) : "");
      Object.assign(row.dataset, {token: id, why: why[id]});
    });
    const others = Array.from(shaped.keys()).filter((id) => !top.includes(id)), left = others.filter((id) => now[id] > 0).length;
    setText(this.rest, words.rest(others.length, others.reduce((sum, id) => sum + shaped[id], 0), left));
    const stay = words.stay(now.reduce((n, x) => n + (x > 0), 0), now.length, Math.max(0, entropy(model)).toFixed(2), Math.max(0, entropy(now)).toFixed(2));
    const going = over ? words.over[over] : settings.way === "greedy" ? words.first(this.label(next)) : words.draw(draw.toFixed(3), this.label(next));
    setText(this.sayNow, going);
    setText(this.stay, stay);
    Object.assign(this.root.dataset, {next, seed});
    this.say(words.spoken(written.length ? this.label(written.at(-1).id) : "", this.label(top[0]), shaped[top[0]]));
  }

  paintBeam() {
    const {words} = this, {beams, steps, written, over} = this.seen, ranked = beams.after(steps), k = this.seen.settings.beams, key = JSON.stringify([beams.id, steps]);
    setText(this.sayNow, steps ? `${over ? words.over[over] : ""} ${words.best(this.number(ranked[0].score))}`.trim() : words.noTree);
    setText(this.stay, steps ? words.branches(steps) : "");
    if (this.treeKey === key || this.seen.waiting) return;          // a long search draws its tree once, at its end
    this.treeKey = key;
    drawTree(this.tree, beams.history.slice(0, steps), written.map(({id}) => id), (id) => this.label(id));
    this.tree.setAttribute("aria-label", words.treeSaid(steps, k));
    this.scroll.scrollLeft = this.scroll.scrollWidth;
    this.branches.setAttribute("aria-label", words.branches(steps));
    this.branches.replaceChildren(...ranked.map(({ids, total, score, ended}) => h("li", {"data-ids": JSON.stringify(ids), "data-total": total, "data-score": score},
      h("b", {}, words.branch(this.number(score), this.number(total, 2))), ended ? h("i", {}, ` ${words.hasEnded}`) : null, ` ${this.tail(ids, ranked)}`)));
    this.say(words.spokenBeam(steps, this.written.textContent));
  }

  // The text of a branch from just before the place where the branches part.
  tail(ids, all) {
    const {tokenizer} = this.mind;
    let same = 0;
    while (all.every(({ids: other}) => other.length > same && other[same] === ids[same])) same++;
    const from = Math.max(0, same - 3);
    return `${from ? "… " : ""}${tokenizer.decode(ids.slice(from)).replace("<|endoftext|>", "").trim()}`;
  }

  number(x, digits = 3) { return x.toFixed(digits).replace("-", "−"); }

  say(text) {
    if (text === this.told) return;
    this.told = text;
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => setText(this.spoken, text), 500);
  }
}
