// Every word that DecodingLab shows, by language. A function where numbers or tokens go in.
const share = (p) => p >= 0.0995 ? `${(100 * p).toFixed(0)} %` : p >= 0.0005 ? `${(100 * p).toFixed(1)} %` : p > 0 ? "< 0.1 %" : "0 %";

export const WORDS = {
  en: {
    title: "Decoding lab", loading: "Loading the model …", failed: (why) => `This figure could not start: ${why}`,
    prompt: "Prompt", hint: "Nothing typed: the model begins a story of its own.", cut: (n) => `Only the first ${n} tokens are read.`,
    bytes: (n) => `${n} tokens are no words of these stories: the model reads them as bytes.`,
    suggested: "Words to go on with", way: "Choose the next token by",
    ways: {greedy: "greedy", sample: "sampling", beam: "beam search"},
    one: "One token", end: "To the end", back: "Back", again: "Clear", seed: "Seed", other: "Other seed",
    stop: "Stop at", stops: {end: "the end token", sentence: "a full stop"},
    temperature: "Temperature", top_k: "Top-k", top_p: "Top-p", min_p: "Min-p", repetition_penalty: "Repetition penalty",
    beams: "Beam width", length_penalty: "Length penalty", off: "off",
    written: "Text so far", ended: "end", start: "start",
    bars: "The next token", over: {stop: "The text has ended.", room: "The model can read no more."},
    cutBy: {greedy: "not first", top_k: "top-k", top_p: "top-p", min_p: "min-p"}, cutSaid: (name) => `cut: ${name}`,
    legend: "bar: probability now · mark: as the model gave it", rest: (n, p, left) => `${n} more tokens: ${share(p)}; ${left} of them stay`,
    stay: (n, all, before, now) => `${n} of ${all} tokens can come. Entropy: ${before} nats from the model, ${now} now.`,
    draw: (x, token) => `Next draw ${x}: it falls on “${token}”.`, first: (token) => `The likeliest: “${token}”.`,
    tree: "The beams: a column a token, best branch on top", treeSaid: (n, k) => `Tree of ${n} steps with at most ${k} branches; the list below says where each one stands.`,
    noTree: "Press One token: each branch is tried with every token, and the likeliest texts stay.",
    branches: (n) => `After ${n} tokens. Score: sum of log-probabilities / length ^ penalty`,
    branch: (score, sum) => `${score} (sum ${sum})`, hasEnded: "ended", best: (score) => `Best text so far, score ${score}.`,
    numbers: "Read the numbers", stagesCaption: "Probability of each token after each step",
    stageColumns: ["token", "logit", "model", "penalty, temperature", "top-k", "top-p", "min-p"],
    writtenCaption: "Tokens written", writtenColumns: ["place", "token", "draw", "probability when chosen"],
    stepsCaption: "Branches kept at each step", stepsColumns: ["step", "branch", "grows from", "token", "sum of log-probabilities"],
    spoken: (token, next, p) => `${token ? `Written: ${token}. ` : ""}Likeliest now: ${next}, ${share(p)}.`,
    spokenBeam: (n, text) => `${n} tokens. Best text: ${text}`,
  },
};
