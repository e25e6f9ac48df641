"""NormLab, Python's side, and the deep stack beneath it: norms against their definitions, what is wrong with a trait is said."""
import base64
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import lmcourse as lm

torch = pytest.importorskip("torch")
pytest.importorskip("anywidget")
from lmcourse.interpret.depth import NORMS, PLACES, DeepStack, by_depth, drawn  # noqa: E402

MATH = Path(__file__).resolve().parents[1] / "lmcourse" / "widgets" / "js" / "norm_math.js"
numbers = st.floats(-10, 10).map(lambda v: round(v, 2))


def mulberry32(seed):
    """The generator step by step, in whole numbers."""
    a, low = seed, 0xFFFFFFFF
    while True:
        a = (a + 0x6D2B79F5) & low
        t = ((a ^ a >> 15) * (a | 1)) & low
        t ^= (t + ((t ^ t >> 7) * (t | 61) & low)) & low
        yield ((t ^ t >> 14) & low) / 2 ** 32


@pytest.mark.parametrize("seed", [0, 1, 7, 2 ** 32 - 1])
def test_the_numbers_drawn_are_those_of_mulberry32(seed):
    step = mulberry32(seed)
    assert drawn(seed, 3, 5).flatten().tolist() == pytest.approx([(2 * next(step) - 1) * 3 ** 0.5 for _ in range(15)], abs=1e-15)
    many = drawn(seed, 20_000)
    assert abs(many.mean()) < 0.03 and abs(many.std() - 1) < 0.02


@settings(max_examples=40, deadline=None)
@given(st.lists(numbers, min_size=4, max_size=8), st.floats(1e-8, 1), st.floats(-3, 3), st.floats(-5, 5))
def test_outputs_are_the_definitions(x, eps, gain, bias):
    found = lm.widgets.NormLab(x=x, eps=eps, gain=gain, bias=bias).outputs()
    x = np.array(x)
    unit = (x - x.mean()) / np.sqrt(x.var() + eps)
    assert found["layer"].numpy() == pytest.approx(gain * unit + bias, abs=1e-9)
    assert found["rms"].numpy() == pytest.approx(gain * x / np.sqrt((x ** 2).mean() + eps), abs=1e-9)
    assert found["document"].numpy() == pytest.approx(x + unit, abs=1e-9)


def test_the_page_and_torch_agree_on_every_stack():
    cases = [dict(layers=layers, residual=residual, place=place, norm=norm, scale=scale, seed=seed) for residual in ("on", "off") for place in PLACES
             for norm in NORMS for layers, scale, seed in ((48, 1.0, 1), (13, 1.7, 999), (1, 0.1, 0))]
    script = f"import {{byDepth}} from {MATH.as_uri()!r}; console.log(JSON.stringify({json.dumps(cases)}.map(byDepth)))"
    done = subprocess.run([shutil.which("node"), "--input-type=module", "-e", script], capture_output=True, text=True, check=True)
    for case, of_page in zip(cases, json.loads(done.stdout)):
        ours = lm.widgets.NormLab(view="depth", **case).depth()
        assert len(ours.signal) == len(ours.gradient) == case["layers"] + 1
        assert of_page["signal"] == pytest.approx(ours.signal, rel=1e-6), case
        assert of_page["gradient"] == pytest.approx(ours.gradient, rel=1e-6), case


def test_what_the_stack_promises():
    x = drawn(5, 8, 32)
    free = by_depth(DeepStack(residual=False, place="none", layers=6), x)
    doubled = by_depth(DeepStack(residual=False, place="none", layers=6, scale=2), x)
    assert doubled.signal[6] == pytest.approx(2 ** 6 * free.signal[6], rel=1e-5)                      # no norm: the weights' size is the signal's
    post = [by_depth(DeepStack(residual=False, place="after", scale=s), x).signal[-1] for s in (0.5, 2)]
    assert post == pytest.approx([1, 1], rel=1e-2)                                                     # a norm: it is not
    nothing = by_depth(DeepStack(place="before", scale=0.0), x)
    assert nothing.signal[0] == nothing.signal[-1] and nothing.gradient[0] == nothing.gradient[-1]     # the identity path
    for wrong, says in (({"place": "between"}, "place='between' must be one of before"), ({"norm": "batch"}, "norm='batch' must be one of layer")):
        with pytest.raises(ValueError, match=says):
            DeepStack(**wrong)


@pytest.mark.parametrize("wrong, says", [
    ({"x": [1, 2, 3]}, "it is a list of 4 to 8 numbers from -10 to 10"), ({"x": [11] * 4}, "from -10 to 10"), ({"eps": 0}, "eps=0; it is a number from 1e-08 to 1"),
    ({"norm": "batch"}, "norm='batch'; it is 'layer' or 'rms' or 'document'"), ({"place": "pre"}, "it is 'before' or 'after' or 'none'"),
    ({"residual": True}, "residual=True; it is 'on' or 'off'"), ({"layers": 49}, "layers=49; it is a whole number from 1 to 48"), ({"view": "both"}, "view='both'"),
    ({"scale": 3}, "scale=3; it is a number from 0.1 to 2"), ({"seed": -1}, "seed=-1"), ({"gain": 4}, "gain=4"), ({"bias": -6}, "bias=-6")])
def test_what_is_wrong_is_said(wrong, says):
    with pytest.raises(ValueError, match=says):
        lm.widgets.NormLab(**wrong)
    lab = lm.widgets.NormLab()
    before = lab.get_state(list(wrong))
    with pytest.raises(ValueError, match=says):
        lab.set_trait(*next(iter(wrong.items())))
    assert lab.get_state(list(wrong)) == before


@pytest.mark.parametrize("view, says", [("vector", "3, -1, 4"), ("depth", "stack of 48 layers, residual on, with LayerNorm before")])
def test_repr_picture_and_the_description(view, says):
    lab, again = lm.widgets.NormLab(view=view), lm.widgets.NormLab(view=view)
    assert repr(lab) == repr(again) and lab.code.split("@")[1][:8] in repr(lab)
    assert says in lab.described
    data, _ = lab._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG") and len(data["image/png"]) < 80_000
    lab.norm = "rms"
    assert repr(lab) != repr(again)
    heard = []
    lab.observe(lambda change: heard.append(change["new"]), "x")
    lab.set_state({"x": [1.0, 2.0, 3.0, 4.0]})                          # what a message from the page does
    assert heard == [[1.0, 2.0, 3.0, 4.0]]
