// Every word that GradientDescentLab shows, by language. A function where numbers go in.
export const WORDS = {
  en: {
    title: "Gradient descent lab",
    surface: "Loss surface", surfaces: {valley: "Straight valley", rosenbrock: "Curved valley", two_minima: "Two minima"},
    optimizer: "Path of", optimizers: {sgd: "SGD", momentum: "Momentum", adam: "Adam", all: "All three"},
    lr: "Learning rate", momentum: "Momentum β (Adam: β₁)", steps: "Steps", steepness: "Steepness ratio",
    play: "Play", pause: "Stop",
    start: "start", minimum: "minimum", lower: "lower minimum", higher: "higher minimum",
    handle: (x, y) => `Start point, x ${x}, y ${y}. Drag it, or move it with the arrow keys.`,
    hint: "Drag the ring, or move it with the arrow keys.",
    limits: (L, limit, beta) => `Steepest curvature at the minimum: L = ${L}. Largest rate: SGD 2/L = ${limit}, momentum 2(1 + β)/L = ${beta}.`,
    above: "loss above the minimum", step: "step",
    columns: {optimizer: "optimizer", at: "arrives at (x, y)", loss: "loss", fate: "what happens"},
    fates: {diverged: (step) => `diverges: gone at step ${step}`, rising: () => "rises: above the start", settled: () => "reaches the minimum",
      lower: () => "reaches the lower minimum", higher: () => "is stuck in the higher minimum", underWay: () => "is still under way"},
    map: (surface, paths) => `Map of the loss, ${surface}. ${paths}`,
    arrives: (name, steps, loss, fate) => `${name}, ${steps} steps: loss ${loss}, ${fate}.`,
    chart: "Loss above the minimum at each step, as lines",
    numbers: "Read the numbers", caption: (name) => `${name}, step by step`,
    numberColumns: ["step", "x", "y", "loss"],
  },
};
