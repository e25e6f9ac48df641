"""The best answer at a hidden word: exact, against counting, against the left side alone, and clear about bad input."""
import math
import random

import pytest

import lmcourse as lm
from lmcourse.world import hidden_places, hidden_word, next_word, stories

CORPUS = stories(60, seed=4_321)


def test_what_stands_there_is_possible_and_probabilities_sum_to_one():
    rng = random.Random(1)
    for words in CORPUS.tokens:
        at = rng.randrange(1, len(words) - 1)
        best = hidden_word(words, at)
        assert sum(best.values()) == pytest.approx(1) and best[words[at]] > 0
        assert best == hidden_word([*words[:at], "?", *words[at + 1:]], at)                     # what is hidden is not looked at


def test_it_is_bayes_rule_word_for_word():
    """P(word | both sides) from the chain rule alone: the probability of the whole story with each word in that place."""
    rng = random.Random(2)
    for words in rng.sample(CORPUS.tokens, 8):
        at, joint = rng.randrange(1, len(words) - 1), {}
        for word in next_word(words[:at]):
            story, p = [*words[:at], word, *words[at + 1:]], 1.0
            try:
                for i in range(1, len(story)):
                    p *= next_word(story[:i]).get(story[i], 0.0)
            except ValueError:                                          # an earlier word is impossible already
                p = 0.0
            joint[word] = p
        best = hidden_word(words, at)
        for word, p in joint.items():
            assert best.get(word, 0.0) == pytest.approx(p / sum(joint.values()), abs=1e-9)


def test_two_sides_know_more_than_one_on_average():
    places = hidden_places(CORPUS, 5, seed=3)
    both = sum(log_p for *_, log_p in places) / len(places)
    left = sum(CORPUS.log_probs[n][at] for n, at, _ in places) / len(places)
    assert both > left + 0.2


def test_places_are_drawn_and_counted():
    places = hidden_places(CORPUS, 3, seed=5)
    assert places == hidden_places(CORPUS, 3, seed=5) != hidden_places(CORPUS, 3, seed=6)
    assert len({(n, at) for n, at, _ in places}) == 3 * len(CORPUS)
    for n, at, log_p in places:
        words = CORPUS.tokens[n]
        assert 0 < at < len(words) - 1 and log_p == pytest.approx(math.log(hidden_word(words, at)[words[at]]))
    with pytest.raises(ValueError, match="has .* words, not 1000"):
        hidden_places(CORPUS, 1000)


@pytest.mark.parametrize("at", [0, -1, 10_000])
def test_places_that_hold_no_word(at):
    with pytest.raises(ValueError, match="the places of a story's words are 1 to"):
        hidden_word(CORPUS.tokens[0], at)


def test_a_story_that_cannot_be():
    words = [*CORPUS.tokens[0]]
    words[-3:-1] = ["key", "key"]
    with pytest.raises(ValueError, match="no word fits"):
        hidden_word(words, 1)
    with pytest.raises(ValueError, match="the story must be whole"):
        hidden_word(words[:-1], 1)


def test_the_excess_of_an_ideal_model_is_zero_and_of_others_is_not():
    """A model that answers with the exact distribution has no excess; one that looks to the left alone has."""
    import torch

    tokenizer = lm.WordTokenizer.train(CORPUS.texts)
    rows, hidden = tokenizer.rows(CORPUS.texts), len(tokenizer)
    places = hidden_places(CORPUS, 2, seed=7)

    class Ideal(torch.nn.Module):
        def __init__(self, sides):
            super().__init__()
            self.sides, self.nothing = sides, torch.nn.Parameter(torch.zeros(1))

        def forward(self, ids):
            at = ids[0].tolist().index(hidden)
            words = ["?" if i == hidden else tokenizer.tokens[i] for i in ids[0].tolist()]
            best = hidden_word(words, at) if self.sides == 2 else next_word(words[:at])
            logits = torch.full((1, ids.shape[1], len(tokenizer)), -1e9)
            for word, p in best.items():
                if word in tokenizer.ids:
                    logits[0, at, tokenizer.ids[word]] = math.log(p)
            return logits

    both = lm.evaluation.excess_at_hidden(Ideal(2), rows, CORPUS, places, hidden)
    left = lm.evaluation.excess_at_hidden(Ideal(1), rows, CORPUS, places, hidden)
    assert abs(both.mean) < 1e-2 and left.mean > 0.2 and sum(both.counts.values()) == len(places)
    assert both.floor == pytest.approx(left.floor, abs=1e-6) and left.loss == pytest.approx(left.floor + left.mean)
    with pytest.raises(ValueError, match="the optimum holds only where one word is one token"):
        lm.evaluation.excess_at_hidden(Ideal(2), [row[1:] for row in rows], CORPUS, places, hidden)
