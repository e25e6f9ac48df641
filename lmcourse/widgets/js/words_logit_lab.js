// Every word that LogitLab shows, by language. A function where numbers go in.
export const WORDS = {
  en: {
    title: "Logit lab", text: "Text", other: "Another text, to compare", loading: "Loading the model …", failed: (why) => `This figure could not start: ${why}`,
    tokens: "After which token? Choose one", start: "start", end: "the end", temperature: "Temperature τ",
    vector: (token, n, length) => `1 · After “${token}” the last block leaves ${n} numbers: a vector of length ${length}`,
    normed: (length) => `2 · The final norm gives every such vector about the same length: ${length}`,
    bars: (n) => `${n} numbers, drawn up or down`,
    parts: (token, logit) => `3 · Times the embedding of “${token}”, the row that also reads it in, number by number, and summed: its logit, ${logit}`,
    part: ["channel", "vector × embedding", "product"], rest: (n) => `the other ${n}, summed`, sum: "sum: the logit",
    table: "4 · All logits, divided by τ; softmax", columns: ["token", "logit", "logit / τ", "prob."], show: (token) => `Take the logit of ${token} apart`,
    others: (n) => `the other ${n} tokens`,
    scores: "Score of a text: the sum of the log-probabilities of its tokens, at temperature 1", above: "The text at the top: ", below: "This text: ",
    score: (sum, n, mean) => `${sum} (${n} tokens, ${mean} each)`,
    likelier: (first, factor, power) => `${first ? "The text at the top" : "This text"} is ${factor ?? `about 10${power}`} times as likely as the other.`,
    wrong: "Type a text.", cut: (n) => `Only the first ${n} tokens are read.`, spoken: (token, next, p) => `After ${token}: ${next}, ${p} percent.`,
  },
};
