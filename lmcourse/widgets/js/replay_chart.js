// The loss over training, on a canvas: held-out and training loss, what counting reaches, the floor, and the moment that is shown.
import {clean, line} from './lab_chart.js';
import {along, trainingLine} from './replay_data.js';

const LEFT = 30, RIGHT = 12, TOP = 22, BOTTOM = 36, TICKS = [0, 100, 400, 1000, 2200];

// Where the axis lies on the canvas: x of its place 0 to 1.
const xOf = (width, place) => LEFT + place * (width - LEFT - RIGHT);
export const placeOf = (width, x) => (x - LEFT) / (width - LEFT - RIGHT);

export function drawLosses(canvas, {recording, index, style, words}) {
  const {pen, width, height} = clean(canvas), {moments, milestones, floor, highest} = recording, high = Math.ceil(highest);
  const y = (loss) => height - BOTTOM - loss / high * (height - BOTTOM - TOP), x = (step) => xOf(width, along(recording, step));
  pen.font = `11.5px ${style.font}`;
  axes(pen, {x, y, width, height, high, style, words, steps: recording.steps});
  for (const [name, loss] of Object.entries(milestones)) level(pen, {at: y(loss), label: words.milestones[name], color: style.soft, dash: [2, 4], width});
  pen.strokeStyle = style.bar;
  pen.lineWidth = 1;
  line(pen, trainingLine(recording).map(([step, loss]) => [x(step), y(loss)]));
  level(pen, {at: y(floor), label: words.floor, color: style.text, dash: [6, 3], width, below: true});
  pen.strokeStyle = pen.fillStyle = style.accent;
  pen.lineWidth = 2;
  line(pen, moments.map(({step, loss}) => [x(step), y(loss)]));
  for (const {step, loss} of moments) dot(pen, x(step), y(loss), 3);
  const here = moments[index], at = [x(here.step), y(here.loss)];
  pen.strokeStyle = style.mark;
  pen.lineWidth = 1.5;
  line(pen, [[at[0], TOP], [at[0], height - BOTTOM]]);
  pen.fillStyle = style.background;
  pen.lineWidth = 3;
  dot(pen, ...at, 6);
  pen.stroke();
}

function axes(pen, {x, y, width, height, high, style, words, steps}) {
  pen.fillStyle = style.soft;
  pen.strokeStyle = style.line;
  pen.lineWidth = 1;
  for (let loss = 0; loss <= high; loss++) {
    line(pen, [[LEFT, y(loss)], [width - RIGHT, y(loss)]]);
    put(pen, String(loss), LEFT - 6, y(loss), "right", "middle");
  }
  put(pen, words.loss, 2, 2, "left", "top");
  for (const step of TICKS) if (step <= steps) put(pen, words.number(step), Math.min(x(step), width - 16), height - BOTTOM + 5, "center", "top");
  put(pen, words.axis, width - RIGHT, height - 13, "right", "top");
}

// A loss that counting, or nothing at all, reaches: a thin line with its name at the right.
function level(pen, {at, label, color, dash, width, below = false}) {
  pen.strokeStyle = pen.fillStyle = color;
  pen.lineWidth = 1.2;
  pen.setLineDash(dash);
  line(pen, [[LEFT, at], [width - RIGHT, at]]);
  pen.setLineDash([]);
  put(pen, label, width - RIGHT - 2, at + (below ? 4 : -3), "right", below ? "top" : "bottom");
}

function dot(pen, x, y, radius) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}

function put(pen, text, x, y, align, baseline) {
  pen.textAlign = align;
  pen.textBaseline = baseline;
  pen.fillText(text, x, y);
}
