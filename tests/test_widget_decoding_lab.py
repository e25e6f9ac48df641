"""DecodingLab, Python's side: what it writes is what generate writes; what is wrong with a trait is said."""
import base64
import json

import pytest
from hypothesis import given, settings, strategies as st

import lmcourse as lm
from lmcourse.generation import Draws

torch = pytest.importorskip("torch")
pytest.importorskip("anywidget")


@pytest.fixture(scope="module")
def model():
    return lm.pretrained("course-gpt")


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(["", "One night", "The giraffe"]), st.floats(0.3, 2), st.sampled_from([0, 1, 7]), st.floats(0.2, 1), st.floats(0, 0.5), st.floats(1, 1.5),
       st.integers(0, 9999), st.integers(1, 30))
def test_it_writes_what_generate_writes(text, temperature, top_k, top_p, min_p, penalty, seed, steps):
    gpt, tokenizer, _ = lm.pretrained("course-gpt")
    lab = lm.widgets.DecodingLab(text=text, temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p, repetition_penalty=penalty, seed=seed, steps=steps)
    prompt = [tokenizer.end_id, *tokenizer.encode(text)]
    strategy = lm.Sample(temperature, top_k or None, top_p, min_p or None, penalty)
    assert prompt + lab.written() == lm.generate(gpt, [prompt], steps, strategy, tokenizer.end_id, Draws(seed))[0]
    lab.steps = steps - 1
    assert lab.written() == lm.generate(gpt, [prompt], steps, strategy, tokenizer.end_id, Draws(seed))[0][len(prompt):][:steps - 1]


def test_greedy_beam_and_the_full_stop(model):
    gpt, tokenizer, _ = model
    prompt = [tokenizer.end_id, *tokenizer.encode("One night")]
    lab = lm.widgets.DecodingLab(text="One night", way="greedy", steps=4096)
    assert prompt + lab.written() == lm.generate(gpt, [prompt], 158, lm.Greedy(), tokenizer.end_id)[0]
    lab.way, lab.length_penalty = "beam", 0
    assert prompt + lab.written() == lm.generate(gpt, [prompt], 158, lm.Beam(3, 0), tokenizer.end_id)[0]
    lab.way, lab.stop = "greedy", "sentence"
    assert tokenizer.decode(lab.written()).count(".") == 1 and tokenizer.decode(lab.written()).endswith(".")
    lab.steps = 0
    assert lab.written() == []


@pytest.mark.parametrize("wrong, says", [
    ({"way": "best"}, "way='best'; it is 'sample' or 'greedy' or 'beam'"), ({"temperature": 0}, "from 0.1 to 5"), ({"top_k": 51}, "whole number from 0 to 50"), ({"top_k": 1.5}, "whole"),
    ({"top_p": 0}, "from 0.01 to 1"), ({"min_p": 1.1}, "from 0 to 1"), ({"repetition_penalty": 0.9}, "from 1 to 2"), ({"beams": 6}, "from 1 to 5"),
    ({"length_penalty": -1}, "from 0 to 2"), ({"seed": -1}, "from 0 to 9999"), ({"steps": -1}, "steps=-1"), ({"stop": "never"}, "'end' or 'sentence'")])
def test_what_is_wrong_is_said(wrong, says):
    with pytest.raises(ValueError, match=says):
        lm.widgets.DecodingLab(**wrong)
    lab = lm.widgets.DecodingLab()
    before = lab.get_state(list(wrong))
    with pytest.raises(ValueError, match=says):
        lab.set_trait(*next(iter(wrong.items())))
    assert lab.get_state(list(wrong)) == before


def test_a_long_text_is_cut_with_a_message_and_a_space_at_the_end_is_no_token():
    with pytest.warns(UserWarning, match=r"the first \d+ fit"):
        lab = lm.widgets.DecodingLab(text="key " * 500, steps=9)
    assert len(lab.prompt()) == lab.source.config["max_len"] and len(lab.written()) == 1
    assert lm.widgets.DecodingLab(text="One night ").text == "One night"


def test_repr_picture_and_the_description():
    lab, again = lm.widgets.DecodingLab(steps=3), lm.widgets.DecodingLab(steps=3)
    assert repr(lab) == repr(again) and lab.code.split("@")[1][:8] in repr(lab) and lab.weights.split(":")[1][:8] in repr(lab)
    lab.temperature = 2
    assert "temperature 2" in lab.described
    for way in ("sample", "greedy", "beam"):
        lab.way = way
        data, _ = lab._repr_mimebundle_()
        assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG") and len(data["image/png"]) < 120_000
    assert len(json.dumps({key: value for key, value in lab.get_state().items() if key not in ("_esm", "_css")})) < 4096
