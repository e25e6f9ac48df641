// The numbers of OneSentence as tables: for screen readers, for copying, and for the tests.
import {h} from './dom.js';

const put = (table, caption, columns, rows) => table.replaceChildren(h("caption", {}, caption),
  h("thead", {}, h("tr", {}, columns.map((text) => h("th", {scope: "col"}, text)))), h("tbody", {}, rows));
const cell = (of, i, value, digits = 4) => h("td", {"data-of": of, "data-i": i, "data-value": value}, Number.isFinite(value) ? value.toFixed(digits).replace("-", "−") : "");

// columns: [[name, key, values], ...], one row a number
function vectors(table, caption, first, columns) {
  put(table, caption, [first, ...columns.map(([name]) => name)], Array.from(columns[0][2], (_, i) =>
    h("tr", {}, h("th", {scope: "row"}, String(i)), columns.map(([, key, values]) => cell(key, i, values[i])))));
}

// Fill `table` with the kind of numbers that was asked for.
// vectors: [[name, key, values], ...]; inside: the layer as layerAt gives it; label(id), exact(id): of any token.
export function showTable(table, kind, {words, tokens, caption, vectors: columns, inside, guesses, logits, label, exact}) {
  const {heading} = words;
  if (kind === "vectors") return vectors(table, caption, heading.channel, columns);
  if (kind === "hidden") return vectors(table, caption, heading.neuron, [[heading.value, "hidden", inside.hidden]]);
  if (kind === "attention") {
    return put(table, caption, [heading.token, ...inside.heads.map((_, head) => words.stages.head(head + 1))], Array.from(inside.heads[0].weights, (_, j) =>
      h("tr", {}, h("th", {scope: "row"}, tokens[j].label), inside.heads.map(({weights}, head) => cell(`weight${head}`, j, weights[j])))));
  }
  const last = guesses.length - 1, lensNames = guesses.map((_, l) => l === last ? heading.model : words.lensRow(l));
  return put(table, caption, [heading.word, heading.logit, ...lensNames, heading.world], Array.from(logits, (logit, id) =>
    h("tr", {}, h("th", {scope: "row"}, label(id)), cell("logit", id, logit), guesses.map((p, l) => cell(`lens${l}`, id, p[id])), cell("world", id, exact(id) ?? NaN))));
}
