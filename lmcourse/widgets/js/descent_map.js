// The map of GradientDescentLab: the loss as shaded bands with contour lines, and the paths on it.
import {SIDE, SURFACES, lowest} from './surfaces.js';
import {clean, line, drawMark} from './lab_chart.js';

const GRID = 110, LEVELS = 11, RATIO = 2.4;                          // cells a side; contour lines; each RATIO times the one below

// Pixels a unit, and where (0, 0) stands.
export function place(canvas) {
  const {clientWidth: width, clientHeight: height} = canvas;
  return {scale: Math.min(width, height) / (2 * SIDE), middle: [width / 2, height / 2]};
}

export function drawMap(canvas, {surface, steepness, start, paths, style, words}) {
  const {pen, width, height} = clean(canvas), {scale, middle} = place(canvas);
  const at = ([x, y]) => [middle[0] + scale * clamp(x), middle[1] - scale * clamp(y)];
  pen.drawImage(ground(canvas, surface, steepness, width, height, style), 0, 0, width, height);
  pen.font = `600 12px ${style.font}`;
  pen.textAlign = "center";
  pen.textBaseline = "top";
  const {minima} = SURFACES[surface], names = minima.length === 1 ? [words.minimum] : [words.lower, words.higher];
  minima.forEach((minimum, i) => {
    const [x, y] = at(minimum);
    pen.strokeStyle = pen.fillStyle = style.text;
    pen.lineWidth = 2;
    line(pen, [[x - 5, y], [x + 5, y]]);
    line(pen, [[x, y - 5], [x, y + 5]]);
    write(pen, names[i], x, y + 12, style);
  });
  for (const {points, color, dash, mark} of paths) {
    const seen = points.map(at);
    pen.strokeStyle = pen.fillStyle = color;
    pen.lineWidth = 2;
    pen.setLineDash(dash);
    line(pen, seen);
    pen.setLineDash([]);
    const every = Math.ceil(seen.length / 60);
    seen.forEach(([x, y], i) => { if (i % every === 0 || i === seen.length - 1) drawMark(pen, mark, x, y, i === seen.length - 1 ? 4.6 : 2.6); });
  }
  const [x, y] = at(start);
  pen.strokeStyle = style.background;
  pen.lineWidth = 5;
  ring(pen, x, y);
  pen.strokeStyle = style.text;
  pen.lineWidth = 2.2;
  ring(pen, x, y);
  write(pen, words.start, x, y > 28 ? y - 26 : y + 12, style);
}

const clamp = (z) => Math.max(-40 * SIDE, Math.min(40 * SIDE, z));

function ring(pen, x, y) {
  pen.beginPath();
  pen.arc(x, y, 8, 0, 7);
  pen.stroke();
}

// Words on the map keep a rim of the paper's colour, and stay inside.
function write(pen, text, x, y, style) {
  const half = pen.measureText(text).width / 2 + 3, inside = Math.max(half, Math.min(pen.canvas.clientWidth - half, x));
  pen.strokeStyle = style.background;
  pen.lineWidth = 3;
  pen.lineJoin = "round";
  pen.strokeText(text, inside, y);
  pen.fillStyle = style.text;
  pen.fillText(text, inside, y);
}

const grounds = new WeakMap();                                       // canvas -> {key, drawn}: a path moves often, its ground seldom

function ground(canvas, surface, steepness, width, height, style) {
  const key = [surface, steepness, width, height, canvas.width, style.background, style.bar].join();
  if (grounds.get(canvas)?.key !== key) grounds.set(canvas, {key, drawn: drawGround(canvas, surface, steepness, style)});
  return grounds.get(canvas).drawn;
}

function drawGround(canvas, surface, steepness, style) {
  const drawn = document.createElement("canvas"), pen = drawn.getContext("2d"), {value} = SURFACES[surface];
  drawn.width = canvas.width;
  drawn.height = canvas.height;
  const best = lowest(surface, steepness), heights = new Float64Array((GRID + 1) ** 2), to = (i) => SIDE * (2 * i / GRID - 1);
  let most = 0;
  for (let j = 0; j <= GRID; j++) {
    for (let i = 0; i <= GRID; i++) most = Math.max(most, heights[j * (GRID + 1) + i] = value(to(i), -to(j), steepness) - best);
  }
  const levels = Array.from({length: LEVELS}, (_, k) => most / RATIO ** (k + 1));           // from high to low
  paintBands(pen, surface, steepness, best, levels, style);
  pen.strokeStyle = style.soft;
  pen.globalAlpha = 0.5;
  pen.lineWidth = drawn.width / canvas.clientWidth;
  for (const level of levels) contour(pen, heights, level, drawn.width / GRID, drawn.height / GRID);
  return drawn;
}

// The lower, the deeper the tint.
function paintBands(pen, surface, steepness, best, levels, style) {
  const side = 300, image = new ImageData(side, side), {value} = SURFACES[surface], small = document.createElement("canvas");
  const paper = rgb(pen, style.background), tint = rgb(pen, style.bar), highest = Math.log(levels[0] * RATIO), step = Math.log(RATIO);
  for (let j = 0, at = 0; j < side; j++) {
    for (let i = 0; i < side; i++, at += 4) {
      const x = SIDE * (2 * (i + 0.5) / side - 1), y = SIDE * (1 - 2 * (j + 0.5) / side);
      const depth = Math.max(0, Math.min(LEVELS, Math.floor((highest - Math.log(value(x, y, steepness) - best + 1e-12)) / step)));
      const mix = 0.03 + 0.55 * depth / LEVELS;
      for (let k = 0; k < 3; k++) image.data[at + k] = paper[k] + mix * (tint[k] - paper[k]);
      image.data[at + 3] = 255;
    }
  }
  small.width = small.height = side;
  small.getContext("2d").putImageData(image, 0, 0);
  pen.drawImage(small, 0, 0, pen.canvas.width, pen.canvas.height);
}

// A style sheet's colour as [r, g, b].
function rgb(pen, color) {
  pen.fillStyle = color;
  return [1, 3, 5].map((i) => parseInt(pen.fillStyle.slice(i, i + 2), 16));
}

// Marching squares: in each cell the line runs between the edges that it crosses.
function contour(pen, heights, level, width, height) {
  const N = GRID + 1;
  pen.beginPath();
  for (let j = 0; j < GRID; j++) {
    for (let i = 0; i < GRID; i++) {
      const a = heights[j * N + i] - level, b = heights[j * N + i + 1] - level, c = heights[(j + 1) * N + i + 1] - level, d = heights[(j + 1) * N + i] - level;
      const cuts = [];
      if (a > 0 !== b > 0) cuts.push([i + a / (a - b), j]);
      if (b > 0 !== c > 0) cuts.push([i + 1, j + b / (b - c)]);
      if (c > 0 !== d > 0) cuts.push([i + d / (d - c), j + 1]);
      if (d > 0 !== a > 0) cuts.push([i, j + a / (a - d)]);
      for (let k = 0; k + 1 < cuts.length; k += 2) {
        pen.moveTo(cuts[k][0] * width, cuts[k][1] * height);
        pen.lineTo(cuts[k + 1][0] * width, cuts[k + 1][1] * height);
      }
    }
  }
  pen.stroke();
}
