// The tables of OneSentence: which word would come after each layer, what comes next, and every number, for screen readers, copying and tests.
// `of` is what the figure knows of a token: {name(id), exact(id): its probability in the world, null where that is not known}.
import {h} from './dom.js';
import {largest} from './bars.js';
import {short} from './lab_chart.js';
import {GUESSES} from './one_sentence_parts.js';

const header = (texts) => h("thead", {}, h("tr", {}, texts.map((text) => h("th", {scope: "col"}, text))));
const row = (name, cells, attributes = {}) => h("tr", attributes, h("th", {scope: "row"}, name), cells);
const inPercent = (x) => x === 0 || x === 1 ? `${100 * x} %` : x < 0.0001 ? "<0.01 %" : `${(100 * x).toFixed(x >= 0.0995 ? 1 : 2)} %`;

// guesses: [l] (V,), the lens after each layer; l: the layer that is open
export function showLens(table, words, {guesses, l}, of) {
  const share = (x) => x < 0.01 ? "<1 %" : `${Math.round(100 * x)} %`;
  table.replaceChildren(header(words.lensColumns), h("tbody", {}, guesses.map((p, i) => row(words.lensRow(i), largest(p, GUESSES).map((id) =>
    h("td", {"data-lens": i, "data-token": id, "data-probability": p[id]}, h("span", {}, of.name(id)), " ", h("span", {}, share(p[id])))),
  {class: i === l + 1 && "lm-here"}))));
}

// top: the most probable tokens; next: the one that the sentence goes on with, null at its end
export function showNext(table, words, {guesses, top, next, logits}, of) {
  const p = guesses.at(-1), shown = next === null || top.includes(next) ? top : [...top.slice(0, -1), next];
  table.replaceChildren(header(words.columns), h("tbody", {}, shown.map((id) => row(of.name(id), [
    h("td", {}, short(logits[id])),
    h("td", {class: "lm-one-bar"}, h("span", {style: `transform: scaleX(${p[id].toFixed(4)})`})),
    h("td", {}, inPercent(p[id])),
    h("td", {}, of.exact(id) === null ? "–" : inPercent(of.exact(id))),
  ], {class: id === next && "lm-here", "data-token": id, "data-probability": p[id], "data-world": of.exact(id) ?? ""}))));
}

const cell = (key, i, value) => h("td", {"data-of": key, "data-i": i, "data-value": value}, value === null ? "–" : value.toFixed(4).replace("-", "−"));

// kind: which numbers. vectors: [[name, key, values], ...]; inside: the layer as layerAt gives it.
export function showNumbers(table, kind, words, {tokens, vectors, inside, guesses, logits, t, l}, of) {
  const {heading} = words, fill = (columns, rows) =>
    table.replaceChildren(h("caption", {}, words.captions[kind](tokens[t].label, l + 1)), header(columns), h("tbody", {}, rows));
  const side = (first, columns) => fill([first, ...columns.map(([name]) => name)], Array.from(columns[0][2], (_, i) =>
    row(String(i), columns.map(([, key, values]) => cell(key, i, values[i])))));
  if (kind === "vectors") side(heading.channel, vectors);
  if (kind === "hidden") side(heading.neuron, [[heading.value, "hidden", inside.hidden]]);
  if (kind === "attention") {
    fill([heading.token, ...inside.heads.map((_, head) => words.stages.head(head + 1))], Array.from(inside.heads[0].weights, (_, j) =>
      row(tokens[j].label, inside.heads.map(({weights}, head) => cell(`weight${head}`, j, weights[j])))));
  }
  if (kind === "words") {
    const names = guesses.map((_, i) => i === guesses.length - 1 ? heading.model : words.lensRow(i));
    fill([heading.word, heading.logit, ...names, heading.world], Array.from(logits, (logit, id) =>
      row(of.name(id), [cell("logit", id, logit), guesses.map((p, i) => cell(`lens${i}`, id, p[id])), cell("world", id, of.exact(id))].flat())));
  }
}
