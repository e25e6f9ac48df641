"""AttentionStepper, Python's side: its numbers are lm.attention's, its traits say what is wrong with them."""
import base64

import pytest
from hypothesis import given, settings, strategies as st

import lmcourse as lm

torch = pytest.importorskip("torch")
pytest.importorskip("anywidget")
NUMBER = st.floats(-10, 10).map(lambda x: round(x, 2))


@st.composite
def traits(draw):
    T, d, width = draw(st.integers(3, 6)), draw(st.integers(2, 4)), draw(st.integers(2, 4))
    matrix = lambda rows, columns: draw(st.lists(st.lists(NUMBER, min_size=columns, max_size=columns), min_size=rows, max_size=rows))  # noqa: E731
    return {"words": list("abcdef"[:T]), "vectors": matrix(T, d), "w_q": matrix(d, width), "w_k": matrix(d, width), "w_v": matrix(d, width),
            "causal": draw(st.booleans()), "scaled": draw(st.booleans()), "row": draw(st.integers(-1, T - 1))}


@settings(max_examples=25, deadline=None)
@given(traits())
def test_any_shape_gives_lm_attention(drawn):
    stepper = lm.widgets.AttentionStepper(**drawn)
    q, k, v = (torch.tensor(drawn["vectors"], dtype=torch.float64) @ torch.tensor(drawn[w], dtype=torch.float64) for w in ("w_q", "w_k", "w_v"))
    q = q if drawn["scaled"] else q * q.shape[-1] ** 0.5
    output, weights = stepper.attention()
    assert torch.allclose(output, lm.attention(q, k, v, causal=drawn["causal"])) and weights.shape == (len(drawn["words"]),) * 2
    assert stepper.described.endswith(drawn["words"][drawn["row"]])


@pytest.mark.parametrize("wrong, says", [
    ({"vectors": [[1, 2]] * 2}, "it is 3 to 6 rows of 2 to 4 numbers"), ({"vectors": [[1], [2], [3], [4]]}, "rows of 2 to 4"),
    ({"vectors": [[1, 2, 3], [1, 2, 3], [1, 2], [1, 2, 3]]}, "all of one length"), ({"vectors": [[1, 2, 11]] * 4}, "from -10 to 10"),
    ({"vectors": [[1, 2, float("nan")]] * 4}, "from -10 to 10"), ({"vectors": "abc"}, "rows of 2 to 4"),
    ({"vectors": [[1, 2, 3]] * 5}, "there are 5 vectors, so it is as many words"), ({"words": ["a", "b", "c"]}, "there are 4 vectors"),
    ({"words": ["a", "", "c", "d"]}, "words of 1 to 8 letters"), ({"words": ["a", "b c", "c", "d"]}, "words of 1 to 8"),
    ({"w_q": [[1, 2]] * 2}, "w_q is 2 x 2; with 3 numbers a word .* it is 3 x 2"), ({"w_v": [[1, 2, 3]] * 3}, "w_v is 3 x 3; .* it is 3 x 2"),
    ({"row": 4}, "row=4; there are 4 words"), ({"row": 1.5}, "whole number"), ({"stage": "end"}, "'output' or 'weights'")])
def test_what_is_wrong_is_said(wrong, says):
    with pytest.raises(ValueError, match=says):
        lm.widgets.AttentionStepper(**wrong)
    stepper = lm.widgets.AttentionStepper()
    before = stepper.get_state(list(wrong))
    with pytest.raises(ValueError, match=says):
        stepper.set_trait(*next(iter(wrong.items())))
    assert stepper.get_state(list(wrong)) == before


def test_the_page_may_change_words_and_vectors_together():
    stepper = lm.widgets.AttentionStepper()
    stepper.set_state({"words": ["a", "b", "c"], "vectors": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]})
    assert stepper.words == ["a", "b", "c"] and len(stepper.attention()[1]) == 3


def test_repr_picture_and_the_description():
    stepper = lm.widgets.AttentionStepper()
    assert repr(stepper) == repr(lm.widgets.AttentionStepper()) and stepper.code.split("@")[1][:8] in repr(stepper)
    stepper.causal = False
    assert "without the causal mask" in stepper.described
    data, _ = stepper._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
