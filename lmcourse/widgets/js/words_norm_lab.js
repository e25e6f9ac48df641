// Every word that NormLab shows, by language. A function where numbers go in.
export const WORDS = {
  en: {
    title: "Norm lab",
    view: "Look at", views: {vector: "one vector", depth: "many layers"},
    value: (n) => `x${n}`, slider: (n) => `Number ${n} of the vector`, field: (n) => `Number ${n}, typed`,
    fewer: "One number fewer", more: "One number more", double: "All × 2", shift: "All + 1",
    eps: "ε", epsName: "Epsilon, added to the variance", gain: "γ (gain)", bias: "β (bias)",
    columns: ["number", "x", "x − μ", "Layer\u200bNorm", "RMS\u200bNorm", "x + nor\u00admalize(x)"],
    mean: "mean", spread: "std. dev.", size: "RMS", again: (n) => `std. dev. after ${n}×`,
    doubled: "change if all × 2", shifted: "change if all + 1",
    steps: (mu, variance, sigma, size) => [`Mean μ = ${mu}.`, `Variance σ² = mean of (x − μ)² = ${variance}.`,
      `LayerNorm: γ (x − μ) / √(σ² + ε) + β; root ${sigma}.`, `RMSNorm: γ x / √(mean of x² + ε); root ${size}.`],
    tableName: "The vector and what each formula makes of it", long: (low, high) => `A number from ${low} to ${high}; the nearest was taken.`,
    residual: "Residual", residuals: {on: "x + F(x)", off: "F(x)"},
    place: "Norm", places: {none: "none", before: "before F", after: "after"},
    norm: "Which", norms: {layer: "LayerNorm", rms: "RMSNorm", document: "x + norm."},
    layers: "Layers", scale: "Size of the weights", seed: "Network", anew: "Another network",
    formula: ({residual, place, norm}) => {
      const n = (inside) => norm === "document" ? `(${inside} + normalize(${inside}))` : `${norm === "layer" ? "LayerNorm" : "RMSNorm"}(${inside})`;
      const skip = residual === "on" ? "x + " : "";
      return place === "after" ? `Each layer: ${n(`${skip}F(x)`)}` : `Each layer: ${skip}F(${place === "before" ? n("x") : "x"})`;
    },
    signalAxis: "size of the signal (RMS)", gradientAxis: "size of the gradient (RMS)", depth: "depth (layers)",
    chart: (what, first, last) => `${what} by depth, on a scale of powers of ten: ${first} at the input, ${last} after the last layer.`,
    verdict: (signal, gradient) => `From input to end the signal ${signal}; on the way back to the input the gradient ${gradient}.`,
    fate: (ratio, times) => ratio > 1000 ? `grows ${times} times` : ratio < 0.001 ? `shrinks to ${times}` : `keeps its order of size (× ${times})`,
    honest: "Before any training. A moderate gradient does not say that the stack can learn: the chapter trains it.",
    numbers: "Read the numbers", numberColumns: ["depth", "signal", "gradient"],
    says: (layer, rms, added) => `Mean and standard deviation: LayerNorm ${layer}, RMSNorm ${rms}, x + normalize(x) ${added}.`,
    pair: (mean, spread) => `${mean} and ${spread}`,
  },
};
