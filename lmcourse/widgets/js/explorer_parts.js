// The explorer's elements: labels, buttons and inputs of the page itself; what the reader does goes to `on`.
import {h} from './dom.js';
import {makeArcs} from './arcs.js';
import {makeTokens} from './tokens.js';
import {makeHeads} from './heads.js';
import {makeBars} from './bars.js';
import {makeNumbers} from './numbers.js';
import {makeHabits, makeLoad} from './explorer_habits.js';
import {makeSecond} from './explorer_second.js';
import {LAYERS, HEADS} from './explorer_encoder.js';

let made = 0;                                                        // so that ids differ between two explorers on one page

export function build(words, config, on) {
  const id = `lm-explorer-${++made}-${Math.random().toString(36).slice(2, 8)}`, parts = {};
  parts.numbers = makeNumbers(words);
  parts.numbers.element.addEventListener("toggle", on.update);
  parts.root = h("section", {class: "lm-figure lm-explorer", "aria-label": words.title, "data-state": "loading"},
    top(parts, words, id, on),
    h("div", {class: "lm-body"}, stage(parts, words, config, id, on), side(parts, words, config, id, on)),
    parts.numbers.element,
    (parts.second = makeSecond(words, `${id}-second`, on)).element,
    parts.spoken = h("p", {class: "lm-spoken", role: "status"}));
  return parts;
}

function top(parts, words, id, on) {
  parts.input = h("textarea", {id: `${id}-text`, class: "lm-input", rows: "2", spellcheck: "false", autocomplete: "off",
    autocapitalize: "off", "aria-describedby": `${id}-message`, oninput: () => on.type(parts.input.value)});
  const list = h("div", {class: "lm-suggestions", role: "group", "aria-label": words.suggestions});
  parts.showSuggestions = (suggestions) => {
    const key = JSON.stringify(suggestions);
    if (list.dataset.key === key) return;
    list.dataset.key = key;
    list.replaceChildren(...suggestions.map(({text, label}) =>
      h("button", {type: "button", class: "lm-suggestion", onclick: () => on.takeSuggestion(text)}, label)));
  };
  const mind = (name, text) => h("button", {type: "button", class: "lm-button lm-mind", "data-mind": name, onclick: () => on.chooseMind(name)}, text);
  parts.minds = [mind("course-gpt", on.own ? words.own : words.course), mind("minilm", words.real)];
  return h("div", {class: "lm-top"},
    h("div", {class: "lm-choice"}, h("label", {for: `${id}-text`}, words.sentence), h("div", {class: "lm-minds", role: "group", "aria-label": words.minds}, parts.minds)),
    parts.input,
    h("div", {class: "lm-line"}, h("span", {class: "lm-soft", "aria-hidden": "true"}, words.suggest), list,
      parts.message = h("span", {class: "lm-message", id: `${id}-message`, role: "status"})));
}

function stage(parts, words, config, id, on) {
  parts.tokens = makeTokens(words, {choose: (i) => on.choose(i), peek: (i) => on.look(i)});
  const svg = h("svg", {class: "lm-arcs", "aria-hidden": "true"});
  parts.arcs = makeArcs(svg, parts.tokens);
  parts.canvas = h("canvas", {class: "lm-map", tabindex: "0", role: "application", "aria-label": words.mapHelp,
    onpointermove: (event) => { if (event.pointerType === "mouse") on.hoverMap(event); },
    onpointerleave: () => on.hoverMap(null), onclick: (event) => on.pressMap(event), onkeydown: (event) => on.moveOnMap(event)});
  const view = (value, text) => {
    const input = h("input", {type: "radio", name: `${id}-view`, value, onchange: () => on.set({view: value})});
    return [input, h("label", {class: "lm-switch"}, input, h("span", {}, text))];
  };
  const [heatmap, heatmapLabel] = view("heatmap", words.heatmap), [arcs, arcsLabel] = view("arcs", words.arcs);
  Object.assign(parts, {viewHeatmap: heatmap, viewArcs: arcs});
  parts.load = makeLoad(words, () => on.loadEncoder());
  parts.stage = h("div", {class: "lm-stage"},
    h("div", {class: "lm-sentence"}, parts.tokens.element, svg), parts.canvas, parts.load.element);
  return h("div", {class: "lm-main"},
    h("div", {class: "lm-line lm-headline"},
      h("div", {}, parts.name = h("strong", {class: "lm-name"}), " ", parts.habit = h("span", {class: "lm-soft lm-habit"})),
      h("div", {class: "lm-switches", role: "radiogroup", "aria-label": words.view}, heatmapLabel, arcsLabel)),
    h("p", {class: "lm-soft lm-point"}, words.point),
    parts.stage,
    h("div", {class: "lm-line lm-below"}, parts.status = h("span", {class: "lm-status", "aria-hidden": "true"}), legend(parts)));
}

function legend(parts) {
  const ticks = [0, 1, 10, 50, 100].map((x) => h("span", {style: `left:${10 * Math.sqrt(x)}%`}, x === 100 ? "100 %" : String(x)));
  parts.legend = h("div", {class: "lm-scale"});
  return h("div", {class: "lm-legend", "aria-hidden": "true"}, parts.legend, h("div", {class: "lm-ticks"}, ticks));
}

function side(parts, words, config, id, on) {
  parts.heads = makeHeads(words, config.n_layers, config.n_heads, (layer, head) => on.chooseHead(layer, head));
  parts.encoderHeads = makeHeads(words, LAYERS, HEADS, (layer, head) => on.chooseHead(layer, head), HEADS / 2);
  parts.encoderHeads.element.classList.add("lm-many");
  parts.known = makeHabits(words, (layer, head) => on.chooseHead(layer, head));
  parts.wordsOnly = h("input", {type: "checkbox", id: `${id}-words`, onchange: () => on.set({words_only: parts.wordsOnly.checked})});
  parts.mask = h("input", {type: "checkbox", id: `${id}-mask`, onchange: () => on.set({causal: parts.mask.checked})});
  parts.positions = h("input", {type: "checkbox", id: `${id}-positions`, onchange: () => on.set({positions: parts.positions.checked})});
  parts.off = h("input", {type: "checkbox", id: `${id}-off`, onchange: () => on.toggleHead(parts.off.checked)});
  const temperature = () => {                                        // the middle of the slider catches 1
    const value = 10 ** parts.slider.value;
    on.set({temperature: Math.abs(value - 1) < 0.03 ? 1 : +value.toPrecision(3)});
  };
  parts.slider = h("input", {type: "range", id: `${id}-temperature`, min: "-1", max: String(Math.log10(4)), step: "any", oninput: temperature});
  parts.bars = makeBars();
  return h("div", {class: "lm-side"},
    h("div", {class: "lm-group"}, h("div", {class: "lm-caption"}, words.heads), parts.heads.element, parts.encoderHeads.element),
    h("div", {class: "lm-group lm-controls"},
      h("div", {class: "lm-check"}, parts.off, h("label", {for: parts.off.id}, words.off)),
      parts.allOn = h("button", {type: "button", class: "lm-quiet", onclick: () => on.set({heads_off: []})}),
      h("div", {class: "lm-check lm-of-course"}, parts.mask, h("label", {for: parts.mask.id}, words.mask)),
      h("div", {class: "lm-check"}, parts.positions, h("label", {for: parts.positions.id}, words.positions)),
      h("div", {class: "lm-check lm-of-encoder"}, parts.wordsOnly, h("label", {for: parts.wordsOnly.id}, words.wordsOnly)),
      h("div", {class: "lm-check lm-temperature"}, h("label", {for: parts.slider.id}, words.temperature),
        parts.temperature = h("output", {for: parts.slider.id}),
        parts.reset = h("button", {type: "button", class: "lm-quiet", onclick: () => on.set({temperature: 1})}, words.reset)),
      parts.slider),
    parts.known.element,
    h("div", {class: "lm-group lm-of-course"}, parts.nextTitle = h("div", {class: "lm-caption"}), parts.bars.element,
      parts.beforeNote = h("p", {class: "lm-soft lm-before-note"}, words.before)));
}
