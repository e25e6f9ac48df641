"""MaskLab, Python's side: its answers are the models', its optimum is the world's, and what is wrong is said."""
import base64
import json
import random

import pytest

import lmcourse as lm
from lmcourse.widgets import sources

torch = pytest.importorskip("torch")
pytest.importorskip("anywidget")
CORPUS = lm.world.stories(3, seed=909)


def tables(corpus):
    """(both, left) as MaskLab wants them, from the world itself."""
    inside = [(words, range(1, len(words) - 1)) for words in corpus.tokens]
    return ([[lm.world.hidden_word(words, i) for i in places] for words, places in inside],
            [[lm.world.next_word(words[:i]) for i in places] for words, places in inside])


BOTH, LEFT = tables(CORPUS)


@pytest.fixture
def lab():
    return lm.widgets.MaskLab(CORPUS.texts[:2], BOTH[:2], LEFT[:2])


def test_answers_are_the_models(lab):
    """Against one run of each model over ids that were put together by the tokenizers' own `rows`."""
    bert, gpt = lm.pretrained("course-bert"), lm.pretrained("course-gpt")
    rng = random.Random(3)
    for text in (CORPUS.texts[0], CORPUS.texts[2], "Anna Bell had a red key. She", "Nobody knows 你好 this."):
        lab.text = text
        words = bert.tokenizer.words(text)
        lab.place = rng.randrange(len(words))
        found = lab.answers()
        pieces = [bert.tokenizer.pieces(word) for word in words]
        row = [bert.tokenizer.start_id, *sum([[bert.tokenizer.mask_id] if i == lab.place else p for i, p in enumerate(pieces)], []), bert.tokenizer.end_id]
        with torch.no_grad():
            q = bert.model(torch.tensor([row]))[0, row.index(bert.tokenizer.mask_id)].softmax(-1)
        assert found["masked"] == pytest.approx(dict(zip(bert.tokenizer.tokens, q.tolist())))
        left = text[:[i for i in range(len(text) + 1) if bert.tokenizer.words(text[:i]) == words[:lab.place]][0]]
        with torch.no_grad():
            q = gpt.model(torch.tensor(gpt.tokenizer.rows([left]))[:, :-1])[0, -1].softmax(-1)
        assert found["causal"]["."] == pytest.approx(sum(q[i].item() for i in range(len(q)) if gpt.tokenizer.decode([i]).strip() == "."))
        assert sum(found["causal"].values()) == pytest.approx(1, abs=1e-4)


def test_only_the_masked_model_notices_the_right_side(lab):
    words, _ = lab.hidden()
    lab.place = 8
    before = lab.answers()
    lab.text = CORPUS.texts[0].rsplit(" ", 4)[0] + " the old lake was cold."
    after = lab.answers()
    assert after["causal"] == pytest.approx(before["causal"])
    assert after["masked"] != pytest.approx(before["masked"])


def test_the_optimum_is_the_worlds_as_far_as_it_holds(lab):
    rng = random.Random(4)
    for s in (0, 1):
        lab.text, lab.place = CORPUS.texts[s], rng.randrange(3, len(BOTH[s]))
        word, best = lab.hidden()[0][lab.place], lab.optimum()
        for kind, exact in (("masked", BOTH[s][lab.place]), ("causal", LEFT[s][lab.place])):
            kept = best[kind]
            assert word in kept and all(abs(kept[w] - exact[w]) <= 5e-5 for w in kept if w)
            assert all(p <= kept.get("", 0) + 1e-4 for w, p in exact.items() if w not in kept)
            assert max(exact, key=exact.get) in kept or max(exact.values()) == pytest.approx(max(kept.values()), abs=1e-4)
    lab.text = lab.text.rsplit(" ", 1)[0]                               # the end is gone: the left side still holds
    assert lab.optimum()["masked"] is None and lab.optimum()["causal"] == best["causal"]
    lab.text = "The " + lab.text
    assert lab.optimum() == {"masked": None, "causal": None}


@pytest.mark.parametrize("wrong, says", [
    ({"text": " \n"}, "text is empty"), ({"place": -1}, "place=-1; it is a whole number from 0 up"), ({"place": 1.5}, "whole number"),
    ({"stories": ["a"] * 5, "both": [[]] * 5, "left": [[]] * 5}, "at most 4 stories"), ({"stories": CORPUS.texts[:1]}, "1 stories, 0 and 0 tables"),
    ({"stories": CORPUS.texts[:1], "both": [BOTH[0][:-1]], "left": LEFT[:1]}, "each word needs one"),
    ({"stories": CORPUS.texts[:1], "both": LEFT[1:2], "left": LEFT[:1]}, "each word needs one|lacks it"),
    ({"stories": ["the key"], "both": [[{"the": 1.0}, {"map": 1.0}]], "left": [[{"the": 1.0}, {"key": 1.0}]]}, "'key' lacks it"), ({"hide": 3}, "no 'hide'")])
def test_what_is_wrong_is_said(wrong, says):
    with pytest.raises((ValueError, TypeError), match=says):
        lm.widgets.MaskLab(**{"text": "Anna Bell had a red key.", **wrong})


def test_nothing_given_is_said_and_nothing_changes_by_a_wrong_value(lab):
    with pytest.raises(ValueError, match="text is empty"):
        lm.widgets.MaskLab()
    before = lab.get_state(["text", "place"])
    for name, value in (("text", ""), ("place", -3)):
        with pytest.raises(ValueError):
            setattr(lab, name, value)
    assert lab.get_state(["text", "place"]) == before


@pytest.mark.parametrize("text", ["key " * 500, "钥匙" * 300, "unhappy, strange words " * 40])
def test_a_long_text_is_cut_with_a_message(text):
    with pytest.warns(UserWarning, match="its first .* characters fit"):
        lab = lm.widgets.MaskLab(text=text)
    assert text.startswith(lab.text) and len(lab.source.tokenizer.encode(lab.text)) <= lab.source.max_tokens
    assert len(lab.masked.tokenizer.rows([lab.text])[0]) <= lab.masked.config["max_len"]
    lab.place = 10 ** 6
    assert lab.hidden()[1] == len(lab.hidden()[0]) - 1 and lab.answers()


def test_it_names_both_models_and_stores_little(lab):
    again = lm.widgets.MaskLab(CORPUS.texts[:2], BOTH[:2], LEFT[:2])
    assert repr(lab) == repr(again) and "0x" not in repr(lab)
    bert = sources.find("course-bert", kind="bert").name
    for digest in (lab.code.split("@")[1], lab.weights.split(":")[1], bert.split(":")[1]):
        assert digest[:8] in repr(lab)
    assert lab.encoder == bert and lab.carrier_encoder == again.carrier_encoder != lab.carrier
    state = {name: value for name, value in lab.get_state().items() if name not in ("_esm", "_css")}
    assert len(json.dumps(state, default=str)) < 16_000
    data, _ = lab._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG") and len(data["image/png"]) < 80_000


def test_it_describes_itself(lab):
    lab.place = 2
    words = lab.hidden()[0]
    assert f"Word 3 of {len(words)}, “{words[2]}”" in lab.described and lab.text in lab.described
