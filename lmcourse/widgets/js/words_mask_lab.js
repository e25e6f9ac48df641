// Every word that MaskLab shows, by language. A function where words or numbers go in.
export const WORDS = {
  en: {
    title: "Mask lab: hide a word",
    loading: "Loading the two models …",
    failed: (why) => `This figure could not start: ${why}`,
    stories: "Stories", story: (n) => `Story ${n}`, sentence: "Text",
    empty: "Type a few words.", cut: (n) => `The last ${n} ${n === 1 ? "character does" : "characters do"} not fit and ${n === 1 ? "is" : "are"} not read.`,
    words: "The words of the text: choose the one to hide",
    where: (word, n, of) => `Hidden: word ${n} of ${of}. In the text “${word}” stands there.`,
    kinds: {masked: "Masked model (BERT)", causal: "Causal model (GPT)"},
    sees: {masked: (left, right) => `sees ${left} on the left and ${right} on the right`,
      causal: (left) => `sees the ${left} on the left, nothing on the right`},
    arcs: {masked: "Arrows from every other word to the hidden one", causal: "Arrows from the words before the hidden one; those after it are not seen"},
    columns: ["word", "it says", "at best"],
    table: {masked: "Guesses of the masked model", causal: "Guesses of the causal model"},
    end: "end of text", unknown: "?", atMost: (p) => `≤ ${p}`,
    known: {
      masked: (word, p, best) => best === null ? "“At best” is known for the stories as they are, not for this text."
        : `“${word}” gets ${p}; the best possible guess from both sides gives it ${best}.`,
      causal: (word, p, best) => best === null ? "“At best” is known as long as the left side is a story's."
        : `“${word}” gets ${p}; the best possible guess from the left gives it ${best}.`,
    },
    many: "This word is no token of the model; what stands there cannot be its guess.",
    told: (where, masked, causal) => `${where} Masked: ${masked}. Causal: ${causal}.`,
  },
};
