"""Random words that repeat with a period nobody announces: induction, and what a reader could know at each place."""
import math
import random
from dataclasses import dataclass
from itertools import combinations

from .grammar import SONG
from .tasks import check

LENGTH = 26
PERIODS = {"train": (6, 7, 8, 9), "test": (6, 7, 8, 9), "compositional": (10, 11, 12, 13)}


@dataclass
class Repeats:
    """tokens   one list of words an item, all of one length; the word at t is the word at t - period
    periods     of each item
    log_probs   natural log of each word's true probability given the words before it, the period being unknown
    by_place    the exact entropy of the word at each place, in nats; optimum: its mean, in nats a word
    """
    tokens: list
    periods: list
    log_probs: list
    by_place: list

    @property
    def optimum(self):
        return sum(self.by_place) / len(self.by_place)


def probability(words, periods, size):
    """Of these first words: the mean over the periods of `size` ** -(words that are free), where the words do repeat."""
    fits = [p for p in periods if all(words[t] == words[t - p] for t in range(p, len(words)))]
    return sum(size ** -min(p, len(words)) for p in fits) / len(periods)


def free(periods, length):
    """How many of `length` words one may choose if all of the periods must hold: the classes of places that are equal."""
    label = list(range(length))
    for p in periods:
        for t in range(p, length):
            label = [label[t - p] if other == label[t] else other for other in label]
    return len(set(label))


def entropy(length, periods, size):
    """Of the first `length` words, in nats, exact. A reader holds possible each period that the words fit, of which some fit
    by chance; how likely each such set is follows by inclusion and exclusion."""
    sets = [chosen for k in range(1, len(periods) + 1) for chosen in combinations(periods, k)]
    mass = {chosen: size ** float(free(chosen, length)) for chosen in sets}             # sequences that fit all of these periods
    total = 0.0
    for fits in sets:
        exactly = sum((-1) ** (len(more) - len(fits)) * mass[more] for more in sets if set(fits) <= set(more))
        p = sum(size ** -float(min(period, length)) for period in fits) / len(periods)  # of each such sequence
        total -= exactly * p * math.log(p)
    return total


def repeats(n, seed=0, split="train"):
    """`n` sequences of 26 words: a block of 6 to 9 words, uniform over 24, said again and again.

    Returns a `Repeats`. Its entropy is log 24 at each of the first 6 places and falls to almost 0 once a reader can tell the period.
    Train and test are fresh draws (24 ** 6 blocks and more). The compositional split has blocks of 10 to 13 words, lengths that
    train never has; its optimum is that of a reader who knows which lengths are possible there. ValueError for n < 1, an unknown split.
    """
    check(n, split)
    rng, periods, size = random.Random(f"{split} {seed}"), PERIODS[split], len(SONG)
    tokens, chosen, log_probs = [], [], []
    for _ in range(n):
        chosen.append(periods[int(rng.random() * len(periods))])
        block = [SONG[int(rng.random() * size)] for _ in range(chosen[-1])]
        tokens.append([block[t % len(block)] for t in range(LENGTH)])
        before = [probability(tokens[-1][:t], periods, size) for t in range(LENGTH + 1)]
        log_probs.append([math.log(after / p) for p, after in zip(before, before[1:])])
    totals = [entropy(t, periods, size) for t in range(LENGTH + 1)]
    return Repeats(tokens, chosen, log_probs, [max(0.0, b - a) for a, b in zip(totals, totals[1:])])
