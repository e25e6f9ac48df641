"""PositionLab, Python's side: its scores are those of lmcourse.models, and what is wrong with a trait is said."""
import base64

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import lmcourse as lm

torch = pytest.importorskip("torch")
pytest.importorskip("anywidget")
KINDS = ["none", "sinusoidal", "rope", "alibi"]


def diagonals(scores):
    """How much the scores of one distance differ between places."""
    return max(np.ptp(np.diagonal(scores, -distance)) for distance in range(len(scores)))


@settings(max_examples=12, deadline=None)
@given(st.sampled_from([8, 16, 32, 64]), st.integers(0, 10 ** 6))
def test_which_scores_depend_on_distance_alone(width, seed):
    query, key = np.random.default_rng(seed).normal(size=(2, 64))
    made = {kind: lm.widgets.PositionLab(kind=kind, width=width, query=query, key=key).scores() for kind in KINDS}
    assert np.allclose(made["none"], query[:width] @ key[:width] / width ** 0.5)
    assert diagonals(made["none"]) < 1e-9 and diagonals(made["alibi"]) < 1e-9 and diagonals(made["rope"]) < 1e-4    # float32 angles
    assert diagonals(made["sinusoidal"]) > 1e-2
    assert np.allclose(np.diagonal(made["rope"]), np.diagonal(made["none"]))           # at distance 0 nothing is turned
    assert (np.diff(np.tril(made["alibi"])[-1]) > 0).all()                             # nearer is higher


def test_a_head_is_a_slope():
    lab = lm.widgets.PositionLab(kind="alibi")
    for head in range(8):
        lab.head = head
        assert lab.scores()[9, 8] - lab.scores()[9, 9] == pytest.approx(-0.5 ** (head + 1))


@pytest.mark.parametrize("wrong, says", [
    ({"kind": "relative"}, "kind='relative'; it is 'sinusoidal' or 'none'"), ({"width": 12}, "width=12; it is 16 or 8 or 32 or 64"),
    ({"position": 32}, "position=32; it is a whole number from 0 to 31"), ({"head": 8}, "head=8; it is a whole number from 0 to 7"),
    ({"query": [1.0] * 8}, "it is a list of 64 numbers from -100 to 100"), ({"key": "abc"}, "it is a list of 64 numbers")])
def test_what_is_wrong_is_said(wrong, says):
    with pytest.raises(ValueError, match=says):
        lm.widgets.PositionLab(**wrong)
    lab = lm.widgets.PositionLab()
    before = lab.get_state(list(wrong))
    with pytest.raises(ValueError, match=says):
        lab.set_trait(*next(iter(wrong.items())))
    assert lab.get_state(list(wrong)) == before


def test_repr_picture_and_the_description():
    lab, again = lm.widgets.PositionLab(), lm.widgets.PositionLab()
    assert repr(lab) == repr(again) and lab.code.split("@")[1][:8] in repr(lab)
    lab.kind = "rope"
    assert "kind rope" in lab.described and repr(lab) != repr(again)
    data, _ = lab._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG") and len(data["image/png"]) < 80_000
