"""GradientDescentLab, Python's side: the paths of its picture are those of torch's optimizers, and what is wrong with a trait is said."""
import base64

import numpy as np
import pytest
from descending import by_torch
from hypothesis import given, settings, strategies as st

import lmcourse as lm

pytest.importorskip("torch")
pytest.importorskip("anywidget")


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["valley", "rosenbrock", "two_minima"]), st.sampled_from(["sgd", "momentum", "adam"]), st.floats(1, 20),
       st.floats(1e-4, 0.02), st.floats(0, 0.95), st.integers(1, 60), st.tuples(st.floats(-1.5, 1.5), st.floats(-1.5, 1.5)))
def test_the_picture_shows_the_steps_of_torch(surface, optimizer, steepness, lr, momentum, steps, start):
    lab = lm.widgets.GradientDescentLab(surface=surface, steepness=steepness, lr=lr, momentum=momentum, steps=steps, start=start)
    wanted, shown = by_torch(lab, optimizer), lab._path(optimizer)
    assert np.allclose(shown, wanted[:len(shown)], rtol=1e-6, atol=1e-9)
    assert len(shown) == len(wanted) or np.abs(wanted[len(shown)]).max() >= 1e6


@pytest.mark.parametrize("wrong, says", [
    ({"surface": "hill"}, "surface='hill'; it is 'valley' or 'rosenbrock' or 'two_minima'"), ({"optimizer": "muon"}, "it is 'sgd' or"),
    ({"lr": 0}, "lr=0; it is a number above 0"), ({"momentum": 1}, "momentum=1"), ({"steps": 201}, "steps=201; it is a whole number from 1 to 200"),
    ({"steepness": 0.5}, "from 1 to 100"), ({"start": (3, 0)}, "it is a list of 2 numbers from -2 to 2"), ({"start": [1]}, "list of 2 numbers")])
def test_what_is_wrong_is_said(wrong, says):
    with pytest.raises(ValueError, match=says):
        lm.widgets.GradientDescentLab(**wrong)
    lab = lm.widgets.GradientDescentLab()
    with pytest.raises(ValueError, match=says):
        lab.set_trait(*next(iter(wrong.items())))


def test_repr_picture_and_the_description():
    lab = lm.widgets.GradientDescentLab()
    assert repr(lab) == repr(lm.widgets.GradientDescentLab())
    lab.optimizer, lab.steps = "all", 7
    assert "7 steps" in lab.described and "the path of all" in lab.described
    data, _ = lab._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
