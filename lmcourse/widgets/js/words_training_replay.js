// Every word that TrainingReplay shows, by language. A function where words or numbers go in.
import {percent} from './language.js';

const number = (n) => n.toLocaleString("en");
// The kinds of word of the story world: what a chart calls them, and what is wrong with a text in which one of them is missed.
const MISSED = {
  "fixed word": "a broken phrase", "was or were": "the wrong number", pronoun: "the wrong pronoun, or none", "copied first name": "the wrong person",
  "copied last name": "the wrong last name", "copied thing": "the wrong thing or colour", refrain: "the wrong word of the song",
  "tracked place or owner": "the wrong place or owner", "with or in": "the wrong kind of answer", "new first name": "no first name where one is due",
  "new last name": "no last name where one is due", "new thing": "no thing that fits", "new place": "no place where one is due",
  "new song": "no new word for the song", event: "no way to begin a sentence here", verb: "not what this person can do now",
  relation: "no friend or relation where one is due", "other choice": "a word of another kind",
};
const some = (words) => words.map((word) => `“${word}”`).join(", ");
const possible = (words, of) => of === 1 ? `Only ${some(words)} can come here.` : of <= words.length ? `Here can come ${some(words)}.`
  : `Here can come ${of} words, such as ${some(words.slice(0, 3))}.`;

export const WORDS = {
  en: {
    number,
    title: "A training run, replayed",
    percent,
    loading: "Loading the recorded run …",
    failed: (why) => `This figure could not start: ${why}`,
    step: "Training step", stepOf: (step, of) => `step ${number(step)} of ${number(of)}`,
    play: "Play", pause: "Pause", onward: "Next moment", again: "From the start",
    loss: "loss (nats per token)", axis: "training step, axis by square root", floor: "the floor: no model can do better",
    milestones: {nothing: "knows nothing", frequency: "knows how frequent each word is", "last word": "knows the last word"},
    chart: (step, loss) => `Loss over training, falling to the floor. At step ${number(step)}: ${loss}. A click chooses a moment.`,
    legend: ["held-out stories", "training"],
    above: (loss, floor, more) => `Loss ${loss}. The floor is ${floor}: ${more} nats a token above it.`,
    stages: {
      nothing: "Nothing learned yet: any word, or one word again and again",
      salad: "Frequent words, no order",
      pairs: "Pairs that fit, sentences that do not",
      sentences: "Sound sentences that forget what was said",
      stories: "Stories: most follow the grammar",
    },
    sound: (n, of) => `${n} of ${of} texts follow the grammar as far as they were written.`,
    most: (kind, n) => `The others fail first, most often, at ${MISSED[kind]} (${n}).`,
    bars: "Loss above the floor, by kind of word (nats per token)",
    groups: {grammar: "the grammar alone decides", memory: "something said before decides", choice: "a free choice"},
    writes: "What it writes", text: "Text", textOf: (n) => `text ${n}`,
    end: "the end", marks: {sound: "possible so far", mistake: "first impossible word", odd: "never comes after the word before it"},
    mistake: (word, kind, words, of) => `“${word}” is impossible: ${MISSED[kind]}. ${possible(words, of)}`,
    whole: "Every word is possible: the grammar finds no mistake.",
    start: "start", rowOf: "looks …",
    head: (layer, head) => `One head's attention: layer ${layer}, head ${head}`,
    map: "Heat map of this head's attention: a row for each word that looks. Arrow keys choose the row.",
    looks: (from, list) => `“${from}” gives its attention to ${list.map(([word, share]) => `“${word}” (${percent(share).replace(" %", "\u00a0%")})`).join(", ")}.`,
    copies: (share, n) => `Where a last name is due that was said before, this head gives ${percent(share)} to it (mean of ${n} places).`,
    numbers: "Read the numbers",
    byKind: (step) => `Step ${number(step)}: loss above the floor by kind of word`,
    kindColumns: ["kind of word", "who decides", "words", "nats above the floor", "share of all"],
    byMoment: "All moments", momentColumns: ["step", "loss", "above the floor", "pairs of words that fit", "texts without a mistake", "head's look"],
    says: (step, of, parts) => `Step ${number(step)} of ${number(of)}. ${parts.join(" ")}`,
  },
};
