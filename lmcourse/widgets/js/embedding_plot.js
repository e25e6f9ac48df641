// The map: a mark for each word, names where there is room, lines to neighbours, arrows for an analogy.
import {clean, line} from './lab_chart.js';

const MARKS = ["disc", "square", "triangle", "diamond"];

// How group k is drawn: three marks in four colours, never a colour alone.
export function lookOf(k, style) {
  return {color: [style.accent, style.mark, style.text, style.soft][k % 4], mark: MARKS[Math.floor(k / 4) % 4], hollow: k % 2 === 1};
}

export function drawGlyph(pen, {color, mark, hollow}, x, y, size, background) {
  pen.beginPath();
  if (mark === "disc") pen.arc(x, y, size, 0, 7);
  else if (mark === "square") pen.rect(x - 0.9 * size, y - 0.9 * size, 1.8 * size, 1.8 * size);
  else if (mark === "triangle") { pen.moveTo(x, y - 1.25 * size); pen.lineTo(x + 1.15 * size, y + 0.8 * size); pen.lineTo(x - 1.15 * size, y + 0.8 * size); pen.closePath(); }
  else { pen.moveTo(x, y - 1.3 * size); pen.lineTo(x + 1.3 * size, y); pen.lineTo(x, y + 1.3 * size); pen.lineTo(x - 1.3 * size, y); pen.closePath(); }
  pen.fillStyle = hollow ? background : color;
  pen.strokeStyle = color;
  pen.lineWidth = 1.5;
  pen.fill();
  pen.stroke();
}

// points -> where they are in the box, in CSS pixels.
export function placed(points, width, height) {
  const edge = 26, side = 44, span = (k) => { const all = points.map((p) => p[k]); return [Math.min(...all), Math.max(...all)]; };
  const [[x0, x1], [y0, y1]] = [span(0), span(1)], scale = (v, low, high, from, to) => from + (v - low) / (high - low || 1) * (to - from);
  return points.map(([x, y]) => [scale(x, x0, x1, side, width - side), scale(y, y0, y1, height - edge, edge)]);
}

export function nearestPoint(places, x, y, within = 22) {
  let best = -1, least = within * within;
  places.forEach(([px, py], i) => { const square = (px - x) ** 2 + (py - y) ** 2; if (square < least) { least = square; best = i; } });
  return best;
}

// chosen: rows with a name in bold; near: rows that are named next; links: [[from, to, arrow], ...]; order: who is named first of the rest.
export function drawMap(canvas, {points, words, groupOf, chosen, near, links, hover, style}) {
  const {pen, width, height} = clean(canvas), places = placed(points, width, height), taken = [];
  for (const [from, to, arrow] of links) drawLink(pen, places[from], places[to], arrow, style);
  const strong = new Set([...chosen, ...near]);
  places.forEach(([x, y], i) => { if (!strong.has(i)) drawGlyph(pen, lookOf(groupOf[i], style), x, y, 3, style.background); });
  for (const i of strong) drawGlyph(pen, lookOf(groupOf[i], style), ...places[i], 5, style.background);
  for (const i of chosen) ring(pen, places[i], style);
  const write = (i, bold, must) => name(pen, words[i], places[i], {bold, must, taken, width, style});
  if (hover >= 0) write(hover, true, true);
  for (const i of chosen) if (i !== hover) write(i, true, true);
  for (const i of near) if (i !== hover) write(i, true, false);
  const firsts = new Map(groupOf.map((group, i) => [group, i]).reverse());
  for (const i of new Set([...firsts.values(), ...words.keys()])) if (!strong.has(i) && i !== hover) write(i, false, false);
  return places;
}

function ring(pen, [x, y], style) {
  pen.beginPath();
  pen.arc(x, y, 9, 0, 7);
  pen.strokeStyle = style.mark;
  pen.lineWidth = 2;
  pen.stroke();
}

function drawLink(pen, [x0, y0], [x1, y1], arrow, style) {
  pen.strokeStyle = pen.fillStyle = arrow ? style.mark : style.line;
  pen.lineWidth = arrow ? 2 : 1.5;
  line(pen, [[x0, y0], [x1, y1]]);
  const length = Math.hypot(x1 - x0, y1 - y0);
  if (!arrow || length < 24) return;
  const [ux, uy] = [(x1 - x0) / length, (y1 - y0) / length], [tx, ty] = [x1 - 10 * ux, y1 - 10 * uy];
  pen.beginPath();
  pen.moveTo(tx, ty);
  pen.lineTo(tx - 9 * ux + 4.5 * uy, ty - 9 * uy - 4.5 * ux);
  pen.lineTo(tx - 9 * ux - 4.5 * uy, ty - 9 * uy + 4.5 * ux);
  pen.fill();
}

// A name to the right of its mark, else to the left, above or below, where no other stands; `must`: in any case.
function name(pen, text, [x, y], {bold, must, taken, width, style}) {
  pen.font = `${bold ? 650 : 400} 12px ${style.font}`;
  const w = pen.measureText(text).width, h = 13;
  const spots = [[x + 8, y - h / 2], [x - 8 - w, y - h / 2], [x - w / 2, y - h - 7], [x - w / 2, y + 7]]
    .map(([left, top]) => [Math.min(Math.max(left, 2), width - w - 2), top]);
  const free = spots.find(([left, top]) => taken.every((b) => left > b[2] || left + w < b[0] || top > b[3] || top + h < b[1]));
  if (!free && !must) return;
  const [left, top] = free || spots[0];
  taken.push([left, top, left + w, top + h]);
  pen.textAlign = "left";
  pen.textBaseline = "top";
  pen.lineWidth = 3;
  pen.strokeStyle = style.background;
  pen.strokeText(text, left, top);
  pen.fillStyle = bold ? style.text : style.soft;
  pen.fillText(text, left, top);
}
