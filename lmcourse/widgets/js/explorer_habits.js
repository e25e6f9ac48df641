// What the encoder has in place of next words: its load, and what is known of its heads. Elements only.
import {h, remember, setText} from './dom.js';

// Heads that were found to do one thing, chosen on half of the sentences and measured on the other: [layer, head, which habit].
const KNOWN = [[0, 2, "previous"], [1, 8, "next"], [2, 9, "same"], [1, 9, "piece"], [3, 1, "article"], [2, 8, "article"],
  [1, 3, "gender"], [2, 4, "gender"], [3, 1, "number"], [4, 5, "rest"]];

export function makeHabits(words, chooseHead) {
  const own = h("p", {class: "lm-own-habit"}), buttons = KNOWN.map(([layer, head, habit]) =>
    h("button", {type: "button", class: "lm-quiet", onclick: () => chooseHead(layer, head)}, words.habitButton(layer + 1, head + 1, words.known[habit].name)));
  const element = h("div", {class: "lm-group lm-known"}, h("div", {class: "lm-caption"}, words.thisHead), own,
    h("div", {class: "lm-caption"}, words.knownHeads), h("ul", {}, buttons.map((button) => h("li", {}, button))),
    h("p", {class: "lm-soft"}, words.knownLimits));
  const show = (layer, head) => {
    const found = KNOWN.filter(([l, k]) => l === layer && k === head).map(([, , habit]) => words.known[habit].says);
    setText(own, found.length ? found.join(" ") : words.unknownHead);
    buttons.forEach((button, i) => button.setAttribute("aria-current", KNOWN[i][0] === layer && KNOWN[i][1] === head));
  };
  return {element, show};
}

// Until the encoder is here: its size, a button, a bar, or why it does not come.
export function makeLoad(words, load) {
  const text = h("p", {role: "status"}), bar = h("progress", {max: "1", "aria-label": words.encoderLoading}), percent = h("span", {class: "lm-soft"});
  const button = h("button", {type: "button", class: "lm-button", onclick: load}), line = h("div", {class: "lm-line"}, bar, percent);
  const element = h("div", {class: "lm-load"}, h("p", {class: "lm-caption"}, words.encoderName), text, line, button);
  const write = remember((key) => {
    const [state, share, why] = JSON.parse(key);
    setText(text, state === "failed" ? words.encoderFailed(why) : state === "asleep" ? words.encoderAsleep : words.encoderLoading);
    line.hidden = state !== "loading" && state !== "ready";
    bar.value = share;
    setText(percent, share ? `${Math.round(100 * share)} %` : "");
    button.hidden = state === "loading" || state === "ready";
    setText(button, state === "failed" ? words.encoderAgain : words.encoderLoad);
  });
  return {element, show: ({state, share, why}) => write(JSON.stringify([state, Math.round(100 * share) / 100, why]))};
}
