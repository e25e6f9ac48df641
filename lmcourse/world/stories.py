"""Stories whose every next word has a known probability, and so a known best possible loss."""
import math
import random
import re
from dataclasses import dataclass, field
from functools import cached_property

from .grammar import END, story

START_KIND = "start"
TIGHT = {".", "?", ":"}                                 # stand right after the word before them


@dataclass
class Corpus:
    """A list of stories, one entry a story, with what is exactly known about each token.

    texts      natural text, without the start and end tokens
    tokens     list of words; the first and the last are `<|endoftext|>`
    log_probs  natural log of each token's true probability given the tokens before it; 0.0 for the start token
    kinds      what kind of word each token is (`world.grammar.KINDS`); "start" for the start token
    about      the first name that a pronoun stands for, else None
    """
    tokens: list
    log_probs: list
    kinds: list
    about: list
    texts: list = field(init=False)

    def __post_init__(self):
        self.texts = [render(words[1:-1]) for words in self.tokens]

    def __len__(self):
        return len(self.tokens)

    @cached_property
    def vocabulary(self):
        """All words that occur, sorted; the start and end token comes first."""
        return [END, *sorted({word for words in self.tokens for word in words} - {END})]

    @cached_property
    def floor(self):
        """The lowest mean loss that any model can expect on these stories, in nats a token: minus their own mean
        log-probability. The start token is given, so it is not counted."""
        return -sum(map(sum, self.log_probs)) / sum(len(words) - 1 for words in self.tokens)


def stories(n, seed=0):
    """`n` independent stories drawn with `seed`. The same seed gives the same stories on every machine.

    Returns a `Corpus`. Raises ValueError if n < 1.
    """
    if n < 1:
        raise ValueError(f"n={n} stories: ask for at least 1")
    rng = random.Random(seed)
    return Corpus(*map(list, zip(*(sample(rng) for _ in range(n)))))


def walk(pick):
    """Goes through one story: yields (choice, word) for every word after the start token, word = pick(choice). It ends with the
    story, or after a word that cannot stand there (None never can)."""
    grammar = story()
    choice = next(grammar)
    while True:
        word = pick(choice)
        yield choice, word
        if word not in choice.words:
            return
        try:
            choice = grammar.send(word)
        except StopIteration:
            return


def read(words):
    """`walk` along these words; the word after their last is None."""
    left = iter(words)
    return walk(lambda choice: next(left, None))


def sample(rng):
    """One story: (tokens, log_probs, kinds, about), four lists of the same length."""
    tokens, log_probs, kinds, about = [END], [0.0], [START_KIND], [None]
    for choice, word in walk(lambda choice: draw(choice.words, rng)):
        tokens.append(word)
        log_probs.append(math.log(choice.words[word]))
        kinds.append(choice.kind)
        about.append(choice.about)
    return tokens, log_probs, kinds, about


def draw(words, rng):
    """One of {word: probability}."""
    if len(words) == 1:
        return next(iter(words))
    left = rng.random()
    for word, p in words.items():
        left -= p
        if left < 0:
            return word
    return word                                         # rounding left a sliver above the last word


def next_word(prefix):
    """The exact distribution after `prefix`, a list of words that begins with the start token: {word: probability}.

    Raises ValueError naming the first word that cannot stand where it stands.
    """
    if not prefix or prefix[0] != END:
        raise ValueError(f"a story begins with {END!r}; got {prefix[:1]}")
    for i, (choice, word) in enumerate(read(prefix[1:]), 1):
        if i == len(prefix):
            return {**choice.words}
        if word not in choice.words:
            likely = sorted(choice.words, key=choice.words.get, reverse=True)[:5]
            raise ValueError(f"word {i}, {word!r}, is impossible here; possible are {', '.join(likely)}"
                             + (" ..." if len(choice.words) > 5 else ""))
    raise ValueError(f"the story is over after word {i}; nothing follows {END!r}")


def next_words(text):
    """The exact distribution after each word of a text, as far as the text is a story: [(word, {next word: probability}), ...].

    The first entry is the start token's. The list ends before the first word that cannot stand where it stands, and with the
    last word of a story that is over.
    """
    words = re.findall(r"[.?:]|[^\s.?:]+", text)
    return [(before, {**choice.words}) for before, (choice, _) in zip([END, *words], read(words))]


def render(words):
    """Words as natural text: a space before each word but none before . ? and :"""
    return "".join(word if word in TIGHT else " " + word for word in words).lstrip(" ")
