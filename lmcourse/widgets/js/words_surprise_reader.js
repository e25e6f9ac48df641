// Every word that SurpriseReader shows, by language. A function where numbers or tokens go in.
import {percent} from './language.js';

const nats = (x) => x.toFixed(2);

export const WORDS = {
  en: {
    title: "Surprise reader", heading: "How surprising is each word?",
    sentence: "Text", stories: "Stories of the world", story: (n) => `story ${n}`,
    loading: "Loading the model …",
    failed: (why) => `This figure could not start: ${why}`,
    hint: "Type a text: the model reads it as you write.",
    cut: (fit, left) => `${fit} tokens fit; the last ${left} characters were left out.`,
    start: "start", end: "end", byte: (hex) => `⟨${hex}⟩`, space: "␣", newline: "⏎",
    colour: "Coloured by", model: "model", grammar: "grammar", difference: "difference",
    ended: "count the end",
    tokens: "Tokens: choose which one is described",
    legend: (name) => `${name}, nats`, 
    free: "Your own text: its true probabilities are not known. The grammar's column comes back as far as a text agrees with a story.",
    partly: (n, all) => n === all
      ? "The grammar wrote this story, so its surprise is the true one. On average no model has less; on one word or one story it may, by luck."
      : `The true surprise is known for the first ${n} of ${all} tokens: so far the text agrees with a story.`,
    say: (token, surprise, probability) => `“${token}”: ${nats(surprise)} nats; the model gave it ${percent(probability)}.`,
    sayTrue: (surprise, probability) => ` The grammar: ${nats(surprise)} nats (${percent(probability)}).`,
    totals: "In all", of: (n) => `over ${n} tokens`, 
    rows: {text: "nats, whole text", token: "nats a token", perplexity: "perplexity", character: "bits a character"},
    numbers: "Read the numbers", caption: "Surprise of each token, in nats",
    columns: ["place", "token", "model: −ln q", "grammar: −ln p", "difference"],
  },
};
