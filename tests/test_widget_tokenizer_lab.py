"""TokenizerLab's Python side: which tokenizers it takes, what it refuses, what it stores. The page's side: tests/pages."""
import json

import pytest

import lmcourse as lm
from lmcourse.tokenizers import END, BPETokenizer
from lmcourse.widgets import stored
from lmcourse.widgets.sources import DATA
from lmcourse.widgets.tokenizer_lab import MOST_BYTES, MOST_CHARACTERS

pytest.importorskip("anywidget")
Lab = lm.widgets.TokenizerLab


@pytest.fixture(scope="module")
def two():
    return {"letters": BPETokenizer([]), "pairs": BPETokenizer([("h", "e"), ("Ġ", "he")], prefix="")}


def test_what_it_stores_is_enough_to_build_the_tokenizer_again(two):
    lab = Lab(two, text="he he")
    assert lab.chosen == "letters" and [each["name"] for each in lab.vocabularies] == ["letters", "pairs"]
    for tokenizer, found in zip(two.values(), lab.vocabularies):
        tokens = list(BPETokenizer([]).tokens[:256])
        for left, right in zip(found["merges"][::2], found["merges"][1::2]):
            tokens.append(tokens[left] + tokens[right])
        assert [*tokens, END] == tokenizer.tokens and found["prefix"] == tokenizer.prefix


def test_the_bundled_models_tokenizer_is_its_own():
    tokenizer = BPETokenizer.load(DATA / "course-gpt")
    lab = Lab("course-gpt", text="Nora Bell")
    assert lab.tokenizers["course-gpt"].encode("Nora Bell") == tokenizer.encode("Nora Bell")
    assert len(json.dumps(lab.vocabularies)) <= MOST_BYTES


@pytest.mark.parametrize("wrong, says", [
    ({"text": ""}, "text is empty; give any text"), ({"chosen": "neither"}, "chosen='neither'; it is 'letters' or 'pairs'"),
    ({"step": -2}, "step=-2; it is a whole number from -1 up"), ({"step": 1.5}, "step=1.5; it is a whole number"),
    ({"under": "letters"}, "under='letters'; it is 'ids' or 'bytes'")])
def test_what_is_wrong_is_said(two, wrong, says):
    with pytest.raises(ValueError, match=says):
        Lab(two, **wrong)
    lab = Lab(two, text="he")
    before = lab.get_state(list(wrong))
    with pytest.raises(ValueError, match=says):                     # later, too; and nothing changes
        for name, value in wrong.items():
            setattr(lab, name, value)
    assert lab.get_state(list(wrong)) == before


@pytest.mark.parametrize("tokenizer, says", [
    ("gpt-9", "no bundled model is called 'gpt-9'; give 'course-gpt' or a BPETokenizer"),
    ({}, "no tokenizer is given"), (lm.CharTokenizer.train(["abc"]), "a CharTokenizer has no merges to show; give a BPETokenizer"),
    ({"x": 7}, "x: a int has no merges"),
    (BPETokenizer([("h", "e")], [END, *BPETokenizer([("h", "e")]).tokens[:-1]]), r"build it anew as BPETokenizer\(tokenizer.merges\)")])
def test_tokenizers_that_it_cannot_show(tokenizer, says):
    with pytest.raises(ValueError, match=says):
        Lab(tokenizer)


def test_too_many_merges_are_refused_with_their_number():
    words = [f"{a}{b}{c}" for a in "abcdefghijklm" for b in "nopqrstuvw" for c in "xyzabcdefghij"]
    large = BPETokenizer.train([" ".join(words)])
    with pytest.raises(ValueError, match=f"{len(large.merges)} merges would take .* Train with a smaller vocab_size"):
        Lab(large)


@pytest.mark.parametrize("letter", ["a", "键", "🔑"])
def test_a_long_text_is_cut_with_a_message(two, letter):
    with pytest.warns(UserWarning, match=f"text has 1000 characters; the first {MOST_CHARACTERS} are shown"):
        assert Lab(two, text=letter * 1000).text == letter * MOST_CHARACTERS


def test_half_a_surrogate_pair_is_shown_as_one_unknown_character(two):
    assert Lab(two, text="a\ud83db").text == "a\ufffdb"


def test_repr_words_and_picture_follow_the_traits(two):
    lab = Lab(two, text="he he", chosen="pairs")
    assert repr(lab).startswith("TokenizerLab(merges={'letters': 0, 'pairs': 2}, text='he he', chosen='pairs', step=-1, code='sha256:")
    assert lab.described == "Tokens of the text: he he"
    whole = lab._picture()
    lab.step = 0
    assert lab._picture() != whole and whole.startswith(b"\x89PNG")
    lab.step, lab.text = 99, "钥匙 $ \n <0x41> 🔑"                       # more steps than there are; signs that the font lacks
    assert lab.described.endswith("🔑") and lab._picture()


def test_a_notebook_stores_less_than_sixteen_kilobytes(two):
    from ipywidgets.embed import dependency_state
    lab = Lab(text="键" * MOST_CHARACTERS)
    nb = stored.strip({"cells": [], "metadata": {"widgets": {stored.STATE: {"state": dependency_state([lab], drop_defaults=False)}}}})
    assert all(len(json.dumps(record)) <= 16_384 for record in stored.records(nb).values())
