// A recorded training run (scripts/training_replay.py): reading it, and the few sums that its picture needs. No DOM.

// bytes of recording.json -> the recording, and with it its largest excess (`most`) and loss (`highest`)
export function readRecording(bytes) {
  const found = JSON.parse(new TextDecoder().decode(bytes));
  found.most = Math.max(...found.moments.flatMap(({excess}) => excess));
  found.highest = Math.max(...found.moments.map(({loss}) => loss), ...Object.values(found.milestones));
  return found;
}

// Place of the moment of this step; of the last one before it where there is none.
export function indexOf({moments}, step) {
  return Math.max(0, moments.findLastIndex((moment) => moment.step <= step));
}

// Where a step stands on the axis, 0 to 1. The early steps do most: the axis runs over the square root.
export const along = ({steps}, step) => Math.sqrt(step / steps);

// The moment nearest to this place of the axis.
export function nearest(recording, place) {
  const far = (moment) => Math.abs(along(recording, moment.step) - place);
  return recording.moments.reduce((best, moment, i, all) => far(moment) < far(all[best]) ? i : best, 0);
}

// How much of its track a bar fills: square root again, so that a hundredth of a nat can be seen beside seven.
export const filled = ({most}, excess) => Math.sqrt(Math.max(0, excess) / most);

// Loss above the floor: the kinds' excesses, each as often as its words occur.
export function meanExcess({kinds}, {excess}) {
  const words = kinds.reduce((sum, [, , count]) => sum + count, 0);
  return kinds.reduce((sum, [, , count], k) => sum + count * excess[k], 0) / words;
}

// [[step, loss]] of the training losses, each in the middle of its block of steps.
export const trainingLine = ({training, block}) => training.map((loss, i) => [(i + 0.5) * block, loss]);

// A written text as [{word, mark}]: "sound" up to the first impossible word ("mistake"); after it "odd" where a word never follows the one before
// it in any training story, else "loose": there is no story any more that could tell.
export function marked({words, mistake, odd}) {
  const strange = new Set(odd), end = mistake ? mistake.at : words.length;
  return words.map((word, i) => ({word, mark: i < end ? "sound" : i === end ? "mistake" : strange.has(i) ? "odd" : "loose"}));
}

// The places that a word looks at most, [[place, weight]], largest first.
export function looksOf(row, n) {
  return row.map((weight, place) => [place, weight / 1000]).sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, n);
}

// The kind of word that is wrong first in most texts: [kind, texts], null where all are sound.
export const commonest = ({first}) => Object.entries(first).reduce((best, each) => !best || each[1] > best[1] ? each : best, null);

// The rows of thousandths, each as long as it sees, as (T, T) weights.
export function square(rows) {
  const T = rows.length, weights = new Float32Array(T * T);
  rows.forEach((row, i) => row.forEach((x, j) => { weights[i * T + j] = x / 1000; }));
  return weights;
}
