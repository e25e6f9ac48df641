"""What the renderings share: choices of known probability, all their outcomes, and splits that keep their promise.

A process is a coroutine: it yields {word: probability}, is sent the word that was drawn, and returns what it made of them.
"""
import math
import random
import zlib
from dataclasses import dataclass
from functools import cached_property

from .stories import draw

SPLITS = "train", "test", "compositional"


@dataclass
class Task:
    """Sources with targets, and all that could be known about a target from its source.

    pairs    list of (source, target)
    answers  one {target: probability given the source} a pair, exact; the pair's target was drawn from it
    measure  what `optimum` is: "entropy" (nats a target, lower is better) or "accuracy" (share of targets guessed whole)
    """
    pairs: list
    answers: list
    measure: str

    def __len__(self):
        return len(self.pairs)

    @cached_property
    def entropies(self):
        """Per pair, in nats a target: no model can expect a lower loss, summed over the tokens of the target."""
        return [sum(-p * math.log(p) for p in options.values()) for options in self.answers]

    @cached_property
    def accuracies(self):
        """Per pair: the chance that the likeliest target is the one that was drawn; no guess does better."""
        return [max(options.values()) for options in self.answers]

    @property
    def optima(self):
        """The optimum of each pair, in the unit of `measure`."""
        return self.entropies if self.measure == "entropy" else self.accuracies

    @cached_property
    def optimum(self):
        """The best mean that any model can expect on these sources, in the unit of `measure`; exact."""
        return sum(self.optima) / len(self.optima)

    @cached_property
    def log_probs(self):
        """Natural log of each drawn target's true probability."""
        return [math.log(options[target]) for (_, target), options in zip(self.pairs, self.answers)]


def once(process, rng, *given):
    """What a process returns when its choices are drawn."""
    run = process(*given)
    try:
        options = next(run)
        while True:
            options = run.send(draw(options, rng))
    except StopIteration as done:
        return done.value


def every(process, *given):
    """{result: probability}, over all ways in which the choices of a process can fall."""
    results, paths = {}, [((), 1.0)]
    while paths:
        words, p = paths.pop()
        run = process(*given)
        try:
            options = next(run)
            for word in words:
                options = run.send(word)
        except StopIteration as done:
            results[done.value] = results.get(done.value, 0) + p
        else:
            paths += [((*words, word), p * q) for word, q in options.items() if q]
    return results


def told(process, source, held):
    """An `item` for `build`: the process draws a meaning, source(meaning) is what tells it, held(meaning) whether train never has it."""
    def item(rng):
        meaning = once(process, rng)
        return source(meaning), meaning, held(meaning)
    return item


def check(n, split):
    if n < 1:
        raise ValueError(f"n={n} items: ask for at least 1")
    if split not in SPLITS:
        raise ValueError(f"split={split!r}: the splits are {', '.join(SPLITS)}")


def wanted(split, held, meaning):
    """Does an item belong to the split? By what it means, not by its words: no paraphrase of a test item is in train."""
    if split == "compositional" or held:
        return split == "compositional" and held
    return (zlib.crc32(repr(meaning).encode()) % 5 == 0) == (split == "test")


def build(item, target, n, seed, split, measure="entropy"):
    """A `Task` of `n` items.

    item(rng)        draws (source, meaning, held): `held` is True for what only the compositional split has
    target(meaning)  a process that makes a target. The source must tell all of the meaning that it depends on:
                     then p(target | source) = p(target | meaning), whatever the split leaves out
    """
    check(n, split)
    rng = random.Random(f"{split} {seed}")
    pairs, answers = [], []
    while len(pairs) < n:
        source, meaning, held = item(rng)
        if wanted(split, held, meaning):
            answers.append(every(target, meaning))
            pairs.append((source, draw(answers[-1], rng)))
    return Task(pairs, answers, measure)
