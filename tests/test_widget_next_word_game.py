"""NextWordGame in Python: what it stores of each guesser, what it refuses."""
import json
import math

import numpy as np
import pytest

import lmcourse as lm

pytest.importorskip("anywidget")
STORY = lm.world.stories(1, seed=5).tokens[0][1:-1]
WORDS = [lm.world.END, *sorted({*STORY, "key"})]
V = len(WORDS)


def guesses(seed=0, n=len(STORY)):
    q = np.random.default_rng(seed).random((n, V)) + 0.01
    return q / q.sum(1, keepdims=True)


def game(**changes):
    given = dict(stories=[STORY], kinds=[["k"] * len(STORY)], places=[[9, 4]], guessers={"bigram": [guesses()], "world": [guesses(1)]}, words=WORDS, model_name="GPT")
    traits = {name: changes.pop(name) for name in list(changes) if name not in given}
    return lm.widgets.NextWordGame(**(given | changes), **traits)


@pytest.mark.parametrize("changes, says", [
    ({"kinds": []}, "1 stories need as many lists of kinds"), ({"places": [[0]]}, "places from 1"), ({"places": [[999]]}, "places from 1"), ({"places": [[]]}, "places from 1"),
    ({"guessers": {"bigram": [guesses()[:5]]}}, "bigram: shape"), ({"guessers": {"bigram": [guesses() * 2]}}, "rows that sum to 1"),
    ({"guessers": {"bigram": []}}, "each guesser's arrays"), ({"words": WORDS[:3]}, "is not among the 3 words"), ({"story": 1}, "story=1; there are 1"),
    ({"guesses": [[0, 4, "key", 0.5]]}, "guesses holds"), ({"guesses": [[0, 5, "key", 0.6]]}, "guesses holds"), ({"guesses": [[0, 4, "xyz", 0.6]]}, "guesses holds"),
    ({"guesses": [[0, 4, "key", 0.6], [0, 4, "key", 0.6]]}, "each place once"), ({"guesses": [[0]]}, "guesses holds"), ({"sure": 0.5}, "sure=0.5"), ({"unit": "cm"}, "'bits' or 'nats'"),
    ({"guessers": {"LSTM": [guesses()]}}, "two guessers are called 'LSTM'"), ({"model_name": "world"}, "two guessers are called 'world'"), ({"model_name": "LSTM"}, "two guessers are called 'LSTM'")])
def test_what_is_wrong_is_said(changes, says):
    with pytest.raises(ValueError, match=says):
        game(**changes)


def test_a_word_that_came_must_have_had_a_chance():
    q = guesses()
    q[4, WORDS.index(STORY[4])] = 0
    with pytest.raises(ValueError, match="had probability 0"):
        game(guessers={"bigram": [q / q.sum(1, keepdims=True)]})


def test_words_that_are_no_tokens_of_the_model():
    strange = ["elephant", *STORY[1:]]
    with pytest.raises(ValueError, match="each word is one token"):
        game(stories=[strange], words=[*WORDS, "elephant"], guessers={"world": [np.full((len(STORY), V + 1), 1 / (V + 1))]})


def test_what_is_stored_is_the_chance_of_the_word_that_came_its_rank_and_the_first_words():
    story = game().stories[0]
    assert story["places"] == [4, 9]
    for k, (name, q) in enumerate((("bigram", guesses()), ("world", guesses(1)))):
        for place, (log_q, rank, first) in zip([4, 9], story["table"][k]):
            row, came = q[place], WORDS.index(STORY[place])
            assert log_q == pytest.approx(math.log(row[came]), abs=1e-4) and rank == 1 + int((row > row[came]).sum())
            by_chance = [WORDS[i] for i in np.argsort(-row) if WORDS[i] != lm.world.END]
            assert first == by_chance[:6 if name == "bigram" else 3]


def test_state_follows_and_is_small():
    shown = game(guesses=[[0, 4, "", 0.6]])
    assert lm.world.END not in shown.words and "0x" not in repr(shown)
    shown.guesses = [*shown.guesses, [0, 9, "key", 0.99]]
    assert "2 guessed" in shown.described and shown._picture()[1:4] == b"PNG"
    assert len(json.dumps({key: value for key, value in shown.get_state().items() if key not in ("_esm", "_css")})) < 16384


def test_the_picture_shows_what_each_pays_the_two_of_the_page_with_them(monkeypatch):
    import lmcourse.plots
    drawn = {}
    monkeypatch.setattr(lmcourse.plots, "bars_by_kind", lambda rows, **words: drawn.update(rows["words to guess"]))
    shown = game(unit="nats")
    shown._figure()
    assert list(drawn) == ["bigram", "LSTM", "GPT", "world"] and shown.lstm.startswith("course-lstm@sha256:") and "lstm='course-lstm@sha256:" in repr(shown)
    for name, model in (("LSTM", "course-lstm"), ("GPT", "course-gpt")):
        model, tokenizer, _ = lm.pretrained(model)
        losses = lm.evaluation.token_losses(model, tokenizer.rows([lm.world.render(STORY)])[0])
        assert drawn[name] == pytest.approx(float(losses[[4, 9]].mean()), abs=1e-5)
    assert drawn["world"] == pytest.approx(-sum(math.log(guesses(1)[place, WORDS.index(STORY[place])]) for place in (4, 9)) / 2, abs=1e-3)
