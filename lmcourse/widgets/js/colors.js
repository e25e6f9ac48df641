// One colour scale for weights from 0 to 1: even steps of lightness in OKLab (Ottosson 2020), yellow to blue, so that it
// reads the same with any kind of colour vision and in grey. On a light page 0 is the paper, on a dark page the night.
// The scale runs over sqrt(weight): small weights are what one would otherwise not see; the legend shows the numbers.

const LIGHT = [[0.985, 0.008, 100], [0.9, 0.075, 105], [0.78, 0.115, 160], [0.6, 0.105, 215], [0.43, 0.11, 258], [0.25, 0.1, 288]];
const DARK = [[0.235, 0.025, 275], [0.36, 0.095, 272], [0.51, 0.105, 245], [0.66, 0.105, 200], [0.82, 0.125, 145], [0.95, 0.11, 105]];

function toRGB([lightness, chroma, degrees]) {
  const a = chroma * Math.cos(degrees * Math.PI / 180), b = chroma * Math.sin(degrees * Math.PI / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s, -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s].map((x) => {
    const y = x <= 0.0031308 ? 12.92 * x : 1.055 * Math.max(x, 0) ** (1 / 2.4) - 0.055;
    return Math.round(255 * Math.min(1, Math.max(0, y)));
  });
}

const TABLES = new Map();

// 256 colours as [r, g, b], index = 255 * sqrt(weight).
export function colorTable(dark) {
  if (!TABLES.has(dark)) {
    const stops = dark ? DARK : LIGHT, table = [];
    for (let i = 0; i < 256; i++) {
      const at = i / 255 * (stops.length - 1), low = Math.min(Math.floor(at), stops.length - 2), mix = at - low;
      table.push(toRGB(stops[low].map((x, k) => x + mix * (stops[low + 1][k] - x))));
    }
    TABLES.set(dark, table);
  }
  return TABLES.get(dark);
}

const PACKED = new Map();

// The same 256 colours as 32-bit numbers, the form in which a canvas holds them (every machine with a browser is little-endian).
export function packedTable(dark) {
  if (!PACKED.has(dark)) {
    PACKED.set(dark, Uint32Array.from(colorTable(dark), ([r, g, b]) => (255 << 24 | b << 16 | g << 8 | r) >>> 0));
  }
  return PACKED.get(dark);
}

export function level(weight) {
  return Math.round(255 * Math.sqrt(Math.min(1, Math.max(0, weight))));
}

export function css([r, g, b]) {
  return `rgb(${r} ${g} ${b})`;
}

function luminance(rgb) {
  const [r, g, b] = rgb.map((x) => (x /= 255) <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// Black or white, whichever contrasts more: at least 4.58 to 1 on any colour (WCAG asks 4.5).
export function ink(rgb) {
  return luminance(rgb) > 0.179 ? "#000" : "#fff";
}
