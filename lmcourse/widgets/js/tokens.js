// The sentence as tokens, each shaded by how much the chosen token looks at it, with the number below; arrow keys move.
import {h, remember, setText} from './dom.js';
import {colorTable, level, css, ink} from './colors.js';

const HIDDEN = -1;

// A token's box, and a function for each of its sides that writes only what changed.
function makeChip() {
  const [word, weight] = ["lm-word", "lm-weight"].map((name) => h("span", {class: name}));
  const node = h("div", {class: "lm-token", role: "option"}, word, " ", weight);       // the space is for who reads it without seeing it
  return {
    node,
    word: remember((text) => setText(word, text)),
    weight: remember((text) => setText(weight, text)),
    spoken: remember((text) => node.setAttribute("aria-label", text)),
    name: remember((name) => { node.className = name; }),
    color: remember((at) => {                                        // place in the table of colours, by night 256 more
      const color = at === HIDDEN ? null : colorTable(at > 255)[at % 256];
      node.style.background = color ? css(color) : "";
      node.style.color = color ? ink(color) : "";
    }),
    chosen: remember((is) => { node.setAttribute("aria-selected", is); node.tabIndex = is ? 0 : -1; }),
  };
}

// A weight in percent, as short as it can be said.
const inPercent = (x) => x >= 0.995 ? "100" : x < 0.0005 ? "0" : (100 * x).toFixed(x < 0.0995 ? 1 : 0);

// callbacks: choose(i), peek(i or -1).
export function makeTokens(words, {choose, peek}) {
  const list = h("div", {class: "lm-tokens", role: "listbox", "aria-label": words.tokens, "aria-orientation": "horizontal"});
  const chips = [];
  const indexOf = (event) => { const node = event.target.closest(".lm-token"); return chips.findIndex((chip) => chip.node === node); };
  list.addEventListener("pointerover", (event) => { if (event.pointerType === "mouse") peek(indexOf(event)); });
  list.addEventListener("pointerleave", () => peek(-1));
  list.addEventListener("click", (event) => { const i = indexOf(event); if (i >= 0) choose(i); });
  list.addEventListener("keydown", (event) => {
    const i = indexOf(event), last = chips.length - 1;
    const to = {ArrowRight: i + 1, ArrowLeft: i - 1, ArrowDown: i + 1, ArrowUp: i - 1, Home: 0, End: last}[event.key];
    if (to === undefined || i < 0) return;
    event.preventDefault();
    const target = Math.min(Math.max(to, 0), last);
    choose(target);
    chips[target].node.focus();
  });

  // tokens: [{label, joined, kind}]; row: whose weights (T,) are shown, null where no row looks at them; chosen: the row to come back to.
  function show(tokens, weights, row, chosen, hiddenFrom, dark) {
    while (chips.length > tokens.length) chips.pop().node.remove();
    while (chips.length < tokens.length) {
      const chip = makeChip();
      chips.push(chip);
      list.append(chip.node);
    }
    tokens.forEach((token, i) => {
      const chip = chips[i], hidden = i >= hiddenFrom, percent = weights && inPercent(weights[i]);
      chip.word(token.label);
      chip.weight(!weights ? "" : hidden ? "–" : percent);
      chip.spoken(hidden ? `${token.label} ${words.masked}` : weights ? `${token.label} ${percent} %` : token.label);
      chip.name(`lm-token lm-${token.kind}${token.joined ? " lm-joined" : ""}${hidden ? " lm-hidden" : ""}${i === row ? " lm-row" : ""}`);
      chip.color(hidden ? HIDDEN : level(weights ? weights[i] : 0) + (dark ? 256 : 0));
      chip.chosen(i === chosen);
    });
  }
  return {element: list, show, chip: (i) => chips[i].node};
}
