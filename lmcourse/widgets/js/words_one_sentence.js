// Every word that OneSentence shows, by language. A function where numbers or tokens go in.
import {percent} from './language.js';

export const WORDS = {
  en: {
    title: "One sentence through the whole model", sentence: "Sentence", loading: "Loading the model …",
    failed: (why) => `This figure could not start: ${why}`,
    hint: "Type a text: the model reads it as you write.", cut: (fit, left) => `${fit} tokens fit; the last ${left} characters were left out.`,
    start: "start", end: "the end", byte: (hex) => `⟨${hex}⟩`, space: "␣", newline: "⏎",
    tokens: "Tokens: choose the one to follow",
    follow: "The strips are vectors, a cell a number: above the middle what is above 0, below it what is below. Full colour is the strip's "
      + "largest number. Point at a cell to read it; click, and all strips show that channel.",
    parts: {in: "Into the model", layer: "Inside a layer", out: "Out of the model"},
    layer: "Layer", heads: "Attention heads", chooseHead: "Attention heads: choose one",
    stages: {
      bytes: "Bytes", token: "Token", embedding: "Token vector", position: "+ position vector", stream: "= stream",
      before: "Stream, in", normed: "LayerNorm", head: (n) => `Head ${n}`, bias: "+ bias", middle: "= stream, half-way", normedMiddle: "LayerNorm",
      hidden: "MLP: neurons", mlp: "+ the MLP's part", after: "= stream, out",
      lens: "Logit lens", final: "Last LayerNorm", logits: "Logits", probability: "Softmax: the next word",
    },
    notes: {
      bytes: (n) => n === 1 ? "1 byte of UTF-8" : `${n} bytes of UTF-8`, token: (at, T) => `place ${at} of 0 to ${T - 1}`,
      embedding: (id) => `row ${id} of its table`, position: (at) => `row ${at} of its table`, stream: (size) => `the sum, of length ${size}`,
      before: (size) => `of length ${size}`, normed: "the attention reads this", bias: (size) => `always the same, of length ${size}`,
      middle: (size) => `with the heads, of length ${size}`,
      normedMiddle: "the MLP reads this", hidden: (on, n) => `after GELU, ${on} of ${n} above 0`, mlp: (size) => `of length ${size}`,
      after: (size) => `of length ${size}`,
      lens: "what would come if the layers ended here", final: "of what the last layer leaves", logits: (n) => `${n}, one a token`, probability: "",
    },
    special: "no bytes: a token of its own", id: (id) => `id ${id}`, writes: (n) => `What head ${n} writes`,
    looks: (list) => `looks at ${list.map(([token, weight]) => `${token} ${percent(weight)}`).join(", ")}`,
    size: (x) => `length ${x}`,
    channel: (c, x) => `channel ${c}: ${x}`, neuron: (c, x) => `neuron ${c}: ${x}`, logit: (token, x) => `${token}: ${x}`,
    strip: (stage, n) => `${stage}, ${n} numbers`,
    lensRow: (l) => l ? `layer ${l}` : "embedding", lensColumns: ["after", "first", "second", "third"],
    columns: ["next word", "logit", "share", "model", "world"],
    comes: (word, p, exact) => `The sentence goes on with “${word}”: ${percent(p)} for the model`
      + (exact === null ? "." : `, ${percent(exact)} for the world.`),
    last: "The sentence ends here: what comes is open.",
    known: "The world's column is exact: it follows from the grammar that writes the stories.",
    unknown: "The world's column is empty: up to here the text is not the story for which this figure was given the exact numbers.",
    open: (chapter) => `open in ${chapter}`, opens: (stage, chapter) => `${stage}: open in ${chapter}`, chapter: (chapter) => `chapter ${chapter}`,
    linked: {head: "Attention heads", hand: "Attention by hand", probability: "The next word"},
    chapters: {bytes: "Tokens", token: "Tokens", embedding: "Embeddings", position: "Input representation", norm: "Residuals and normalisation",
      stream: "Residuals and normalisation",
      head: "Context and attention",
      hand: "Self-attention", mlp: "GPT from scratch", lens: "Output layer", logits: "Output layer", surprise: "Evaluation"},
    numbers: "Read the numbers", table: "Table",
    tables: {vectors: "all vectors, channel by channel", attention: "whom each head looks at", hidden: "the MLP's neurons",
      words: "all words: lens, logit, probability"},
    captions: {vectors: (token, n) => `The vectors of “${token}”, layer ${n}`, attention: (token, n) => `Attention from “${token}”, layer ${n}`,
      hidden: (token, n) => `Neurons for “${token}”, layer ${n}, after GELU`, words: (token) => `What may follow “${token}”`},
    heading: {channel: "channel", token: "token", neuron: "neuron", value: "value", word: "word", logit: "logit", model: "model", world: "world"},
    spoken: (token, at, layer, head, seen, weight, next, p) =>
      `${token}, place ${at}. Layer ${layer}, head ${head} looks most at ${seen}, ${percent(weight)}. Next word: ${next}, ${percent(p)}.`,
  },
};
