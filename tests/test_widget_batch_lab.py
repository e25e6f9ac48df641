"""BatchLab, Python's side: its batches are the package's, its traits say what is wrong with them."""
import base64

import pytest
from hypothesis import given, settings, strategies as st

import lmcourse as lm

torch = pytest.importorskip("torch")
pytest.importorskip("anywidget")
from lmcourse.training.batches import pack, pad  # noqa: E402

WORDS = st.lists(st.sampled_from(["Anna", "had", "a", "red", "key", ".", "钥匙"]), min_size=1, max_size=9).map(" ".join)
TEXTS = ["Nora had a red key.", "Dan danced.", "One morning Anna Bell was in the garden.", "She was happy."]


def as_tensors(lab):
    return tuple(torch.tensor([[place[k] for place in row] for row in lab.places()]) for k in (0, 1))


@settings(max_examples=25, deadline=None)
@given(st.lists(WORDS, min_size=2, max_size=8), st.integers(4, 8))
def test_places_are_what_the_package_makes(texts, length):
    lab = lm.widgets.BatchLab(texts, size=8)
    rows = [torch.tensor(row) for row in lab.rows]
    inputs, targets = pad(rows)
    assert torch.equal(as_tensors(lab)[0], inputs) and torch.equal(as_tensors(lab)[1], targets)
    lab.way = "left"
    assert torch.equal(as_tensors(lab)[1].flip(1), pad([row.flip(0) for row in rows])[0].where(targets != -100, -100))
    if sum(len(row) - 1 for row in rows) >= length:
        lab.length, lab.way = length, "pack"
        inputs, targets = pack(lab.rows, length)
        assert torch.equal(as_tensors(lab)[0], inputs) and torch.equal(as_tensors(lab)[1], targets)
        for row in lab.places():                                    # a text ends where its end token is the target
            assert all((target == lab.rows[0][0]) == (b[2] != text) for (_, target, text), b in zip(row, row[1:]) if text < len(texts) - 1)


def test_alike_is_the_order_of_batches():
    lab = lm.widgets.BatchLab(TEXTS, size=2, alike=True)
    texts = [row[next(i for i, place in enumerate(row) if place[2] is not None)][2] for row in lab.places()]
    groups = lm.Batches(lab.rows, 2).groups
    assert [lab.rows[n] for n in texts] == [row.tolist() for group in groups for row in group]


@pytest.mark.parametrize("wrong, says", [
    ({"way": "up"}, "'right' or 'left' or 'pack'"), ({"length": 3}, "length=3; it is a whole number from 4 to"), ({"length": 49}, "length=49; it is a whole number from 4 to 48"),
    ({"size": 0}, "size=0; it is a whole number from 1 to 8"), ({"size": 9}, "size=9"), ({"texts": ["one"]}, "2 to 12 texts"), ({"texts": "one"}, "2 to 12"),
    ({"texts": ["", "a"]}, "has 0 tokens"), ({"texts": ["key " * 60, "a"]}, "1 to 40 can be shown"), ({"row": -1}, "row=-1; it is a whole number from 0 up")])
def test_what_is_wrong_is_said(wrong, says):
    with pytest.raises(ValueError, match=says):
        lm.widgets.BatchLab(**{"texts": TEXTS, **wrong})
    lab = lm.widgets.BatchLab(TEXTS)
    if wrong != {"texts": "one"}:
        with pytest.raises(ValueError, match=says):
            lab.set_trait(*next(iter(wrong.items())))


def test_new_texts_bring_new_rows():
    lab = lm.widgets.BatchLab(TEXTS)
    lab.texts = TEXTS[:2]
    assert len(lab.rows) == 2 and "2 texts" in lab.described and lab.tokenizer.decode(lab.rows[1][1:-1]) == "Dan danced."


def test_repr_picture_and_the_description():
    lab, again = lm.widgets.BatchLab(TEXTS, way="pack"), lm.widgets.BatchLab(TEXTS, way="pack")
    assert repr(lab) == repr(again) and lab.code.split("@")[1][:8] in repr(lab)
    assert lab.described.endswith(", 0 of them padding")
    lab.way = "right"
    assert not lab.described.endswith(", 0 of them padding")
    data, _ = lab._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")


def test_packing_by_itself():
    inputs, targets = pack([[0, 1, 2, 0], [0, 3, 0]], 2)            # the stream 0 1 2 0 3 0
    assert inputs.tolist() == [[0, 1], [2, 0]] and targets.tolist() == [[1, 2], [0, 3]]
    with pytest.raises(ValueError, match="4 tokens do not fill one row of length=4"):
        pack([[0, 1, 2, 0]], 4)
