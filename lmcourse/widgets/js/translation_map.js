// Attention between two texts as a picture: a row for each word that looks, a column for each word it looks at; what a mask hides is hatched.
import {packedTable, colorTable, css, level} from './colors.js';
import {fit} from './heatmap.js';

const LEAST = 9;                                                     // px: of a cell whose word can be written beside it
const short = (text) => text.length > 13 ? `${text.slice(0, 12)}…` : text;

// Where things stand: {left, top, cell, rows, columns}. Without names the cells have all the room.
function place(pen, width, height, rows, columns, named, style) {
  pen.font = `13px ${style.font}`;
  const widest = (labels) => named ? Math.max(...labels.map((text) => pen.measureText(short(text)).width)) : 0;
  const slant = widest(columns), [left, top] = named ? [Math.min(0.34 * width, widest(rows) + 10), Math.min(0.3 * height, 0.72 * slant + 16)] : [2, 2];
  const cell = Math.max(3, Math.min((width - left - 0.7 * slant - 2) / columns.length, (height - top - 2) / rows.length, 40));
  const free = Math.max(0, width - left - cell * columns.length - 0.4 * slant);
  return {left: left + free / 2, top, cell, rows: rows.length, columns: columns.length};
}

// weights (R, C); rows, columns: their words, written where `named`; row, column: what is chosen, -1 for none; hides(row, column): what the mask hides.
export function drawMap(canvas, {weights, rows, columns, row, column, hides, named, style}) {
  const width = canvas.clientWidth, height = canvas.clientHeight, pen = fit(canvas, width, height), table = colorTable(style.dark);
  const at = place(pen, width, height, rows, columns, named, style), {left, top, cell} = at, gap = cell > 22 ? 2 : cell >= LEAST ? 1 : 0;
  for (let r = 0; r < rows.length; r++) {
    for (let c = 0; c < columns.length; c++) {
      const x = left + c * cell, y = top + r * cell;
      if (hides(r, c)) {
        stripes(pen, x, y, cell, style);
        continue;
      }
      pen.fillStyle = css(table[level(weights[r * columns.length + c])]);
      pen.fillRect(x, y, cell - gap, cell - gap);
    }
  }
  pen.strokeStyle = style.mark;
  pen.lineWidth = 2;
  if (row >= 0) pen.strokeRect(left - 1, top + row * cell - 1, cell * columns.length + 2 - gap, cell + 2 - gap);
  if (row >= 0 && column >= 0) pen.strokeRect(left + column * cell, top + row * cell, cell - gap, cell - gap);
  if (named) names(pen, at, rows, columns, row, column, style);
  canvas.dataset.place = JSON.stringify(at);                         // for the tests, which read the pixels
  return at;
}

function stripes(pen, x, y, cell, style) {
  pen.save();
  pen.beginPath();
  pen.rect(x, y, cell, cell);
  pen.clip();
  pen.strokeStyle = style.soft;
  pen.globalAlpha = 0.55;
  pen.lineWidth = 1;
  pen.beginPath();
  for (let k = Math.ceil((x + y) / 6) * 6; k <= x + y + 2 * cell; k += 6) {       // the lines of neighbours meet
    pen.moveTo(x, k - x);
    pen.lineTo(x + cell, k - x - cell);
  }
  pen.stroke();
  pen.restore();
}

function names(pen, {left, top, cell}, rows, columns, row, column, style) {
  const size = Math.min(13, Math.max(9.5, 0.72 * cell));
  pen.textBaseline = "middle";
  const write = (text, strong) => {
    pen.font = `${strong ? "700 " : ""}${strong ? Math.max(12, size) : size}px ${style.font}`;
    pen.fillStyle = strong ? style.text : style.soft;
    pen.fillText(short(text), 0, 0);
  };
  const put = (x, y, angle, align, text, strong) => {
    if (cell < LEAST && !strong) return;
    pen.save();
    pen.translate(x, y);
    pen.rotate(angle);
    pen.textAlign = align;
    write(text, strong);
    pen.restore();
  };
  rows.forEach((text, r) => put(left - 6, top + (r + 0.5) * cell, 0, "right", text, r === row));
  columns.forEach((text, c) => put(left + (c + 0.5) * cell, top - 6, -Math.PI / 4, "left", text, c === column));
}

// The cell under a pointer, or null; x and y in CSS pixels from the canvas's corner. The words belong to their row.
export function cellAt({left, top, cell, rows, columns}, x, y) {
  const row = Math.floor((y - top) / cell), column = Math.floor((x - left) / cell);
  return row < 0 || row >= rows || column >= columns ? null : {row, column: Math.max(column, -1)};
}

// All weights as one pixel a cell; the style sheet enlarges them.
export function drawSmall(canvas, weights, rows, columns, dark) {
  if (canvas.width !== columns || canvas.height !== rows) [canvas.width, canvas.height] = [columns, rows];
  const image = new ImageData(columns, rows), cells = new Uint32Array(image.data.buffer), table = packedTable(dark);
  for (let i = 0; i < rows * columns; i++) cells[i] = table[level(weights[i])];
  canvas.getContext("2d").putImageData(image, 0, 0);
}
