// Every word that BatchLab shows, by language. A function where numbers or tokens go in.

export const WORDS = {
  en: {
    title: "Batch lab",
    heading: "From texts to a batch",
    way: "How rows of equal length are made",
    right: "pad right", left: "pad left", pack: "pack",
    size: "Rows a batch", length: "Tokens a row",
    alike: "similar lengths together", apart: "texts cannot see each other",
    batch: (n, of) => `Batch ${n} of ${of}`, before: "Earlier batch", after: "Later batch",
    rowName: (n, real, padded, texts) => `Row ${n}: ${real} tokens of ${texts === 1 ? "1 text" : `${texts} texts`}, ${padded} padding`,
    rowTitle: (n) => `Row ${n}: reads the upper token, predicts the lower`,
    waste: (padded, all) => `Wasted: ${(100 * padded / all).toFixed(1)} % (${padded} of ${all} places)`,
    left_over: (n) => n === 0 ? "" : n === 1 ? "1 token fills no row and is left out." : `${n} tokens fill no row and are left out.`,
    nothing: "start", pad: "pad", end: "end", unscored: "−100",
    mask: (n) => `Who sees whom in row ${n}`,
    maskHelp: (n, sees) => `Attention mask of row ${n}, a square of places: a row for each place that looks. ${sees}`,
    keys: {sees: "may look", hidden: "later", padding: "padding", other: "another text"},
    padPlace: (n) => `Place ${n} is padding: it is not scored, and nothing may look at it.`,
    place: (n, reads, predicts, count) => `Place ${n} reads “${reads}”, predicts “${predicts}”, may look at ${count === 1 ? "itself alone" : `${count} places`}.`,
    places: "Places of this row",
    numbers: "Read the numbers", caption: (n, batch) => `Row ${n} of batch ${batch}`,
    columns: ["place", "text", "input", "id", "target", "id", "mask", "may look at"],
  },
};
