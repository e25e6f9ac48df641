// A vector as a strip of cells, one a number: above the middle what is above 0, below it what is below, the stronger the farther from 0
// (over the square root, so that small numbers are seen). Point at a cell or move with the arrow keys to read its number.
import {h, remember} from './dom.js';
import {clean} from './lab_chart.js';

const STEPS = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10, Home: -Infinity, End: Infinity};

// peek(i) while a mouse points at cell i, peek(-1) when it leaves; pick(i) when it is chosen.
export function makeStrip({peek, pick}) {
  const canvas = h("canvas", {class: "lm-one-strip", tabindex: "0", role: "slider", "aria-valuemin": "0",
    onpointermove: (event) => { if (event.pointerType === "mouse") peek(at(event)); }, onpointerleave: () => peek(-1), onclick: (event) => pick(at(event)),
    onkeydown: (event) => {
      if (!(event.key in STEPS)) return;
      event.preventDefault();
      pick(Math.min(Math.max(chosen + STEPS[event.key], 0), size - 1));
    }});
  const aria = (name) => remember((value) => canvas.setAttribute(`aria-${name}`, value));
  const say = Object.fromEntries(["label", "valuemax", "valuenow", "valuetext"].map((name) => [name, aria(name)]));
  let size = 1, chosen = 0;

  function at(event) {
    const {left, width} = canvas.getBoundingClientRect();
    return Math.min(Math.max(Math.floor((event.clientX - left) / width * size), 0), size - 1);
  }

  // most: the number that has the full colour; said: the chosen number in words.
  function show(values, {label, said, most, channel, style}) {
    [size, chosen] = [values.length, channel];
    say.label(label);
    say.valuemax(size - 1);
    say.valuenow(channel);
    say.valuetext(said);
    draw(canvas, values, most, channel, style);
  }
  return {element: canvas, show};
}

function draw(canvas, values, most, channel, style) {
  const {pen, width, height} = clean(canvas), step = width / values.length, half = height / 2;
  for (let i = 0; i < values.length; i++) {
    const share = Math.min(1, Math.abs(values[i]) / (most || 1));
    if (share < 1e-5) continue;
    pen.globalAlpha = Math.sqrt(share);
    pen.fillStyle = values[i] < 0 ? style.mark : style.bar;
    pen.fillRect(i * step, values[i] < 0 ? half : 0, Math.max(step - (step > 4 ? 1 : 0), 0.5), half);
  }
  pen.globalAlpha = 1;
  pen.fillStyle = style.soft;
  pen.fillRect(0, half - 0.5, width, 1);
  pen.strokeStyle = style.text;
  pen.lineWidth = 1.5;
  const left = Math.min(Math.max(channel * step - 1, 0.75), width - step - 2.75);
  pen.strokeRect(left, 0.75, step + 2, height - 1.5);
}
