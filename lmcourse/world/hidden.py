"""The best anybody can say about a hidden word: exact, from the grammar, with both sides of it or with the left alone."""
import math
import random

from .grammar import END
from .stories import next_word, read


def hidden_word(words, at):
    """The exact distribution {word: probability} of the word at place `at` of a story, given all its other words.

    words: a story's tokens, from its start to its end token; what stands at `at` is not looked at. By Bayes' rule a word is as
    likely as the left side makes it, times how likely it makes the right side. With the left side alone the answer is
    `next_word(words[:at])`. ValueError if no word fits, or for a place that holds no word of the story.
    """
    if not 0 < at < len(words) - 1 or words[-1] != END:
        raise ValueError(f"at={at}: the places of a story's words are 1 to {len(words) - 2}, and the story must be whole")
    scores = {word: _log_probability([*words[1:at], word, *words[at + 1:]]) for word in next_word(words[:at])}
    most = max(scores.values())
    if most == -math.inf:
        raise ValueError("no word fits here: the rest is no story of this world")
    weights = {word: math.exp(score - most) for word, score in scores.items() if score > -math.inf}
    return {word: weight / sum(weights.values()) for word, weight in weights.items()}


def hidden_places(corpus, each, seed=0):
    """[(story, place, log p)]: `each` words of every story of a `Corpus`, drawn with `seed`; log p is the exact log-probability of
    the word that stands there, given all others of its story. ValueError if a story is shorter than that."""
    rng, places = random.Random(seed), []
    for n, words in enumerate(corpus.tokens):
        if each > len(words) - 2:
            raise ValueError(f"story {n} has {len(words) - 2} words, not {each}")
        places += [(n, at, math.log(hidden_word(words, at)[words[at]])) for at in rng.sample(range(1, len(words) - 1), each)]
    return places


def _log_probability(words):
    """Of a whole story, start token left out; minus infinity if it is impossible, or no whole story."""
    total, n = 0.0, 0
    for n, (choice, word) in enumerate(read(words), 1):
        if word not in choice.words:
            return -math.inf
        total += math.log(choice.words[word])
    return total if n == len(words) else -math.inf
