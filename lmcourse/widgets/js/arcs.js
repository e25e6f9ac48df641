// The same weights as lines over the sentence: from the token that looks to the tokens it looks at, thick where it looks most.
import {h, remember} from './dom.js';

const LEAST = 0.02;                                                  // thinner lines would not be seen
const LEAST_OF_OTHERS = 0.25;                                        // of the rows that are not chosen only the strong looks
const STEPS = 6;                                                     // of their strengths: the lines of a step are one path

// Draws into `svg`, which lies over the chips and scrolls with them.
export function makeArcs(svg, tokens) {
  const paths = [];                                                  // first the faint ones, so that the strong lie above
  const [width, height] = ["width", "height"].map((name) => remember((value) => svg.setAttribute(name, value)));
  let place = [], placeOf = "", used = 0;

  // Where the chips stand. To ask makes the browser lay out the page, so only where they may have moved.
  function measure(T, key) {
    if (key === placeOf) return;
    placeOf = key;
    place = Array.from({length: T}, (_, i) => {
      const chip = tokens.chip(i);
      return [chip.offsetLeft + chip.offsetWidth / 2, chip.offsetTop];
    });
    width(svg.parentNode.clientWidth);
    height(svg.parentNode.scrollHeight);
  }

  function put(d, name, weight, data) {
    if (used === paths.length) paths.push(makePath(svg));
    const path = paths[used++], strong = name === "lm-arc lm-strong";
    path.name(name);
    path.d(d);
    path.width((strong ? 1 + 7 * weight : 0.5 + 2 * weight).toFixed(2));
    path.opacity((strong ? 0.35 + 0.65 * weight : 0.12 + 0.3 * weight).toFixed(2));
    path.weight(data);
  }

  // weights (T, T); chosen: a row; key: differs where a chip may stand elsewhere.
  function show(weights, T, chosen, causal, key) {
    measure(T, key);
    const room = Math.max(12, Math.min(...place.map(([, top]) => top)) - 8);       // above the first line
    const faint = Array.from({length: STEPS}, () => "");
    used = 0;
    for (let row = 0; row < T; row++) {
      for (let column = 0; column < (causal ? row + 1 : T); column++) {
        const weight = weights[row * T + column];
        if (row === chosen || weight < LEAST_OF_OTHERS) continue;
        const step = Math.min(STEPS - 1, Math.floor(STEPS * (weight - LEAST_OF_OTHERS) / (1 - LEAST_OF_OTHERS)));
        faint[step] += line(place[row], place[column], room);
      }
    }
    faint.forEach((d, step) => { if (d) put(d, "lm-arc", LEAST_OF_OTHERS + (1 - LEAST_OF_OTHERS) * (step + 0.5) / STEPS, ""); });
    for (let column = 0; column < (causal ? chosen + 1 : T); column++) {
      const weight = weights[chosen * T + column];
      if (weight >= LEAST) put(line(place[chosen], place[column], room), "lm-arc lm-strong", weight, weight.toFixed(7));
    }
    while (paths.length > used) paths.pop().node.remove();
  }
  return {show};
}

function makePath(svg) {
  const node = h("path", {}), write = (name) => remember((value) => node.setAttribute(name, value));
  svg.append(node);
  return {node, name: write("class"), d: write("d"), width: write("stroke-width"), opacity: write("stroke-opacity"), weight: write("data-weight")};
}

function line([x1, y1], [x2, y2], room) {
  if (x1 === x2 && y1 === y2) return `M${x1 - 5} ${y1} C${x1 - 16} ${y1 - 20} ${x1 + 16} ${y1 - 20} ${x1 + 5} ${y1}`;
  const rise = y1 === y2 ? Math.min(1.3 * room, 14 + 0.3 * Math.abs(x1 - x2)) : 30;
  return `M${x1} ${y1} C${x1} ${y1 - rise} ${x2} ${y2 - rise} ${x2} ${y2}`;
}
