// Three loss surfaces of two parameters, and the path that an optimizer takes on them. Nothing here touches the page.

export const SIDE = 2;                                               // each map shows -SIDE to SIDE both ways
const LEAVES = 1e6;                                                  // a path this far out has diverged

// r: the steepness ratio. value(x, y, r), slope(x, y, r) -> [df/dx, df/dy], bend(x, y, r) -> [fxx, fxy, fyy]
export const SURFACES = {
  valley: {
    value: (x, y, r) => (x * x + r * y * y) / 2,
    slope: (x, y, r) => [x, r * y],
    bend: (x, y, r) => [1, 0, r],
    minima: [[0, 0]],
  },
  rosenbrock: {                                                      // Rosenbrock (1960), its minimum moved from (1, 1) to (1, 0)
    value: (x, y, r) => (1 - x) ** 2 + r * (y + 1 - x * x) ** 2,
    slope: (x, y, r) => [-2 * (1 - x) - 4 * r * x * (y + 1 - x * x), 2 * r * (y + 1 - x * x)],
    bend: (x, y, r) => [2 - 4 * r * (y + 1 - 3 * x * x), -4 * r * x, 2 * r],
    minima: [[1, 0]],
  },
  two_minima: {
    value: (x, y, r) => (x * x - 1) ** 2 + 0.3 * x + r * y * y / 2,
    slope: (x, y, r) => [4 * x * (x * x - 1) + 0.3, r * y],
    bend: (x, y, r) => [12 * x * x - 4, 0, r],
    minima: [root(-1), root(1)].map((x) => [x, 0]),                  // the lower one first
  },
};

// Newton's steps to where 4 x (x^2 - 1) + 0.3 is zero.
function root(x) {
  for (let i = 0; i < 40; i++) x -= (4 * x * (x * x - 1) + 0.3) / (12 * x * x - 4);
  return x;
}

// L at the lowest point: the larger of the two curvatures there.
export function steepest(surface, r) {
  const [x, y] = SURFACES[surface].minima[0], [a, b, c] = SURFACES[surface].bend(x, y, r);
  return (a + c) / 2 + Math.hypot((a - c) / 2, b);
}

export const lowest = (surface, r) => Math.min(...SURFACES[surface].minima.map(([x, y]) => SURFACES[surface].value(x, y, r)));

// One step of each optimizer on [x, y], as torch.optim.SGD and torch.optim.Adam (betas = (momentum, 0.999), eps = 1e-8) do it.
const STEPPERS = {
  sgd: (lr) => (at, g) => at.map((w, i) => w - lr * g[i]),
  momentum: (lr, beta) => {
    let speed = null;
    return (at, g) => {
      speed = speed ? speed.map((s, i) => beta * s + g[i]) : g;
      return at.map((w, i) => w - lr * speed[i]);
    };
  },
  adam: (lr, beta) => {
    let mean = [0, 0], square = [0, 0], t = 0;
    return (at, g) => {
      t += 1;
      mean = mean.map((m, i) => beta * m + (1 - beta) * g[i]);
      square = square.map((v, i) => 0.999 * v + 0.001 * g[i] * g[i]);
      const scale = Math.sqrt(1 - 0.999 ** t);
      return at.map((w, i) => w - lr / (1 - beta ** t) * mean[i] / (Math.sqrt(square[i]) / scale + 1e-8));
    };
  },
};
export const OPTIMIZERS = Object.keys(STEPPERS);

// -> {points: [[x, y], ...] from the start on, losses, diverged: the step that left for good, or 0}
export function descend(optimizer, {surface, steepness, lr, momentum, steps, start}) {
  const {value, slope} = SURFACES[surface], step = STEPPERS[optimizer](lr, momentum);
  const points = [[...start]], losses = [value(...start, steepness)];
  for (let i = 1; i <= steps; i++) {
    const at = points[i - 1], next = step(at, slope(...at, steepness));
    if (!next.every((w) => Math.abs(w) < LEAVES)) return {points, losses, diverged: i};
    points.push(next);
    losses.push(value(...next, steepness));
  }
  return {points, losses, diverged: 0};
}

// What became of a path, as a key of the words: diverged, rising, lower, higher (of two minima), settled, under way.
export function fate({points, losses, diverged}, surface, steepness) {
  if (diverged) return "diverged";
  const last = points.length - 1, at = points[last], minima = SURFACES[surface].minima;
  const near = minima.findIndex((m) => Math.hypot(at[0] - m[0], at[1] - m[1]) < 0.05);
  if (near >= 0 && losses[last] - SURFACES[surface].value(...minima[near], steepness) < 0.01) {
    return minima.length === 1 ? "settled" : near === 0 ? "lower" : "higher";
  }
  return losses[last] > losses[0] ? "rising" : "underWay";
}
