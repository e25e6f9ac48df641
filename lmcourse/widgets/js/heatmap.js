// Attention as a picture: one cell for each pair of tokens, rows look at columns.
import {colorTable, packedTable, level, css} from './colors.js';

// Put pictures of T x T weights into a canvas, one below the other, one pixel a cell. `maps`: each (T, T) row by row.
function putPixels(canvas, maps, T, dark) {
  const height = T * maps.length, table = packedTable(dark), {image, cells} = pixels(T, height);
  if (canvas.width !== T || canvas.height !== height) { canvas.width = T; canvas.height = height; }
  maps.forEach((weights, m) => { for (let i = 0; i < T * T; i++) cells[m * T * T + i] = table[level(weights[i])]; });
  contextOf(canvas).putImageData(image, 0, 0);
}

const kept = new Map();                                              // pixels by their shape: the same serve the next picture

function pixels(width, height) {
  const key = `${width} ${height}`;
  if (!kept.has(key)) {
    if (kept.size > 3) kept.clear();
    const image = new ImageData(width, height);
    kept.set(key, {image, cells: new Uint32Array(image.data.buffer)});
  }
  return kept.get(key);
}

const SCRATCH = {};                                                  // canvases that no page shows
const contexts = new WeakMap();                                      // asking a canvas for its context is slow
const contextOf = (canvas) => contexts.get(canvas) || contexts.set(canvas, canvas.getContext("2d")).get(canvas);

// Fit a canvas's buffer to `width` x `height` CSS pixels on this screen; returns its context in CSS pixels, cleared.
export function fit(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1, w = Math.round(width * ratio), h = Math.round(height * ratio);
  if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
  const context = contextOf(canvas);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

// The style sheet enlarges the small canvas without smoothing, or makes it smaller with it.
export function drawThumbnail(canvas, weights, T, dark) {
  putPixels(canvas, [weights], T, dark);
}

// Many small pictures on one canvas: with one for each, a frame would spend more on canvases than on the model.
// pictures: [{weights (T, T), place: [left, top, width, height] in CSS pixels, off: shown faintly}, ...]
export function drawThumbnails(canvas, {width, height}, pictures, T, dark) {
  const context = fit(canvas, width, height), atlas = SCRATCH.many ||= document.createElement("canvas");
  putPixels(atlas, pictures.map(({weights}) => weights), T, dark);
  pictures.forEach(({place, off}, i) => {
    context.imageSmoothingEnabled = T > place[2];                    // a cell stays sharp until it is less than a pixel
    context.globalAlpha = off ? 0.25 : 1;
    context.drawImage(atlas, 0, i * T, T, T, ...place);
  });
  context.globalAlpha = 1;
}

// Where things stand on the large canvas: side of the square, its corner, size of a cell.
export function layout(width, height, T, labels) {
  const most = Math.min(96, width * 0.26), room = Math.min(most, 14 + 6.6 * Math.max(...labels.map((x) => x.length)));
  const side = Math.max(40, Math.min(width - room - 24, height - 0.8 * room - 16));
  const cell = Math.min(side / T, 56);
  const free = Math.max(0, width - room - cell * T - 24);             // the square stands in the middle
  return {left: room + free / 2, top: 0.8 * room + 14, cell, side: cell * T};
}

// place: from layout(). row, column: what is pointed at, -1 for none. style: {text, faint, mark, font, dark}.
export function drawMap(canvas, {weights, T, labels, place, row, column, causal, style, words}) {
  const {left, top, cell, side} = place;
  const context = fit(canvas, canvas.clientWidth, canvas.clientHeight);
  context.imageSmoothingEnabled = false;
  putPixels(SCRATCH.one ||= document.createElement("canvas"), [weights], T, style.dark);
  context.drawImage(SCRATCH.one, left, top, side, side);
  if (causal && T > 1) hatch(context, T, place, style);
  if (cell >= 9) gaps(context, T, place, style);
  mark(context, T, place, row, column, style);
  names(context, T, labels, place, row, column, style, words);
  canvas.dataset.place = JSON.stringify({left, top, cell, tokens: T});           // for the tests, which read the pixels
}

function gaps(context, T, {left, top, cell, side}, style) {
  context.strokeStyle = style.background;
  context.lineWidth = cell > 22 ? 2 : 1;
  context.beginPath();
  for (let i = 0; i <= T; i++) {
    context.moveTo(left + i * cell, top); context.lineTo(left + i * cell, top + side);
    context.moveTo(left, top + i * cell); context.lineTo(left + side, top + i * cell);
  }
  context.stroke();
}

// What the mask hides is hatched, so that it does not look like a weight of zero.
function hatch(context, T, {left, top, cell, side}, style) {
  context.beginPath();                                               // a staircase above the diagonal
  context.moveTo(left + cell, top);
  for (let i = 1; i < T; i++) { context.lineTo(left + i * cell, top + i * cell); context.lineTo(left + (i + 1) * cell, top + i * cell); }
  context.lineTo(left + side, top);
  context.fillStyle = style.background;
  context.fill();
  context.fillStyle = stripes(context, style.faint);
  context.fill();
}

const TILES = new Map();

// Diagonal lines, 7 pixels apart, as a pattern: drawn once for each colour.
function stripes(context, color) {
  if (!TILES.has(color)) {
    const tile = document.createElement("canvas"), pen = tile.getContext("2d");
    tile.width = tile.height = 7;
    pen.strokeStyle = color;
    for (const x of [-7, 0, 7]) { pen.moveTo(x - 1, -1); pen.lineTo(x + 8, 8); }
    pen.stroke();
    TILES.set(color, context.createPattern(tile, "repeat"));
  }
  return TILES.get(color);
}

function mark(context, T, {left, top, cell, side}, row, column, style) {
  context.strokeStyle = style.mark;
  context.lineWidth = 2;
  if (row >= 0) context.strokeRect(left - 1, top + row * cell - 1, side + 2, cell + 2);
  if (row < 0 || column < 0) return;
  context.lineWidth = 3;
  context.strokeRect(left + column * cell, top + row * cell, cell, cell);
}

function names(context, T, labels, {left, top, cell}, row, column, style, words) {
  const size = Math.min(13, Math.max(9.5, cell * 0.72)), every = cell >= 9.5 ? 1 : 0;
  const trim = (text) => text.length > 13 ? text.slice(0, 12) + "…" : text;
  context.textBaseline = "middle";
  for (let i = 0; i < T; i++) {
    const here = (i + 0.5) * cell;
    if (every || i === row) {
      context.font = `${i === row ? "700 " : ""}${i === row && !every ? 12 : size}px ${style.font}`;
      context.fillStyle = i === row ? style.text : style.soft;
      context.textAlign = "right";
      context.fillText(trim(labels[i]), left - 6, top + here);
    }
    if (every || i === column) {
      context.save();
      context.translate(left + here, top - 6);
      context.rotate(-Math.PI / 3.6);
      context.font = `${i === column ? "700 " : ""}${i === column && !every ? 12 : size}px ${style.font}`;
      context.fillStyle = i === column ? style.text : style.soft;
      context.textAlign = "left";
      context.fillText(trim(labels[i]), 0, 0);
      context.restore();
    }
  }
  context.font = `italic 12px ${style.font}`;
  context.fillStyle = style.soft;
  context.textAlign = "right";
  context.fillText(words.rowOf, left - 6, top - 8);
}

// The cell under a pointer, or null. x and y in CSS pixels from the canvas's corner; the labels belong to their row.
export function cellAt({left, top, cell}, T, x, y) {
  const row = Math.floor((y - top) / cell), column = Math.floor((x - left) / cell);
  if (row < 0 || row >= T || column >= T) return null;
  return {row, column: Math.max(column, -1)};
}

// The legend as CSS: a strip of the scale from 0 to 1.
export function legendGradient(dark) {
  const table = colorTable(dark), stops = [];
  for (let i = 0; i <= 16; i++) stops.push(css(table[Math.round(i * 255 / 16)]));
  return `linear-gradient(to right, ${stops.join(", ")})`;
}
