"""Reviews with mixed and negated praise: what they say of the reviewer's liking is known exactly, and is never certain."""
import math

from .grammar import THING, uniform
from .tasks import build, once

CUES = {("strong", True): "wonderful perfect great lovely splendid".split(),
        ("strong", False): "terrible awful horrible dreadful hopeless".split(),
        ("weak", True): "good fine nice decent pleasant".split(),
        ("weak", False): "bad poor dull plain weak".split()}
# How often a cue agrees with whether the reviewer liked the thing; "not" weakens a strong word.
AGREES = {("strong", False): .9, ("weak", False): .7, ("strong", True): .65, ("weak", True): .65}
ASPECTS = "color shape size price sound look weight finish".split()
NEVER_NEGATED = {"wonderful", "terrible", "good", "bad", "nice", "dull"}        # but in the compositional split


def review():
    """A process: a liking, then one to four clauses that agree with it more or less. Returns (text, clauses), a clause being
    (aspect, strength, negated, word, says good)."""
    liked = yield {True: .5, False: .5}
    clauses = []
    for _ in range((yield {1: .2, 2: .3, 3: .3, 4: .2})):
        aspect = yield uniform([word for word in ASPECTS if word not in [clause[0] for clause in clauses]])
        strength, negated = (yield {"strong": .4, "weak": .6}), (yield {True: .3, False: .7})
        agrees = yield {True: AGREES[strength, negated], False: 1 - AGREES[strength, negated]}
        good = liked == agrees
        clauses.append((aspect, strength, negated, (yield uniform(CUES[strength, good != negated])), good))
    text = f"I bought this {(yield uniform(THING))} ."
    for i, (aspect, _, negated, word, good) in enumerate(clauses):
        joint = " The" if i == 0 else " and the" if good == clauses[i - 1][-1] else " but the"
        text += f"{joint} {aspect} was {'not ' * negated}{word}"
    return text + " .", tuple(clauses)


def liking(meaning):
    """A process that draws the label from its exact posterior: Bayes' rule, the cues being independent given the liking."""
    odds = 0.0
    for _, strength, negated, _, good in meaning[1]:
        p = AGREES[strength, negated]
        odds += math.log(p / (1 - p)) * (1 if good else -1)
    p = 1 / (1 + math.exp(-odds))
    return (yield {"positive": p, "negative": 1 - p})


def reviews(n, seed=0, split="train"):
    """`n` pairs (review, "positive" or "negative"): words with spaces between them.

    Returns a `Task`: `.answers` are the exact posteriors of the label, `.optimum` is the Bayes accuracy on these reviews, below 1, and
    `.entropies` is the lowest loss in nats a label. Train and test share no review. The compositional split has words after
    "not" (`NEVER_NEGATED`) that train has only without it. ValueError for n < 1, an unknown split.
    """
    def item(rng):
        text, clauses = once(review, rng)
        return text, (text, clauses), any(negated and word in NEVER_NEGATED for _, _, negated, word, _ in clauses)
    return build(item, liking, n, seed, split, "accuracy")
