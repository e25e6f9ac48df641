"""TranslationExplorer, Python's side: what it reads is what the model does, and what is wrong is said."""
import base64
import json

import numpy as np
import pytest

import lmcourse as lm
from lmcourse.widgets import sources

torch = pytest.importorskip("torch")
pytest.importorskip("anywidget")
from small import randomised  # noqa: E402

PAIRS = lm.world.translations(40, 12).pairs
WORDS = lm.WordTokenizer.train([text for pair in PAIRS for text in pair])
TEXT, TARGET = PAIRS[0]


@pytest.fixture(scope="module")
def model():
    """A small random Seq2Seq."""
    end = WORDS.end_id
    return randomised(lm.Seq2Seq(lm.TransformerConfig(vocab_size=len(WORDS), d_model=32, n_heads=4, n_layers=2, max_len=20, pad_id=end, start_id=end)), std=0.3)


@pytest.fixture
def lab(model):
    return lm.widgets.TranslationExplorer(model, WORDS, TEXT)


def equal(seen, other):
    pairs = [(seen.logits, other.logits), *(pair for part in ("encoder", "decoder", "cross") for pair in zip(getattr(seen, part), getattr(other, part)))]
    return all(torch.equal(a, b) for a, b in pairs)


def test_it_reads_what_the_model_writes(lab, model):
    source, target, seen = lab.read()
    assert source == TEXT.split() and target[0] == "start"
    ids = lm.generate(model, [WORDS.encode(TEXT)], 19, stop=WORDS.end_id)[0]
    ids = ids[:-1] if ids[-1] == WORDS.end_id else ids
    assert target[1:] == [WORDS.tokens[i] for i in ids[1:]]
    assert equal(seen, lm.record(model, (torch.tensor([WORDS.encode(TEXT)]), torch.tensor([ids]))))


def test_ones_own_target_mask_off_and_heads_off(lab, model):
    lab.target, lab.causal, lab.heads_off = TARGET, False, [("encoder", 0, 1), ("cross", 1, 2)]
    assert lab.heads_off == [["cross", 1, 2], ["encoder", 0, 1]]
    pair = torch.tensor([WORDS.encode(TEXT)]), torch.tensor([[WORDS.end_id, *WORDS.encode(TARGET)]])
    with lm.ablate(model, [(0, 1)], part="encoder"), lm.ablate(model, [(1, 2)], part="cross"):
        expected = lm.record(model, pair, causal=False)
    _, target, seen = lab.read()
    assert target[1:] == TARGET.split() and equal(seen, expected) and not equal(seen, lm.record(model, pair))
    lab.target = ""
    with lm.ablate(model, [(0, 1)], part="encoder"), lm.ablate(model, [(1, 2)], part="cross"):
        written = lm.generate(model, [WORDS.encode(TEXT)], 19, stop=WORDS.end_id)[0][1:]
    assert lab.read()[1][1:] == [WORDS.tokens[i] for i in written if i != WORDS.end_id]
    assert all(attention.probe is None for block in model.blocks for attention in (block.attention, block.cross_attention))


@pytest.mark.parametrize("wrong, says", [
    ({"text": " \n"}, "text is empty; give a sentence, such as 'Anna found a red key"), ({"text": "Anna Bell had a key ."}, "'Bell' is not among the .* words"),
    ({"target": "一 unknown 。"}, "'unknown' is not among"), ({"part": "middle"}, "part='middle'; it is 'cross' or 'encoder' or 'decoder'"),
    ({"layer": 2}, "layer=2; this model has 2, counted from 0: 0 to 1"), ({"layer": -1}, "layer=-1"), ({"place": 1.5}, "whole number"),
    ({"head": 4}, "head=4; this model has 4, counted from 0: 0 to 3"), ({"head": -2}, "head=-2; it is a whole number from -1"),
    ({"heads_off": [("cross", 0, 4)]}, "head in heads_off=4; this model has 4"), ({"heads_off": [("cross", 2, 0)]}, "layer in heads_off=2; this model has 2"),
    ({"heads_off": [("middle", 0, 0)]}, "part in heads_off='middle'; it is 'cross' or 'encoder' or 'decoder'"),
    ({"heads_off": [(0, 0)]}, r"heads_off holds \[0, 0\]; it is a list of \(part, layer, head\), such as"),
    ({"colour": 3}, "no 'colour'")])
def test_what_is_wrong_is_said(wrong, says, model):
    with pytest.raises((ValueError, TypeError), match=says):
        lm.widgets.TranslationExplorer(model, WORDS, **{"text": TEXT, **wrong})


def test_what_is_given_must_be_a_seq2seq(model):
    gpt = lm.GPT(lm.TransformerConfig(vocab_size=len(WORDS), d_model=32))
    with pytest.raises(ValueError, match="It is a GPT, not a Seq2Seq"):
        lm.widgets.TranslationExplorer(gpt, WORDS, TEXT)
    with pytest.raises(ValueError, match="It is a Seq2Seq, not a GPT"):
        lm.widgets.AttentionExplorer(model, WORDS, "Anna")
    with pytest.raises(ValueError, match="a Seq2Seq needs its tokenizer"):
        lm.widgets.TranslationExplorer(model, text=TEXT)
    with pytest.raises(ValueError, match="no bundled model is called 'course-gpt'"):
        lm.widgets.TranslationExplorer("course-gpt", text=TEXT)
    with pytest.raises(ValueError, match="text is empty"):
        lm.widgets.TranslationExplorer(model, WORDS)


def test_nothing_changes_by_a_wrong_value(lab):
    before = lab.get_state(["text", "target", "layer", "head", "heads_off"])
    for name, value in (("text", ""), ("text", "xyz"), ("target", "xyz"), ("layer", 5), ("head", 9), ("heads_off", [["cross", 9, 0]])):
        with pytest.raises(ValueError):
            setattr(lab, name, value)
    assert lab.get_state(["text", "target", "layer", "head", "heads_off"]) == before


@pytest.mark.parametrize("name, most", [("text", 20), ("target", 19)])
def test_a_long_text_is_cut_with_a_message(lab, name, most):
    with pytest.warns(UserWarning, match=f"{name} has 30 words; the first {most} fit"):
        setattr(lab, name, " ".join([TEXT.split()[0]] * 30))
    assert len(getattr(lab, name).split()) == most
    lab.place = 10 ** 6
    assert lab.read() and lab._figure()


@pytest.mark.parametrize("part", ["cross", "encoder", "decoder"])
@pytest.mark.parametrize("head", [2, -1])
def test_its_picture_is_the_map(lab, part, head):
    lab.part, lab.head, lab.layer = part, head, 1
    source, target, seen = lab.read()
    weights = getattr(seen, part)[1][0]
    weights = weights.mean(0) if head < 0 else weights[head]
    drawn = lab._figure().axes[0].images[0].get_array()
    assert drawn.shape == {"cross": (len(target), len(source)), "encoder": (len(source),) * 2, "decoder": (len(target),) * 2}[part]
    assert (drawn.mask == (np.triu(np.ones(drawn.shape), 1) if part == "decoder" else np.zeros(drawn.shape))).all()       # empty where the mask hides
    assert torch.allclose(torch.tensor(drawn.filled(0)) ** 2, weights.double(), atol=1e-6)
    assert f"{part.capitalize()} attention of layer 2, {'head 3' if head == 2 else 'the mean of its heads'}" in lab.described and TEXT in lab.described


def test_it_names_its_model_and_stores_little(lab, model):
    again = lm.widgets.TranslationExplorer(model, WORDS, TEXT)
    assert repr(lab) == repr(again) and "0x" not in repr(lab) and lab.weights.split(":")[1][:8] in repr(lab) and lab.carrier == again.carrier
    state = {name: value for name, value in lab.get_state().items() if name not in ("_esm", "_css")}
    assert len(json.dumps(state, default=str)) < 4_000
    data, _ = lab._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG") and len(data["image/png"]) < 80_000


@pytest.mark.parametrize("name", sources.bundled("seq2seq"))
def test_the_bundled_model_translates(name):
    lab = lm.widgets.TranslationExplorer(text=lm.world.translations(1, 5, "test").pairs[0][0])
    assert lab.weights == sources.find(name, kind="seq2seq").name and name in repr(lab)
    assert " ".join(lab.read()[1][1:]) in lm.world.translations(1, 5, "test").answers[0]
