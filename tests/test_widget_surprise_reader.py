"""SurpriseReader, Python's side: the grammar's surprises, and what is wrong with a trait."""
import base64
import json

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import lmcourse as lm

torch = pytest.importorskip("torch")
pytest.importorskip("anywidget")
CORPUS = lm.world.stories(4, seed=21)


@pytest.fixture(scope="module")
def reader():
    return lm.widgets.SurpriseReader(stories=CORPUS)


def test_the_grammars_surprises_are_the_corpus(reader):
    assert reader.text == CORPUS.texts[0] and reader.stories == CORPUS.texts
    for known, log_p in zip(reader.surprises, CORPUS.log_probs):
        assert np.allclose(known, -np.array(log_p[1:]), atol=1e-5)
    assert np.allclose(reader.true_surprises(), -np.array(CORPUS.log_probs[0][1:]), atol=1e-5)
    assert len(json.dumps(reader.surprises)) < 8000


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 3), st.integers(1, 30))
def test_they_hold_as_far_as_a_text_agrees(story, kept):
    words = CORPUS.texts[story].split()
    text = " ".join(words[:kept]) + " zebra"
    reader = lm.widgets.SurpriseReader(stories=CORPUS, text=text)
    prefix = ["<|endoftext|>", *CORPUS.tokens[story][1:]]
    for i, surprise in enumerate(reader.true_surprises()):
        options = lm.world.next_word(prefix[:i + 1])
        assert surprise == pytest.approx(-np.log(options[prefix[i + 1]]), abs=1e-4)
    assert len(reader.true_surprises()) == len(reader.source.tokenizer.encode(" ".join(words[:kept])))


def test_the_end_counts_only_if_asked(reader):
    without = lm.widgets.SurpriseReader(stories=CORPUS, ended=False)
    assert len(without.true_surprises()) == len(reader.true_surprises()) - 1
    assert lm.widgets.SurpriseReader(text="Nobody knows this.").true_surprises() == []


@pytest.mark.parametrize("wrong, says", [
    ({"text": " "}, "text is empty"), ({"colour": "red"}, "'model' or 'grammar' or 'difference'"), ({"place": -2}, "place=-2; it is a whole number from -1 up")])
def test_what_is_wrong_is_said(reader, wrong, says):
    with pytest.raises(ValueError, match=says):
        lm.widgets.SurpriseReader(stories=CORPUS, **wrong)
    before = reader.get_state(list(wrong))
    with pytest.raises(ValueError, match=says):
        reader.set_trait(*next(iter(wrong.items())))
    assert reader.get_state(list(wrong)) == before


def test_too_many_stories_and_other_tokens():
    with pytest.raises(ValueError, match="7 stories; at most 6"):
        lm.widgets.SurpriseReader(stories=lm.world.stories(7, seed=1))
    with pytest.raises(ValueError, match="text is empty"):
        lm.widgets.SurpriseReader()
    tokenizer = lm.BPETokenizer.train(CORPUS.texts, 300)
    model = lm.GPT(lm.TransformerConfig(len(tokenizer), d_model=16, n_heads=2, n_layers=1, max_len=200))
    with pytest.raises(ValueError, match="a word is not one token"):
        lm.widgets.SurpriseReader(model, tokenizer, stories=CORPUS)
    assert lm.widgets.SurpriseReader(model, tokenizer, text="Anna had").weights.startswith("GPT@sha256:")


def test_a_long_text_is_cut_with_a_message():
    with pytest.warns(UserWarning, match=r"the first \d+ fit"):
        reader = lm.widgets.SurpriseReader(text="key " * 500)
    assert len(reader.source.tokenizer.encode(reader.text)) <= reader.source.max_tokens


def test_repr_and_picture(reader):
    again = lm.widgets.SurpriseReader(stories=CORPUS)
    assert repr(reader) == repr(again) and reader.code.split("@")[1][:8] in repr(reader) and "0x" not in repr(reader)
    data, _ = reader._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG") and len(data["image/png"]) < 80_000
