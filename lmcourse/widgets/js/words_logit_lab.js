// Every word that LogitLab shows, by language. A function where numbers go in.
export const WORDS = {
  en: {
    title: "Logit lab", text: "Text", other: "Another text, to compare", loading: "Loading the model …", failed: (why) => `This figure could not start: ${why}`,
    tokens: "After which token? Choose one", start: "start", end: "the end", temperature: "Temperature",
    vector: (token, length) => `1 · The last vector after “${token}”: as it leaves the blocks, length ${length}`,
    normed: (length) => `2 · After the final norm: mean 0 and variance 1, then a weight and a bias a number; length ${length}`,
    bars: (n) => `${n} numbers, drawn up or down`,
    table: "3 · Times each token's embedding: logits. 4 · Divided by the temperature, softmax.",
    columns: ["token", "logit", "logit / τ", "probability", ""], show: (token) => `Take the logit of ${token} apart`,
    parts: (token, logit) => `The logit of “${token}” is a sum of products, one a channel: ${logit}`,
    part: ["channel", "vector × embedding", "product"], rest: (n) => `the other ${n}`,
    scores: "Score of a text: the sum of log-probabilities of its tokens", score: (sum, n, mean) => `${sum} (${n} tokens, ${mean} each)`,
    likelier: (factor) => `The text above is e^${factor} times as likely as the other.`, wrong: "Type a text.", cut: (n) => `Only the first ${n} tokens are read.`,
    spoken: (token, next, p) => `After ${token}: ${next}, ${p} percent.`,
  },
};
