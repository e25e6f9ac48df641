// TranslationExplorer's elements: inputs, words, maps, heads, numbers. What the reader does goes to `on`.
import {h, remember, setText} from './dom.js';
import {makeTokens} from './tokens.js';
import {makeBars} from './bars.js';
import {drawSmall} from './translation_map.js';
import {weightsOf} from './translating.js';
import {PARTS} from './engine_seq2seq.js';

let made = 0;                                                        // so that ids differ between two explorers on one page

export function build(words, config, on) {
  const id = `lm-tr-${++made}-${Math.random().toString(36).slice(2, 8)}`, parts = {};
  parts.root = h("section", {class: "lm-figure lm-translation", "aria-label": words.title, "data-state": "loading"},
    top(parts, words, id, on), chips(parts, words, on), maps(parts, words, id, on),
    h("div", {class: "lm-tr-below"}, side(parts, words, id, config, on), following(parts, words)),
    numbers(parts, words, on),
    parts.spoken = h("p", {class: "lm-spoken", role: "status"}));
  return parts;
}

function top(parts, words, id, on) {
  const field = (name, label, oninput) => h("input", {type: "text", id: `${id}-${name}`, class: "lm-tr-input", spellcheck: "false", autocomplete: "off",
    autocapitalize: "off", "aria-label": label, "aria-describedby": `${id}-${name}-message`, oninput, onblur: on.update});
  const message = (name) => h("p", {class: "lm-message lm-tr-message", id: `${id}-${name}-message`, role: "status"});
  parts.source = field("source", words.source, () => on.type(parts.source.value));
  parts.target = field("target", words.target, () => on.typeTarget(parts.target.value));
  [parts.sourceMessage, parts.targetMessage] = ["source", "target"].map(message);
  parts.examples = on.examples.map((text, i) => h("button", {type: "button", class: "lm-button lm-tr-example", "aria-pressed": "false",
    onclick: () => on.set({text, target: "", place: 0, source_place: 0})}, words.example(i + 1)));
  parts.offers = h("div", {class: "lm-tr-offers", role: "group", "aria-label": words.offers});
  parts.offersTitle = h("span", {class: "lm-soft"});
  parts.again = h("button", {type: "button", class: "lm-button lm-tr-again", onclick: () => on.set({target: ""})}, words.again);
  parts.by = h("span", {class: "lm-soft lm-tr-by"});
  return h("div", {class: "lm-tr-top"},
    h("div", {class: "lm-tr-line"}, h("label", {for: parts.source.id}, words.source),
      h("div", {class: "lm-tr-examples", role: "group", "aria-label": words.examples}, parts.examples)),
    parts.source, parts.sourceMessage,
    h("div", {class: "lm-tr-choose"}, parts.offersTitle, parts.offers),
    h("div", {class: "lm-tr-line"}, h("label", {for: parts.target.id}, words.target), parts.by, parts.again), parts.target, parts.targetMessage);
}

function chips(parts, words, on) {
  parts.sources = makeTokens({...words, tokens: words.sourceWords}, {choose: on.chooseSource, peek: on.peekSource});
  parts.targets = makeTokens({...words, tokens: words.targetWords}, {choose: (i) => on.chooseTarget(i - 1), peek: (i) => on.peekTarget(i - 1)});
  return h("div", {class: "lm-tr-words"}, h("div", {class: "lm-tr-row lm-tr-sources"}, parts.sources.element),
    h("div", {class: "lm-tr-row lm-tr-targets"}, parts.targets.element),
    parts.say = h("p", {class: "lm-tr-say"}), parts.gives = h("p", {class: "lm-soft lm-tr-gives"}));
}

function maps(parts, words, id, on) {
  parts.switches = PARTS.map((part) => h("input", {type: "radio", name: `${id}-part`, value: part, onchange: () => on.set({part})}));
  parts.maps = PARTS.map((part) => {
    const canvas = h("canvas", {class: "lm-tr-map", role: "application", "aria-label": words.map(part, words.rows[part]),
      onpointermove: (event) => { if (event.pointerType === "mouse") on.hover(part, event); }, onpointerleave: () => on.hover(part, null),
      onclick: (event) => on.press(part, event), onkeydown: (event) => on.move(part, event)});
    const mask = h("p", {class: "lm-soft lm-tr-mask"});
    const title = h("p", {class: "lm-tr-title"}, h("b", {}, words.parts[part]), ` ${words.titles[part]}`);
    return {part, canvas, mask, node: h("div", {class: "lm-tr-panel", "data-part": part}, title, mask, canvas),
      tab: remember((is) => { canvas.tabIndex = is ? 0 : -1; })};
  });
  return h("div", {class: "lm-tr-stage"},
    h("div", {class: "lm-tr-stageline"}, parts.name = h("b", {class: "lm-tr-name"}),
      h("div", {class: "lm-tr-switches", role: "radiogroup", "aria-label": words.part},
        PARTS.map((part, i) => h("label", {class: "lm-tr-switch"}, parts.switches[i], h("span", {}, words.parts[part]))))),
    h("div", {class: "lm-tr-maps"}, parts.maps.map(({node}) => node)));
}

function side(parts, words, id, config, on) {
  parts.heads = makeHeads(words, config, on.chooseHead);
  const check = (name, text, act) => {
    parts[name] = h("input", {type: "checkbox", id: `${id}-${name}`, onchange: () => act(parts[name].checked)});
    return h("p", {class: "lm-tr-check"}, parts[name], parts[`${name}Label`] = h("label", {for: `${id}-${name}`}, text));
  };
  return h("div", {class: "lm-tr-side"}, h("p", {class: "lm-tr-caption"}, words.heads), parts.heads.element,
    check("mask", words.mask, (causal) => on.set({causal})), check("off", words.off, on.toggleHead),
    parts.allOn = h("button", {type: "button", class: "lm-tr-quiet", onclick: () => on.set({heads_off: []})}, words.allAreOn));
}

function following(parts, words) {
  parts.bars = makeBars();
  return h("div", {class: "lm-tr-next"}, parts.nextTitle = h("p", {class: "lm-tr-caption"}), parts.bars.element,
    parts.beforeNote = h("p", {class: "lm-soft lm-tr-before"}, words.before));
}

// A button a head and one for their mean, a line a layer; the pictures are those of the part that is large.
function makeHeads(words, {n_layers: L, n_heads: H}, choose) {
  const mark = (text) => h("span", {class: "lm-soft", "aria-hidden": "true"}, text), all = [];
  const grid = h("div", {class: "lm-tr-heads", role: "radiogroup", "aria-label": words.heads, style: `--lm-columns: ${H + 1}`}, h("span"),
    Array.from({length: H}, (_, head) => mark(words.headMark(head + 1))), mark(words.meanMark));
  for (let layer = 0; layer < L; layer++) {
    grid.append(mark(words.layerMark(layer + 1)));
    for (const head of [...Array(H).keys(), -1]) {
      const canvas = h("canvas", {"aria-hidden": "true"});
      const button = h("button", {type: "button", class: "lm-tr-head", role: "radio", onclick: () => choose(layer, head)}, canvas);
      all.push({layer, head, canvas, button});
      grid.append(button);
    }
  }
  grid.addEventListener("keydown", (event) => {
    const step = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: H + 1, ArrowUp: -H - 1}[event.key], to = all.findIndex(({button}) => button === event.target) + step;
    if (step === undefined || !all[to]) return;
    event.preventDefault();
    choose(all[to].layer, all[to].head);
    all[to].button.focus();
  });
  function show(seen, part, chosen, off, dark) {
    for (const {layer, head, canvas, button} of all) {
      const is = layer === chosen.layer && head === chosen.head, isOff = off.has(`${part},${layer},${head}`);
      const name = head < 0 ? words.mean(layer + 1) : words.head(layer + 1, head + 1);
      drawSmall(canvas, weightsOf(seen, part, layer, head), part === "encoder" ? seen.S : seen.T, part === "decoder" ? seen.T : seen.S, dark);
      button.setAttribute("aria-label", isOff ? words.headOff(name) : name);
      button.setAttribute("aria-checked", is);
      button.tabIndex = is ? 0 : -1;
      button.classList.toggle("lm-tr-isoff", isOff);
    }
  }
  return {element: grid, show};
}

// The chosen row of the large part for all heads, and the next words, as tables: for screen readers, for copying, for the tests.
function numbers(parts, words, on) {
  const row = h("table", {class: "lm-table"}), next = h("table", {class: "lm-table"}), cells = (names) => names.map((text) => h("th", {scope: "col"}, text));
  parts.numbers = h("details", {class: "lm-tr-numbers", ontoggle: on.update}, h("summary", {}, words.numbers),
    h("div", {class: "lm-tr-tables", tabindex: "0", role: "region", "aria-label": words.numbers}, row, next));
  parts.showNumbers = ({part, layer, head, at, columns, lines, word, coming, hides, following: {rows}, altered}) => {
    row.replaceChildren(h("caption", {}, words.rowCaption[part](word, layer + 1)),
      h("thead", {}, h("tr", {}, cells([words.columnToken, ...lines.map((_, i) => words.columnHead(i + 1))]))),
      h("tbody", {}, columns.map((text, c) => h("tr", {}, h("th", {scope: "row"}, text), lines.map((line, k) => h("td", {class: k === head && "lm-here",
        "data-part": part, "data-layer": layer, "data-head": k, "data-row": at, "data-column": c, "data-weight": line[c].toFixed(8)},
        hides(at, c) ? "–" : line[c].toFixed(4)))))));
    next.replaceChildren(h("caption", {}, words.nextCaption(coming)),
      h("thead", {}, h("tr", {}, cells([words.columnToken, words.columnProbability, ...altered ? [words.columnBefore] : []]))),
      h("tbody", {}, rows.map(({id, label, probability, before}) => h("tr", {}, h("th", {scope: "row"}, label),
        h("td", {"data-token": id, "data-probability": probability.toFixed(8)}, probability.toFixed(4)),
        altered ? h("td", {"data-before": before.toFixed(8)}, before.toFixed(4)) : null))));
  };
  return parts.numbers;
}

// The buttons of words to choose from; `take(word)` when one is chosen.
export function showOffers(parts, title, list, take) {
  setText(parts.offersTitle, list.length ? title : "");
  const key = JSON.stringify([title, list]);
  if (parts.offers.dataset.key === key) return;
  parts.offers.dataset.key = key;
  parts.offers.replaceChildren(...list.map((text) => h("button", {type: "button", class: "lm-tr-offer", onclick: () => take(text)}, text)));
}
