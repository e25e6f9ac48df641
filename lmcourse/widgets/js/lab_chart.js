// Line charts on a canvas for the labs: a logarithmic or linear height, few ticks, dashes and marks besides colours.

// The colours that the style sheet gives, for drawing.
export function styleOf(root) {
  const style = getComputedStyle(root), get = (name) => style.getPropertyValue(name).trim();
  return {text: get("--lm-text"), soft: get("--lm-soft"), line: get("--lm-line"), background: get("--lm-background"),
    mark: get("--lm-mark"), accent: get("--lm-accent"), bar: get("--lm-bar"), font: style.fontFamily};
}

// Call `work` when the element's size or the page's colours change; returns the end of it.
export function watch(elements, work) {
  const sized = new ResizeObserver(work), themed = new MutationObserver(work);
  for (const element of elements) sized.observe(element);
  for (const node of [document.documentElement, document.body]) {
    themed.observe(node, {attributes: true, attributeFilter: ["data-theme", "data-mode", "data-jp-theme-light", "class"]});
  }
  return () => { sized.disconnect(); themed.disconnect(); };
}

// A canvas fitted to its box on this screen, cleared; its context counts in CSS pixels.
export function clean(canvas) {
  const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  const w = Math.round(width * ratio), h = Math.round(height * ratio), pen = canvas.getContext("2d");
  if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return {pen, width, height};
}

// 0.0012 -> "0.0012", 123456 -> "1.2e5": short, and never longer than seven characters.
export function short(x) {
  if (!Number.isFinite(x)) return "∞";
  const size = Math.abs(x), minus = x < 0 ? "−" : "";
  if (size > 0 && (size < 0.001 || size >= 10000)) return minus + size.toExponential(1).replace("e+", "e").replace("e-", "e−");
  return minus + (size >= 100 ? size.toFixed(0) : size >= 10 ? size.toFixed(1) : size >= 1 ? size.toFixed(2) : size.toFixed(3));
}

const SUPER = (n) => String(n).replace("-", "⁻").replace(/\d/g, (d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d]);
const power = (n) => n === 0 ? "1" : n === 1 ? "10" : `10${SUPER(n)}`;

// series: [{values, color, dash, width}], value i at x = from + i. x: {from, to, label}.
// y: {low, high, label, log, ticks}: with log, low and high are powers of ten; ticks for the linear case. level: {at, label} a thin line.
export function drawChart(canvas, {series, x, y, level, style}) {
  const {pen, width, height} = clean(canvas), left = 42, top = 22, right = width - 10, bottom = height - 34;
  const toY = (v) => y.log ? Math.log10(Math.max(v, 1e-300)) : v;
  const px = (i) => left + (i - x.from) / Math.max(1, x.to - x.from) * (right - left);
  const far = 5 * (y.high - y.low);                                  // lines leave the chart at its edge; this keeps them drawable
  const py = (v) => bottom - (Math.min(Math.max(toY(v), y.low - far), y.high + far) - y.low) / (y.high - y.low) * (bottom - top);
  pen.font = `11.5px ${style.font}`;
  pen.fillStyle = style.soft;
  pen.strokeStyle = style.line;
  pen.lineWidth = 1;
  for (const tick of y.log ? powers(y.low, y.high, (bottom - top) / 20) : y.ticks) {
    const at = y.log ? py(10 ** tick) : py(tick);
    line(pen, [[left, at], [right, at]]);
    put(pen, y.log ? power(tick) : String(tick), left - 5, at, "right", "middle");
  }
  put(pen, y.label, 2, 1, "left", "top");
  for (const tick of whole(x.from, x.to)) put(pen, String(tick), px(tick), bottom + 4, "center", "top");
  put(pen, x.label, right, bottom + 18, "right", "top");
  if (level) {
    pen.setLineDash([2, 3]);
    pen.strokeStyle = style.soft;
    line(pen, [[left, py(level.at)], [right, py(level.at)]]);
    pen.setLineDash([]);
    put(pen, level.label, right, py(level.at) - 3, "right", "bottom");
  }
  pen.save();
  pen.beginPath();
  pen.rect(left, top - 2, right - left + 2, bottom - top + 4);
  pen.clip();
  for (const {values, color, dash, width: thick} of series) {
    pen.strokeStyle = color;
    pen.lineWidth = thick || 2;
    pen.setLineDash(dash || []);
    line(pen, Array.from(values, (v, i) => [px(x.from + i), py(v)]));
  }
  pen.restore();
}

export function line(pen, points) {
  pen.beginPath();
  points.forEach(([x, y], i) => i ? pen.lineTo(x, y) : pen.moveTo(x, y));
  pen.stroke();
}

function put(pen, text, x, y, align, baseline) {
  pen.textAlign = align;
  pen.textBaseline = baseline;
  pen.fillText(text, x, y);
}

// Every, or every second, third, ... power of ten, so that about `most` labels fit.
function powers(low, high, most) {
  const step = Math.max(1, Math.ceil((high - low) / Math.max(1, most))), ticks = [];
  for (let n = Math.ceil(low / step) * step; n <= high; n += step) ticks.push(n);
  return ticks;
}

function whole(from, to) {
  const step = [1, 2, 5, 10, 20, 50, 100].find((s) => (to - from) / s <= 5) || 100, ticks = [];
  for (let n = Math.ceil(from / step) * step; n <= to; n += step) ticks.push(n);
  return ticks;
}

// Powers of ten around all values, at least `least` of them apart, within [floor, ceiling].
export function around(values, floor, ceiling, least = 2) {
  let low = Infinity, high = -Infinity;
  for (const v of values) {
    if (!(v > 0) || !Number.isFinite(v)) continue;
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  if (low === Infinity) return [floor, floor + least];
  const bottom = Math.max(floor, Math.floor(Math.log10(low))), top = Math.min(ceiling, Math.ceil(Math.log10(high)));
  return [Math.min(bottom, ceiling - least), Math.max(top, bottom + least)];
}

// A short piece of a line with its dash and mark, for a table or a legend.
export function drawSwatch(canvas, {color, dash, mark}) {
  const {pen, width, height} = clean(canvas);
  pen.strokeStyle = pen.fillStyle = color;
  pen.lineWidth = 2;
  pen.setLineDash(dash);
  line(pen, [[1, height / 2], [width - 1, height / 2]]);
  pen.setLineDash([]);
  if (mark) drawMark(pen, mark, width / 2, height / 2, 3.4);
}

export function drawMark(pen, mark, x, y, size) {
  pen.beginPath();
  if (mark === "disc") pen.arc(x, y, size, 0, 7);
  else if (mark === "square") pen.rect(x - size * 0.85, y - size * 0.85, 1.7 * size, 1.7 * size);
  else { pen.moveTo(x, y - 1.2 * size); pen.lineTo(x + 1.1 * size, y + 0.8 * size); pen.lineTo(x - 1.1 * size, y + 0.8 * size); pen.closePath(); }
  pen.fill();
}
