"""LogitLab, Python's side: its traits say what is wrong with them."""
import base64

import pytest

import lmcourse as lm

pytest.importorskip("torch")
pytest.importorskip("anywidget")


@pytest.mark.parametrize("wrong, says", [
    ({"text": " "}, "text=' '; it is a text of 1 to"), ({"other": ""}, "other=''"), ({"text": "key " * 500}, "a text of 1 to"),
    ({"temperature": 0}, "from 0.1 to 5"), ({"position": -2}, "position=-2"), ({"token": 1.5}, "whole number")])
def test_what_is_wrong_is_said(wrong, says):
    lab = lm.widgets.LogitLab()
    with pytest.raises(ValueError, match=says):
        lab.set_trait(*next(iter(wrong.items())))
    if wrong != {"other": ""}:
        with pytest.raises(ValueError, match=says):
            lm.widgets.LogitLab(**wrong)


def test_repr_picture_and_the_description():
    lab = lm.widgets.LogitLab()
    assert repr(lab) == repr(lm.widgets.LogitLab()) and lab.weights.split(":")[1][:8] in repr(lab)
    lab.temperature = 2
    assert "temperature 2" in lab.described
    data, _ = lab._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
