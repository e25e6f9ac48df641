// Every word that PositionLab shows, by language.

export const WORDS = {
  en: {
    title: "Position lab",
    kind: "How places are told",
    kinds: {none: "not at all", sinusoidal: "sinusoids", rope: "rotary", alibi: "ALiBi"},
    position: "Position of the query", width: "Numbers in a vector", head: "Head (slope)",
    clocks: {
      none: "No clock: a word is the same wherever it stands.",
      sinusoidal: (i) => `Position ${i} as hands: each pair of numbers is one hand. They are added to the word.`,
      rope: (i) => `Position ${i} as hands: each pair of the word's own numbers is turned by this much.`,
      alibi: (m) => `No clock: the score loses ${m} for each step of distance.`,
    },
    map: "Score of the same two words at every pair of places. Row: where the query stands; column: where the key stands.",
    mapTitle: "Score: query in row, key in column",
    chart: (i) => `Score of the query at position ${i} with the key at each place up to its own`, score: (i) => `score, query at ${i}`,
    keyAt: "position of the key",
    spread: (s) => s < 1e-9 ? "Same distance, same score, wherever the two stand: every diagonal is even."
      : `Same distance, different scores: along a diagonal they differ by up to ${s.toFixed(2)}.`,
    low: (x) => x === null ? "below 0: none" : `below 0, to ${x}`, high: (x) => x === null ? "above 0: none" : `above 0, to ${x}`,
    numbers: "Read the numbers",
    caption: (i) => `Scores of the query at position ${i}`,
    columns: ["key at", "distance", "score"],
    says: (kind, i, best, score) => `${kind}: the query at ${i} scores highest with the key at ${best}, ${score}.`,
  },
};
