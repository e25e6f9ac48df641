"""The story world: its probabilities are exact, its floor is a floor, and it needs memory."""
import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lmcourse as lm
from lmcourse.world import END, KINDS, next_word, next_words, render, stories
from lmcourse.world.grammar import FIXED


@pytest.fixture(scope="module")
def corpus():
    return stories(3000, seed=5)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2 ** 40))
def test_replaying_a_story_gives_its_stored_probabilities(seed):
    one = stories(1, seed)
    words, log_probs = one.tokens[0], one.log_probs[0]
    for i in range(1, len(words)):
        options = next_word(words[:i])
        assert sum(options.values()) == pytest.approx(1, abs=1e-12)
        assert math.log(options[words[i]]) == pytest.approx(log_probs[i], abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2 ** 40), st.integers(0, 60))
def test_the_distribution_after_every_word_of_a_text(seed, kept):
    words = stories(1, seed).tokens[0][:-1]
    found = next_words(render(words[1:kept + 1]))
    assert [word for word, _ in found] == words[:kept + 1]
    for i, (_, options) in enumerate(found):
        assert options == next_word(words[:i + 1])
    stopped = next_words(render(words[1:kept + 1]) + " zebra.")
    assert stopped == found
    assert next_words("") == next_words("Zebra") == [(END, next_word([END]))]


def test_drawn_words_have_the_frequencies_that_the_grammar_states(corpus):
    """The draw and the stated distribution are different code: compare them where the choice is always the same."""
    counts = Counter(words[2] for words in corpus.tokens)
    for word, p in next_word([END, "One"]).items():
        assert abs(counts[word] / len(corpus) - p) < 4 * math.sqrt(p * (1 - p) / len(corpus))


def test_the_floor_is_the_stories_own_mean_loss(corpus):
    other = stories(3000, seed=6)
    assert abs(corpus.floor - other.floor) < 0.02                       # 4 standard errors of 3,000 stories
    by_hand = -sum(lp for row in corpus.log_probs for lp in row) / sum(len(row) - 1 for row in corpus.tokens)
    assert corpus.floor == pytest.approx(by_hand)


def test_a_bigram_model_stays_far_above_the_floor(corpus):
    """Conditional entropy of the next word given one word, counted on the same stories (which flatters the bigram)."""
    pairs = Counter(pair for words in corpus.tokens for pair in zip(words, words[1:]))
    first = Counter()
    for (a, _), n in pairs.items():
        first[a] += n
    total = sum(pairs.values())
    bigram = -sum(n * math.log(n / first[a]) for (a, _), n in pairs.items()) / total
    assert bigram - corpus.floor >= 1.2


def test_fixed_words_are_a_minority(corpus):
    kinds = Counter(kind for row in corpus.kinds for kind in row)
    assert kinds[FIXED] / sum(kinds.values()) <= 0.45
    assert set(kinds) == {*KINDS, "start"}


def test_the_same_seed_gives_the_same_stories_and_another_gives_others():
    assert stories(20, 1).texts == stories(20, 1).texts
    assert stories(20, 1).texts != stories(20, 2).texts
    assert stories(20, 1).texts == stories(30, 1).texts[:20]


def test_text_reads_like_text(corpus):
    for text, words in zip(corpus.texts[:200], corpus.tokens):
        assert not text.startswith(" ") and " ." not in text and "  " not in text and END not in text
        assert render(words[1:-1]) == text
        assert text.endswith(".") and text.startswith("One ")


def test_every_prefix_of_columns_has_one_length(corpus):
    for columns in zip(corpus.tokens, corpus.log_probs, corpus.kinds, corpus.about):
        assert len(set(map(len, columns))) == 1
    assert corpus.vocabulary[0] == END and len(corpus.vocabulary) == 210


def test_clear_errors():
    with pytest.raises(ValueError, match="at least 1"):
        stories(0)
    with pytest.raises(ValueError, match="'noon', is impossible here; possible are morning"):
        next_word([END, "One", "noon"])
    with pytest.raises(ValueError, match="begins with"):
        next_word(["One"])
    with pytest.raises(ValueError, match="the story is over"):
        next_word([*stories(1, 3).tokens[0], "One"])


def test_public_name():
    assert lm.world.stories is stories
