// Every word that EmbeddingMap shows, by language. A function where words or numbers go in.
export const WORDS = {
  en: {
    title: "Embedding map",
    loading: "Loading the vectors …",
    failed: (why) => `This figure could not start: ${why}`,
    shown: "Vectors", mode: "Ask for", modes: {neighbours: "Neighbours", analogy: "Analogy"},
    search: "Word", searchHint: "type a word, or press a point",
    terms: ["a", "minus b", "plus c"], minus: "−", plus: "+", equals: "=",
    keep: "let the three words be answers, too",
    examples: "Try:", example: ([a, b, c]) => `${a} − ${b} + ${c}`,
    neighbours: (word) => `Nearest to “${word}”`, answers: ([a, b, c]) => `Nearest to ${a} − ${b} + ${c}`,
    cosine: "cosine", kind: "kind", word: "word", x: "right", y: "up",
    unknown: (word, n) => `“${word}” is not among these ${n} words.`,
    share: (percent) => `This flat map keeps ${percent} % of the differences; the cosines use all of them.`,
    map: (n, name, what) => `Map of ${n} word vectors, ${name}. ${what}`,
    told: (list) => list.map(({word, cosine}) => `${word} ${cosine.toFixed(2)}`).join(", "),
    numbers: "Read the numbers", caption: (name) => `Where each word stands on the map (${name})`,
    other: "other words",
  },
};
