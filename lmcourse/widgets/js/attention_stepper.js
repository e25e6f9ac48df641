// AttentionStepper: every number of self-attention on a few words. stepper_math.js computes, this file draws: traits in, tables out.
import {h, setText, eachFrame} from './dom.js';
import {wordsIn} from './language.js';
import {WORDS} from './words_attention_stepper.js';
import {attend, madeOf, plain, read, fresh} from './stepper_math.js';
import {colorTable, level, css, ink} from './colors.js';
import {watch} from './lab_chart.js';

const TRAITS = ["words", "vectors", "w_q", "w_k", "w_v", "causal", "scaled", "row", "stage"];
const STAGES = ["vectors", "projections", "scores", "scaled", "masked", "weights", "output"];
const GROUPS = {vectors: ["vectors"], projections: ["w_q", "q", "w_k", "k", "w_v", "v"]};    // the others hold the matrix of their name
const INPUTS = ["vectors", "w_q", "w_k", "w_v"], SQUARE = ["scores", "scaled", "masked", "weights"], FOLLOWED = ["q", ...SQUARE, "output"];
let made = 0;

export async function render({model, el}) {
  const stepper = new Stepper(model, el, wordsIn(WORDS));
  return () => stepper.stop();
}

class Stepper {
  constructor(model, el, words) {
    Object.assign(this, {model, words, at: null, tables: {}});
    this.update = eachFrame(() => this.paint());
    this.build(`lm-stepper-${++made}-${Math.random().toString(36).slice(2, 8)}`);
    el.replaceChildren(this.root);
    for (const name of TRAITS) model.on(`change:${name}`, this.update);
    this.unwatch = watch([], this.update);
    requestAnimationFrame(this.update);
  }

  stop() {
    this.update.cancel();
    clearTimeout(this.speaking);
    this.unwatch();
    for (const name of TRAITS) this.model.off(`change:${name}`, this.update);
  }

  set(traits) {
    for (const [name, value] of Object.entries(traits)) this.model.set(name, value);
    this.model.save_changes();
    this.update();
  }

  build(id) {
    const {words} = this, check = (trait) => {
      const input = this[trait] = h("input", {type: "checkbox", id: `${id}-${trait}`, onchange: () => this.set({[trait]: input.checked})});
      return h("div", {class: "lm-stepper-check"}, input, h("label", {for: input.id}, words[trait]));
    };
    this.id = id;
    this.field = h("input", {id: `${id}-words`, spellcheck: "false", autocomplete: "off", oninput: () => this.rename(this.field.value), onblur: this.update});
    this.select = h("select", {id: `${id}-stage`, onchange: () => this.set({stage: this.select.value})},
      STAGES.map((stage) => h("option", {value: stage}, words.stages[stage])));
    const [back, next] = [-1, 1].map((by) => h("button", {type: "button", class: "lm-button", onclick: () => this.step(by)}, by < 0 ? words.previous : words.next));
    Object.assign(this, {back, next});
    this.queries = h("div", {class: "lm-stepper-queries", role: "radiogroup", "aria-labelledby": `${id}-query`});
    this.groups = Object.fromEntries(STAGES.map((stage) => [stage, h("div", {class: "lm-stepper-group", "data-stage": stage},
      h("p", {class: "lm-stepper-title"}), h("div", {class: "lm-stepper-tables"}))]));
    this.root = h("section", {class: "lm-figure lm-stepper", "aria-label": words.title, "data-state": "loading"},
      h("div", {class: "lm-stepper-top"},
        h("div", {}, h("label", {for: this.field.id}, words.words), this.field),
        h("div", {}, h("label", {for: this.select.id}, words.stage), h("div", {class: "lm-line"}, this.select, back, next)),
        h("div", {}, h("span", {class: "lm-stepper-label", id: `${id}-query`}, words.query), this.queries),
        h("div", {class: "lm-stepper-checks"}, check("causal"), check("scaled"))),
      h("div", {class: "lm-stepper-body"}, Object.values(this.groups)),
      h("div", {class: "lm-stepper-told"}, this.told = h("span", {})),
      this.spoken = h("p", {class: "lm-spoken", role: "status"}));
    this.listen(this.root);
  }

  listen(root) {
    const cell = (event) => event.target.closest?.("[data-matrix]");
    const point = (node) => { this.at = node ? [node.dataset.matrix, +node.dataset.row, +node.dataset.column] : null; this.update(); };
    root.addEventListener("pointerover", (event) => { const node = cell(event); if (event.pointerType === "mouse" && (node || this.at)) point(node || this.focused(cell)); });
    root.addEventListener("pointerleave", () => point(this.focused(cell)));
    root.addEventListener("focusin", (event) => {
      const node = cell(event);
      if (!node) return;
      this.stopAt(node);
      if (node.select) node.select();
      point(node);
    });
    root.addEventListener("focusout", (event) => { if (cell(event)) point(null); });
    root.addEventListener("click", (event) => { const node = cell(event); if (node && FOLLOWED.includes(node.dataset.matrix)) { node.focus(); this.set({row: +node.dataset.row}); } });
    root.addEventListener("input", (event) => { const node = cell(event); if (node) this.edit(node); });
    root.addEventListener("keydown", (event) => { const node = cell(event); if (node) this.move(event, node); });
  }

  focused(cell) { return this.root.contains(document.activeElement) ? cell({target: document.activeElement}) : null; }

  // One tab stop a table: the cell that was last stood on.
  stopAt(node) {
    for (const each of this.tables[node.dataset.matrix].cells.flat()) each.tabIndex = each === node ? 0 : -1;
  }

  move(event, node) {
    const [down, right] = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]}[event.key] || [];
    if (down === undefined || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (right && node.select) {                                     // inside a number the caret moves first
      const {selectionStart: from, selectionEnd: to, value} = node, all = from === 0 && to === value.length;
      if (!all && (from !== to || from !== (right < 0 ? 0 : value.length))) return;
    }
    event.preventDefault();
    this.tables[node.dataset.matrix].cells[+node.dataset.row + down]?.[+node.dataset.column + right]?.focus();
  }

  edit(node) {
    const value = read(node.value), {matrix, row, column} = node.dataset;
    node.setAttribute("aria-invalid", value === null);
    if (value !== null) this.set({[matrix]: this.model.get(matrix).map((line, i) => line.map((x, j) => i === +row && j === +column ? value : x))});
    this.update();
  }

  // Another word keeps the numbers of its place; a new place gets some.
  rename(text) {
    const words = text.trim().split(/\s+/), now = this.model.get("vectors"), row = this.model.get("row");
    const fits = words.length >= 3 && words.length <= 6 && words.every((word) => Array.from(word).length <= 8);
    this.field.setAttribute("aria-invalid", !fits);
    if (fits) this.set({words, vectors: words.map((_, i) => now[i] || fresh(i, now[0].length)), row: row < words.length ? row : -1});
    this.update();
  }

  step(by) {
    this.set({stage: STAGES[STAGES.indexOf(this.model.get("stage")) + by]});
    if (document.activeElement?.disabled) (by < 0 ? this.next : this.back).focus();
  }

  // The tables, anew where their shape changed.
  shape(T, d, width) {
    const key = `${T} ${d} ${width}`;
    if (key === this.shaped) return;
    this.shaped = key;
    for (const [stage, group] of Object.entries(this.groups)) {
      const tables = (GROUPS[stage] || [stage]).map((name) => this.table(name, name.startsWith("w_") ? d : T,
        name === "vectors" ? d : SQUARE.includes(name) ? T : width));
      group.lastChild.replaceChildren(...(stage === "projections" ? [0, 2, 4].map((n) => h("div", {class: "lm-stepper-pair"}, tables.slice(n, n + 2))) : tables));
      if (stage === "output") group.lastChild.append(this.mix = h("div", {class: "lm-stepper-mix"}));
    }
    this.queries.replaceChildren(...(this.radios = Array.from({length: T}, (_, i) => h("label", {class: "lm-stepper-switch"},
      h("input", {type: "radio", name: `${this.id}-row`, value: i, onchange: () => this.set({row: i})}), h("span", {})))));
  }

  table(name, rows, columns) {
    const heads = Array.from({length: columns}, () => h("th", {scope: "col"})), sides = Array.from({length: rows}, () => h("th", {scope: "row"}));
    const cells = sides.map((_, i) => heads.map((_, j) => {
      const data = {"data-matrix": name, "data-row": i, "data-column": j, tabindex: i || j ? -1 : 0};
      return INPUTS.includes(name) ? h("input", {...data, inputmode: "text", autocomplete: "off"}) : h("td", data);
    }));
    const element = h("table", {class: "lm-stepper-table", role: "grid", "aria-label": this.words.names[name]}, h("caption", {}, this.words.names[name]),
      h("thead", {}, h("tr", {}, h("td", {}), heads)),
      h("tbody", {}, sides.map((side, i) => h("tr", {}, side, cells[i].map((cell) => cell.tagName === "INPUT" ? h("td", {}, cell) : cell)))));
    this.tables[name] = {element, cells, heads, sides};
    return element;
  }

  paint() {
    const {model} = this, now = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)])), T = now.words.length;
    const m = attend(now), row = now.row < 0 ? T - 1 : now.row;
    this.shape(T, now.vectors[0].length, now.w_q[0].length);
    if (this.at && !(m[this.at[0]][this.at[1]]?.length > this.at[2])) this.at = null;
    const made = this.at && madeOf(...this.at, m), from = new Set((made?.from || []).map(String)), dark = getComputedStyle(this.root).getPropertyValue("--lm-dark").trim() === "1";
    for (const [name, table] of Object.entries(this.tables)) this.paintTable(name, table, m[name], {now, row, from, dark});
    this.paintControls(now, row);
    this.paintMix(now, m, row);
    this.tell(now, m, made);
    this.say(now, m, row);
    Object.assign(this.root.dataset, {state: "ready", row, stage: now.stage, words: T});
  }

  paintTable(name, {cells, heads, sides}, values, {now, row, from, dark}) {
    const {words} = this, ofWords = !name.startsWith("w_"), title = (i) => ofWords ? now.words[i] : String(i + 1);
    heads.forEach((head, j) => setText(head, SQUARE.includes(name) ? now.words[j] : String(j + 1)));
    sides.forEach((side, i) => setText(side, title(i)));
    cells.forEach((line, i) => line.forEach((cell, j) => {
      const value = values[i][j], here = this.at && this.at[0] === name && this.at[1] === i && this.at[2] === j;
      cell.dataset.value = value;
      cell.classList.toggle("lm-made-from", from.has(`${name},${i},${j}`));
      cell.classList.toggle("lm-at", Boolean(here));
      cell.classList.toggle("lm-followed", i === row && FOLLOWED.includes(name));
      if (cell.tagName === "INPUT") {
        const active = cell === document.activeElement;
        if (!active) cell.removeAttribute("aria-invalid");
        if (active ? cell.getAttribute("aria-invalid") !== "true" && read(cell.value) !== value : read(cell.value) !== value) cell.value = String(+value.toFixed(4));
        cell.setAttribute("aria-label", ofWords ? words.cell(words.names[name], title(i), j + 1) : `${words.names[name]}, ${words.weight(i + 1, j + 1)}`);
        return;
      }
      setText(cell, plain(value));
      if (name !== "weights") return;
      const color = colorTable(dark)[level(value)];
      cell.style.background = css(color);
      cell.style.color = ink(color);
    }));
  }

  paintControls(now, row) {
    const {words} = this, stage = STAGES.indexOf(now.stage);
    for (const name of ["causal", "scaled"]) this[name].checked = now[name];
    this.select.value = now.stage;
    this.back.disabled = stage === 0;
    this.next.disabled = stage === STAGES.length - 1;
    if (document.activeElement !== this.field) {
      this.field.value = now.words.join(" ");
      this.field.removeAttribute("aria-invalid");
    } else if (this.field.getAttribute("aria-invalid") !== "true" && this.field.value.trim().split(/\s+/).join(" ") !== now.words.join(" ")) this.field.value = now.words.join(" ");
    this.radios.forEach((label, i) => {
      label.firstChild.checked = i === row;
      setText(label.lastChild, now.words[i]);
    });
    STAGES.forEach((name, i) => {
      const group = this.groups[name], off = name === "scaled" && !now.scaled ? words.unscaled : name === "masked" && !now.causal ? words.unmasked : null;
      setText(group.firstChild, off || words.group[name]);
      group.classList.toggle("lm-later", i > stage);
      group.classList.toggle("lm-newest", i === stage && stage < STAGES.length - 1);
    });
  }

  // The chosen word's output, spelled out: how much of each value goes into it.
  paintMix({words}, m, row) {
    this.mix.replaceChildren(h("div", {class: "lm-soft"}, this.words.mix(words[row])), ...words.map((word, j) =>
      h("div", {class: "lm-stepper-part"}, h("span", {}, word),
        h("span", {class: "lm-stepper-track", "aria-hidden": "true"}, h("span", {style: `transform: scaleX(${m.weights[row][j].toFixed(4)})`})),
        h("span", {}, `${plain(m.weights[row][j])} · (${m.v[j].map(plain).join(", ")})`))),
      h("div", {class: "lm-stepper-part"}, h("span", {}), h("span", {}), h("span", {}, `= (${m.output[row].map(plain).join(", ")})`)));
  }

  tell(now, m, made) {
    const {words, at} = this, wrong = this.root.querySelector('[aria-invalid="true"]');
    this.told.className = wrong ? "lm-message" : "";
    if (wrong) setText(this.told, wrong === this.field ? words.wrongWords : words.wrong);
    else if (!made) setText(this.told, words.hint);
    else {
      const [name, i, j] = at, label = name.startsWith("w_") ? words.weight(i + 1, j + 1) : now.words[i], column = SQUARE.includes(name) ? now.words[j] : j + 1;
      setText(this.told, made.kind === "input" ? words.input(name.startsWith("w_") ? `${words.names[name]}, ${label}` : words.cell(words.names[name], label, column))
        : words.told(words.names[name], label, column, this.sum(made, name, i, j, m, now)));
    }
  }

  sum({kind, terms}, name, i, j, m, now) {
    const {words} = this, signed = (x) => x < 0 ? `(${plain(x)})` : plain(x), value = plain(m[name][i][j]);
    if (kind === "sum") return `${terms.map(([a, b]) => `${plain(a)}·${signed(b)}`).join(" + ")} = ${value}`;
    if (kind === "scaled") return now.scaled ? words.scaledBy(plain(m.scores[i][j]), `√${m.q[0].length}`, value) : words.off(value);
    if (kind === "hidden") return words.hidden(now.words[i], now.words[j]);
    if (kind === "kept") return words.kept(value);
    return words.share(plain(m.masked[i][j]), m.masked[i].filter((x) => x !== -Infinity).map((x) => `e^${plain(x)}`).join(" + "), value);
  }

  say({words}, m, row) {
    clearTimeout(this.speaking);
    const takes = words.map((word, j) => this.words.takes(Math.round(100 * m.weights[row][j]), word)).join(", ");
    this.speaking = setTimeout(() => setText(this.spoken, this.words.spoken(words[row], takes, m.output[row].map(plain).join(", "))), 600);
  }
}
