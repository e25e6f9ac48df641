"""A story and its gist: whose thing it was, and where it is or who has it in the end."""
from .grammar import EVENT
from .stories import render, sample
from .tasks import build

SHORT = 5                                               # the most events of a story in train and test


def gist(meaning):
    """A process that says it in one of three ways."""
    owner, thing, be, end = meaning[:4]
    said = yield {"has": .5, "of": .3, "now": .2}
    if said == "has":
        return f"{owner} 's {thing} {be} {end} ."
    if said == "of":
        return f"The {thing} of {owner} {be} {end} ."
    return f"{owner} had {'some' if be == 'were' else 'a'} {thing} , now {end} ."


def understand(tokens, kinds):
    """(story without its last question, (owner, thing, was or were, place or owner in the end, story), is it a long one?)"""
    ask, had = len(tokens) - 1 - tokens[::-1].index("Where"), tokens.index("had")
    answer = tokens[tokens.index("?") + 1:-2]
    text = render(tokens[1:ask])
    end = " ".join([answer[0].lower(), *answer[1:]])
    return text, (" ".join(tokens[3:5]), " ".join(tokens[had + 2:had + 4]), tokens[ask + 1], end, text), kinds[:ask].count(EVENT) > SHORT


def summaries(n, seed=0, split="train"):
    """`n` pairs (story, gist): a story of `lm.world.stories` without its question, and who owned what and where it is in the end:
    "Anna Bell 's red key was in the garden ." Words of the gist have spaces between them.

    Returns a `Task`: the facts follow from the story, how they are said is one of three ways, so `.optimum` is the exact
    entropy of that choice, in nats a gist. Train and test share no story. The compositional split has longer stories:
    6 to 9 events, where train has at most 5. ValueError for n < 1, an unknown split.
    """
    return build(lambda rng: understand(*sample(rng)[::2]), gist, n, seed, split)
