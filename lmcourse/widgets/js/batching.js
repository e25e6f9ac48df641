// Rows of ids become batches, as lmcourse.training.batches does it: padding (pad, Batches) or packing (pack). No DOM.

export const IGNORED = -100;

// rows: [[id, ...]], each from its start token to its end token.
// -> {batches: [[row, ...]], left}; row: [{input, target, text, padding}]; left: tokens that filled no row
export function makeBatches(rows, {way, length, size, alike}) {
  const {made, left} = way === "pack" ? packed(rows, length) : {made: padded(rows, {way, size, alike}), left: 0};
  const batches = [];
  for (let at = 0; at < made.length; at += size) batches.push(made.slice(at, at + size));
  return {batches, left};
}

function packed(rows, length) {
  const stream = [{id: rows[0][0], text: 0}], last = rows.length - 1;
  rows.forEach((row, text) => row.slice(1).forEach((id, i) =>        // the end of one text is the start of the next
    stream.push({id, text: i === row.length - 2 ? Math.min(text + 1, last) : text})));
  const made = [], n = Math.floor((stream.length - 1) / length);
  for (let r = 0; r < n; r++) {
    made.push(Array.from({length}, (_, i) => {
      const at = r * length + i;
      return {input: stream[at].id, target: stream[at + 1].id, text: stream[at].text, padding: false};
    }));
  }
  return {made, left: stream.length - 1 - n * length};
}

function padded(rows, {way, size, alike}) {
  const order = rows.map((_, i) => i), made = [];
  if (alike) order.sort((a, b) => rows[a].length - rows[b].length || a - b);
  for (let at = 0; at < order.length; at += size) {
    const group = order.slice(at, at + size), width = Math.max(...group.map((text) => rows[text].length)) - 1;
    for (const text of group) {
      const row = rows[text], real = row.slice(1).map((target, i) => ({input: row[i], target, text, padding: false}));
      const empty = Array.from({length: width - real.length}, (_, i) =>      // on the right the end token is read, and predicts nothing
        ({input: way === "right" && i === 0 ? row.at(-1) : 0, target: IGNORED, text: null, padding: true}));
      made.push(way === "left" ? [...empty, ...real] : [...real, ...empty]);
    }
  }
  return made;
}

// What place `i` may look at: "sees", "hidden" (later), "padding", "other" (another text, where texts are kept apart).
export function look(row, i, j, apart) {
  if (row[i].padding || row[j].padding) return "padding";
  if (j > i) return "hidden";
  return apart && row[i].text !== row[j].text ? "other" : "sees";
}
