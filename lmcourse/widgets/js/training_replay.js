// TrainingReplay: a slider over the moments of a recorded training run: loss, floor, what is missed, what it writes, where a head looks.
// replay_data.js reads the recording, replay_chart.js draws the loss, this file joins them: traits in, picture out.
import {h, setText, eachFrame} from './dom.js';
import {wordsIn} from './language.js';
import {WORDS} from './words_training_replay.js';
import {readRecording, indexOf, nearest, filled, meanExcess, marked, looksOf, commonest, square} from './replay_data.js';
import {drawLosses, placeOf} from './replay_chart.js';
import {drawMap, layout, cellAt} from './heatmap.js';
import {styleOf, watch} from './lab_chart.js';
import {modelOf} from './source.js';

const TRAITS = ["step", "sample", "row"], PACE = 1100, NAMED = 3;     // milliseconds a moment while it plays; looks that are said in words
const TIGHT = new Set([".", "?", ":"]), END = "<|endoftext|>";
let made = 0;

export async function render({model, el}) {
  const words = wordsIn(WORDS);
  el.textContent = words.loading;
  try {
    const {mind} = await modelOf(model, readRecording), replay = new Replay(model, el, words, mind);
    return () => replay.stop();
  } catch (error) {
    console.error(error);
    throw new Error(words.failed(error.message));
  }
}

class Replay {
  constructor(model, el, words, recording) {
    Object.assign(this, {model, words, recording, calm: matchMedia("(prefers-reduced-motion: reduce)")});
    this.update = eachFrame(() => this.paint());
    this.build(`lm-replay-${++made}-${Math.random().toString(36).slice(2, 8)}`);
    el.replaceChildren(this.root);
    for (const name of TRAITS) model.on(`change:${name}`, this.update);
    this.unwatch = watch([this.chart, this.map], this.update);
    this.calm.addEventListener("change", this.update);
    requestAnimationFrame(this.update);
  }

  stop() {
    this.update.cancel();
    clearInterval(this.playing);
    clearTimeout(this.speaking);
    this.unwatch();
    this.calm.removeEventListener("change", this.update);
    for (const name of TRAITS) this.model.off(`change:${name}`, this.update);
  }

  set(traits) {
    for (const [name, value] of Object.entries(traits)) this.model.set(name, value);
    this.model.save_changes();
    this.update();
  }

  build(id) {
    const {words} = this;
    this.chart = h("canvas", {class: "lm-replay-chart", role: "img", onclick: (event) => this.pick(event)});
    [this.above, this.sound, this.most, this.mistake, this.looks, this.copies] = ["above", "sound", "most", "mistake", "looks", "copies"]
      .map((name) => h("p", {class: `lm-replay-${name}`}));
    this.text = h("p", {class: "lm-replay-text", tabindex: "0", role: "region", "aria-label": words.writes});
    this.map = h("canvas", {class: "lm-replay-map", tabindex: "0", role: "application", "aria-label": words.map,
      onclick: (event) => this.press(event), onkeydown: (event) => this.move(event)});
    this.numbers = h("details", {class: "lm-replay-numbers", ontoggle: this.update}, h("summary", {}, words.numbers),
      this.tables = h("div", {class: "lm-replay-tables", tabindex: "0", role: "region", "aria-label": words.numbers}));
    const [layer, head] = this.recording.head, key = (kind, text) => h("span", {}, h("span", {class: `lm-replay-key lm-replay-key-${kind}`}), text);
    this.root = h("section", {class: "lm-figure lm-replay", "aria-label": words.title, "data-state": "loading"}, this.top(id),
      h("div", {class: "lm-replay-body"},
        h("div", {class: "lm-replay-left"}, this.chart,
          h("p", {class: "lm-replay-legend lm-soft"}, key("held", words.legend[0]), key("train", words.legend[1])), this.above),
        h("div", {class: "lm-replay-right"}, this.buildBars()),
        h("div", {class: "lm-replay-left"}, this.buildTexts(id), this.text, this.mistake, this.legend(), this.sound, this.most),
        h("div", {class: "lm-replay-right"}, h("p", {class: "lm-replay-title"}, words.head(layer + 1, head + 1)), this.map, this.looks, this.copies)),
      this.numbers, this.spoken = h("p", {class: "lm-spoken", role: "status"}));
  }

  top(id) {
    const {words, recording} = this;
    this.button = h("button", {type: "button", class: "lm-button lm-replay-play", onclick: () => this.play()});
    this.slider = h("input", {type: "range", id: `${id}-step`, min: 0, max: recording.moments.length - 1, step: 1,
      oninput: () => { this.pause(); this.go(+this.slider.value); }});
    this.output = h("output", {for: `${id}-step`});
    this.stage = h("p", {class: "lm-replay-stage"});
    return h("div", {class: "lm-replay-top"}, this.button, h("label", {for: `${id}-step`}, words.step), this.slider, this.output, this.stage);
  }

  buildBars() {
    const {words, recording} = this, parts = [h("p", {class: "lm-replay-title"}, words.bars)];
    this.bars = recording.kinds.map(([kind]) => {
      const bar = h("span", {class: "lm-replay-bar"}), number = h("span", {class: "lm-replay-number"});
      return {bar, number, node: h("li", {"data-kind": kind}, h("span", {class: "lm-replay-kind"}, kind),
        h("span", {class: "lm-replay-track", "aria-hidden": "true"}, bar), number)};
    });
    for (const [group, name] of Object.entries(words.groups)) {
      const members = this.bars.filter((_, k) => recording.kinds[k][1] === group).map(({node}) => node);
      parts.push(h("p", {class: "lm-replay-group"}, name), h("ol", {class: "lm-replay-bars", "data-group": group, "aria-label": name}, members));
    }
    const ticks = [0.1, 1, 3, 7].filter((tick) => tick <= recording.most);
    return [...parts, h("div", {class: "lm-replay-ticks", "aria-hidden": "true"}, h("span", {class: "lm-replay-scale"},
      ticks.map((tick) => h("span", {style: `left: ${100 * filled(recording, tick)}%`}, String(tick)))))];
  }

  buildTexts(id) {
    const {words, recording} = this;
    this.radios = recording.moments[0].samples.map((_, n) => h("input", {type: "radio", name: `${id}-sample`, value: n, "aria-label": words.textOf(n + 1),
      onchange: () => this.set({sample: n})}));
    return h("div", {class: "lm-replay-texts"}, h("p", {class: "lm-replay-title"}, words.writes), h("span", {class: "lm-soft"}, words.text),
      h("div", {class: "lm-replay-switches", role: "radiogroup", "aria-label": words.writes}, this.radios.map((input, n) =>
        h("label", {class: "lm-replay-switch"}, input, h("span", {"aria-hidden": "true"}, String(n + 1))))));
  }

  legend() {
    return h("p", {class: "lm-replay-marks lm-soft"}, ["mistake", "odd"].map((mark) =>
      h("span", {}, h("span", {class: `lm-replay-${mark}`, "aria-hidden": "true"}, "abc"), ` ${this.words.marks[mark]}`)));
  }

  // --- what the reader does ---
  go(index) { this.set({step: this.recording.moments[index].step}); }

  get index() { return indexOf(this.recording, this.model.get("step")); }

  // Moment by moment to the end. Who asked for less motion gets one moment a press.
  play() {
    const last = this.recording.moments.length - 1, from = this.index === last ? 0 : this.index + 1;
    if (this.playing) return this.pause();
    if (!this.calm.matches) this.playing = setInterval(() => { if (this.index < last) this.go(this.index + 1); else this.pause(); }, PACE);
    this.go(from);
  }

  pause() {
    clearInterval(this.playing);
    this.playing = null;
    this.update();
  }

  pick(event) {
    const box = this.chart.getBoundingClientRect();
    this.pause();
    this.go(nearest(this.recording, placeOf(box.width, event.clientX - box.left)));
  }

  press(event) {
    const box = this.map.getBoundingClientRect(), cell = cellAt(this.place, this.recording.sentence.length, event.clientX - box.left, event.clientY - box.top);
    if (cell) this.set({row: cell.row});
  }

  move(event) {
    const row = this.model.get("row"), last = this.recording.sentence.length - 1;
    const to = {ArrowUp: row - 1, ArrowLeft: row - 1, ArrowDown: row + 1, ArrowRight: row + 1, Home: 0, End: last}[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.set({row: Math.min(Math.max(to, 0), last)});
  }

  // --- what the reader sees ---
  paint() {
    const {recording, words, index} = this, moment = recording.moments[index], style = styleOf(this.root);
    const last = index === recording.moments.length - 1;
    if (this.playing && last) this.pause();
    setText(this.button, this.playing ? words.pause : last ? words.again : this.calm.matches ? words.onward : words.play);
    if (+this.slider.value !== index) this.slider.value = index;
    setText(this.output, words.stepOf(moment.step, recording.steps));
    this.slider.setAttribute("aria-valuetext", this.output.textContent);
    setText(this.stage, words.stages[moment.stage]);
    this.paintLoss(moment, index, style);
    recording.kinds.forEach(([kind], k) => this.paintBar(this.bars[k], moment.excess[k], kind));
    this.paintText(moment);
    this.paintMap(moment, style);
    this.paintNumbers(moment);
    this.say(moment);
    Object.assign(this.root.dataset, {state: "ready", step: moment.step, stage: moment.stage, playing: Boolean(this.playing)});
  }

  paintLoss(moment, index, style) {
    const {words, recording} = this, loss = moment.loss.toFixed(2);
    drawLosses(this.chart, {recording, index, style, words});
    this.chart.setAttribute("aria-label", words.chart(moment.step, loss));
    setText(this.above, words.above(loss, recording.floor.toFixed(2), meanExcess(recording, moment).toFixed(3)));
    setText(this.sound, words.sound(moment.sound, recording.written));
    const most = commonest(moment);
    setText(this.most, most ? words.most(...most) : "");
  }

  paintBar({bar, number, node}, excess) {
    bar.style.transform = `scaleX(${filled(this.recording, excess).toFixed(4)})`;
    setText(number, excess.toFixed(excess < 0.095 ? 3 : 2).replace("-", "−"));
    node.dataset.excess = excess;
  }

  paintText(moment) {
    const {words, recording} = this, chosen = Math.min(this.model.get("sample"), moment.samples.length - 1), sample = moment.samples[chosen];
    this.radios.forEach((input, n) => { input.checked = n === chosen; });
    const key = `${moment.step} ${chosen}`;
    if (this.textKey === key) return;
    this.textKey = key;
    const parts = [h("span", {class: "lm-replay-prompt"}, recording.prompt)];
    for (const {word, mark} of marked(sample)) {
      if (!TIGHT.has(word)) parts.push(" ");
      parts.push(h(mark === "mistake" ? "mark" : "span", {class: `lm-replay-${mark}`, "data-mark": mark}, word === END ? `⟨${words.end}⟩` : word));
    }
    this.text.replaceChildren(...parts);
    const {mistake} = sample, shown = (word) => word === END ? words.end : word;
    setText(this.mistake, mistake ? words.mistake(shown(sample.words[mistake.at]), mistake.kind, mistake.possible.map(shown), mistake.of) : words.whole);
  }

  label(place) { return place ? this.recording.sentence[place] : this.words.start; }

  paintMap(moment, style) {
    const {words, recording, map} = this, T = recording.sentence.length, row = Math.min(this.model.get("row"), T - 1);
    const labels = recording.sentence.map((_, i) => this.label(i)), dark = getComputedStyle(this.root).getPropertyValue("--lm-dark").trim() === "1";
    const faint = getComputedStyle(this.root).getPropertyValue("--lm-hatch").trim();
    this.place = layout(map.clientWidth, map.clientHeight, T, labels);
    drawMap(map, {weights: square(moment.attention), T, labels, place: this.place, row, column: -1, causal: true, style: {...style, dark, faint}, words});
    const looks = looksOf(moment.attention[row], NAMED).filter(([, weight]) => weight > 0);
    setText(this.looks, words.looks(this.label(row), looks.map(([place, weight]) => [this.label(place), weight])));
    setText(this.copies, words.copies(moment.look, recording.looks));
    Object.assign(map.dataset, {row, looks: JSON.stringify(looks)});
  }

  paintNumbers(moment) {
    const {words, recording} = this;
    if (!this.numbers.open) return;
    const table = (caption, columns, rows) => h("table", {class: "lm-table"}, h("caption", {}, caption),
      h("thead", {}, h("tr", {}, columns.map((text) => h("th", {scope: "col"}, text)))), h("tbody", {}, rows.map(([first, ...cells]) =>
        h("tr", {}, h("th", {scope: "row"}, first), cells.map((text) => h("td", {}, text))))));
    const all = meanExcess(recording, moment), total = recording.kinds.reduce((sum, [, , count]) => sum + count, 0);
    this.tables.replaceChildren(
      table(words.byKind(moment.step), words.kindColumns, recording.kinds.map(([kind, group, count], k) => [kind, words.groups[group], words.number(count),
        moment.excess[k].toFixed(4), words.percent(count * moment.excess[k] / total / all)])),
      table(words.byMoment, words.momentColumns, recording.moments.map((each) => [words.number(each.step), each.loss.toFixed(4),
        meanExcess(recording, each).toFixed(4), words.percent(each.fitting), `${each.sound} / ${recording.written}`, words.percent(each.look)])));
  }

  // The moment in words, spoken when the reader pauses; while it plays, only at the end.
  say(moment) {
    clearTimeout(this.speaking);
    if (this.playing) return;
    const parts = [this.stage, this.above, this.mistake, this.looks].map((node) => `${node.textContent.replace(/[.]$/, "")}.`);
    const told = this.words.says(moment.step, this.recording.steps, parts);
    this.speaking = setTimeout(() => setText(this.spoken, told), 500);
  }
}
