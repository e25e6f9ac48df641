// DecodingLab's numbers as tables inside a <details>: for screen readers, for copying, and for the tests.
import {h} from './dom.js';
import {FILTERS} from './decoding.js';

const STAGES = ["model", "shaped", ...FILTERS];

export function makeTables(words, update) {
  const box = h("div", {class: "lm-decoding-tables", tabindex: "0", role: "region", "aria-label": words.numbers});
  const element = h("details", {class: "lm-decoding-numbers", ontoggle: update}, h("summary", {}, words.numbers), box);
  const table = (caption, columns, rows) => h("table", {class: "lm-table"}, h("caption", {}, caption),
    h("thead", {}, h("tr", {}, columns.map((text) => h("th", {scope: "col"}, text)))), h("tbody", {}, rows));
  const cells = (name, ...rest) => [h("th", {scope: "row"}, String(name)), ...rest.map((text) => h("td", {}, String(text)))];

  // seen: what decoding_lab.js keeps of the last picture; label(id) -> text
  function show({beams, steps, found, logits, written, tokens}, label) {
    if (!element.open) return;
    box.replaceChildren(...(beams ? [steps && branches(beams, steps, label)] : [choices(found, logits, label), written.length && line(written, tokens.length, label)]).filter(Boolean));
  }

  const choices = (found, logits, label) => table(words.stagesCaption, words.stageColumns, found.top.map((id) => h("tr", {"data-token": id},
    h("th", {scope: "row"}, label(id)), h("td", {}, logits[id].toFixed(2).replace("-", "−")),
    STAGES.map((name) => h("td", {"data-stage": name, "data-probability": found[name][id].toFixed(8)}, found[name][id].toFixed(4))))));

  const line = (written, before, label) => table(words.writtenCaption, words.writtenColumns, written.map(({id, draw, p}, i) =>
    h("tr", {"data-written": id, "data-p": p.toFixed(8), "data-draw": draw ?? ""}, cells(before + i + 1, label(id), draw === null ? "–" : draw.toFixed(4), p.toFixed(4)))));

  const branches = (beams, steps, label) => table(words.stepsCaption, words.stepsColumns, beams.history.slice(0, steps).flatMap(({running, ended}, n) =>
    [...running, ...ended].map(({ids, total, parent}, row) => h("tr", {"data-step": n + 1, "data-sum": total, "data-parent": parent},
      cells(n + 1, row + 1, n ? parent + 1 : words.start, label(ids.at(-1)), total.toFixed(3).replace("-", "−"))))));

  return {element, show};
}
