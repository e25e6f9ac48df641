// The picture as numbers, for screen readers, for copying, and for the tests: tables inside a <details>.
import {h} from './dom.js';

export function makeNumbers(words) {
  const row = h("table", {class: "lm-table"}), next = h("table", {class: "lm-table"});
  const element = h("details", {class: "lm-numbers"}, h("summary", {}, words.numbers),
    h("div", {class: "lm-tables", tabindex: "0", role: "region", "aria-label": words.numbers}, row, next));

  // weights[head]: the chosen row (T,); hiddenFrom: the first token the mask hides; rows as in bars.js, null for a model without a next word
  function show(tokens, chosen, layer, head, weights, hiddenFrom, rows, altered) {
    const name = tokens[chosen].label;
    row.replaceChildren(h("caption", {}, words.rowCaption(name, layer + 1)),
      h("thead", {}, h("tr", {}, h("th", {scope: "col"}, words.columnToken),
        weights.map((_, i) => h("th", {scope: "col", class: i === head && "lm-here"}, words.columnHead(i + 1))))),
      h("tbody", {}, tokens.map((token, i) => h("tr", {}, h("th", {scope: "row"}, token.label),
        weights.map((w, k) => h("td", {class: k === head && "lm-here", "data-layer": layer, "data-head": k, "data-row": chosen,
          "data-column": i, "data-weight": w[i].toFixed(8)}, i >= hiddenFrom ? "–" : w[i].toFixed(4)))))));
    next.hidden = !rows;
    if (rows) next.replaceChildren(h("caption", {}, words.nextCaption(name)),
      h("thead", {}, h("tr", {}, [words.columnToken, words.columnProbability, altered && words.columnBefore]
        .filter(Boolean).map((text) => h("th", {scope: "col"}, text)))),
      h("tbody", {}, rows.map(({id, label, probability, before}) => h("tr", {}, h("th", {scope: "row"}, label),
        h("td", {"data-token": id, "data-row": chosen, "data-probability": probability.toFixed(8)}, probability.toFixed(4)),
        altered ? h("td", {"data-before": before.toFixed(8)}, before.toFixed(4)) : null))));
  }
  return {element, show};
}
