// A second sentence below the first, read by the same head with the same changes: what stays when the words change?
import {h, setText} from './dom.js';
import {makeTokens} from './tokens.js';
import {makeNumbers} from './numbers.js';
import {drawMap, layout} from './heatmap.js';

// on: update(), typeSecond(text), model.get("second"); the place stays closed until the reader, or the trait, opens it.
export function makeSecond(words, id, on) {
  let chosen = -1, peek = -1, typed = "";
  const input = h("textarea", {id: `${id}-text`, class: "lm-input", rows: "2", spellcheck: "false", autocomplete: "off", autocapitalize: "off",
    "aria-describedby": `${id}-message`, oninput: () => { chosen = -1; on.typeSecond(input.value); }});
  const tokens = makeTokens(words, {choose: (i) => { chosen = i; on.update(); }, peek: (i) => { if (i !== peek) { peek = i; on.update(); } }});
  const canvas = h("canvas", {class: "lm-second-map", "aria-hidden": "true"}), numbers = makeNumbers({...words, numbers: words.secondNumbers});
  numbers.element.addEventListener("toggle", on.update);
  const said = h("p", {class: "lm-status", role: "status"}), message = h("span", {class: "lm-message", id: `${id}-message`, role: "status"});
  const element = h("details", {class: "lm-second lm-of-course", ontoggle: () => on.update()}, h("summary", {}, words.second),
    h("label", {for: input.id}, words.secondLabel), input, message, tokens.element, canvas, said, numbers.element);

  // reader: of explorer_model.js; view: what the first sentence shows (layer, head, causal, positions, temperature, off, style).
  function show(reader, {layer, head, causal, positions, temperature, off, style}) {
    const text = on.model.get("second");
    if (text !== typed && text !== input.value) { input.value = text; chosen = -1; }
    typed = text;
    const fits = reader.fit(text), seen = reader.read(fits, {causal, positions, temperature, headsOff: off}), {T} = seen;
    const fixed = chosen >= 0 && chosen < T ? chosen : T - 1, row = peek >= 0 && peek < T ? peek : fixed;
    const weights = seen.attention[layer].subarray(head * T * T, (head + 1) * T * T), line = weights.subarray(row * T, (row + 1) * T);
    setText(message, fits.blank ? words.secondHint : fits.left ? words.cut(T - 1, fits.left) : "");
    tokens.show(seen.tokens, line, row, fixed, causal ? row + 1 : T, style.dark);
    const best = line.reduce((most, w, i) => w > line[most] ? i : most, 0), name = (i) => seen.tokens[i].label, next = reader.next(row);
    const look = best === row ? words.itself(name(row), line[row]) : words.looks(name(row), name(best), line[best]);
    setText(said, `${look} ${words.nextHere(next[0].label, next[0].probability)}`);
    if (numbers.element.open) {
      const lines = Array.from({length: seen.attention[layer].length / (T * T)}, (_, k) => seen.attention[layer].subarray((k * T + row) * T, (k * T + row + 1) * T));
      numbers.show(seen.tokens, row, layer, head, lines, causal ? row + 1 : T, next, seen.altered);
    }
    const labels = seen.tokens.map((token) => token.label);
    drawMap(canvas, {weights, T, labels, place: layout(canvas.clientWidth, canvas.clientHeight, T, labels), row, column: -1, causal, style, words});
  }
  return {element, show};
}
