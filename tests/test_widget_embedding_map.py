"""EmbeddingMap in Python: what it takes, what it refuses, what it stores."""
import json

import numpy as np
import pytest

import lmcourse as lm

pytest.importorskip("anywidget")
WORDS = ["Nora", "Anna", "Adam", "red", "blue", "garden"]
VECTORS = np.random.default_rng(0).normal(size=(6, 8))


@pytest.mark.parametrize("arguments, traits, says", [
    ((WORDS, VECTORS[:5]), {}, r"shape \(5, 8\); 6 words need \(6, d\)"), ((WORDS, VECTORS * np.nan), {}, "finite"), ((WORDS, VECTORS * 0), {}, "no row all zero"),
    ((["a", "a", "b"], VECTORS[:3]), {}, "3 words, 2 different"), ((WORDS, np.ones((6, 2000))), {}, "12000 numbers"),
    ((WORDS, "gpt-9"), {}, "no bundled model is called 'gpt-9'"), (([*WORDS, "elephant"], "course-gpt"), {}, "'elephant' is . tokens in course-gpt"),
    ((WORDS, {"course-gpt": "course-gpt", "other": "course-gpt"}), {}, "two models"), ((WORDS, VECTORS), {"word": "Bob"}, "word: 'Bob' is not among the 6 words"),
    ((WORDS, VECTORS), {"analogy": ["Nora", "Anna"]}, r"three words \[a, b, c\]"), ((WORDS, VECTORS), {"shown": "x"}, "shown='x'; it is 'vectors'"),
    ((WORDS, VECTORS), {"mode": "pie"}, "'neighbours' or 'analogy'"), ((WORDS, VECTORS), {"groups": {"men": ["Bob"]}}, "groups: 'Bob'"),
    ((WORDS, VECTORS), {"examples": [["Nora"]]}, "three words")])
def test_what_is_wrong_is_said(arguments, traits, says):
    with pytest.raises(ValueError, match=says):
        lm.widgets.EmbeddingMap(*arguments, **traits)


def test_int8_keeps_the_directions_and_the_length_is_one():
    shown = lm.widgets.EmbeddingMap(WORDS, VECTORS * np.array([[1], [100], [0.01], [5], [2], [3]]))
    exact = VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)
    assert np.abs(np.linalg.norm(shown.unit_vectors(), axis=1) - 1).max() < 1e-12
    assert np.sum(shown.unit_vectors() * exact, axis=1).min() > 0.9999


def test_a_models_vectors_are_its_token_embedding():
    torch = pytest.importorskip("torch")
    shown = lm.widgets.EmbeddingMap(WORDS, {"mine": VECTORS, "course-gpt": "course-gpt"}, shown="course-gpt")
    model, tokenizer, _ = lm.pretrained("course-gpt")
    rows = model.token_embedding(torch.tensor([tokenizer.ids["Ġ" + word] for word in WORDS])).detach().double().numpy()
    assert np.allclose(shown.unit_vectors(), rows / np.linalg.norm(rows, axis=1, keepdims=True))
    assert shown.unit_vectors("mine").shape == (6, 8)


def test_stored_small_and_its_repr_says_no_trained_number():
    shown = lm.widgets.EmbeddingMap(WORDS, VECTORS, word="red", groups={"women": ["Nora", "Anna"]})
    assert "red" in repr(shown) and "0x" not in repr(shown) and "weights" not in repr(shown)
    assert repr(shown) == repr(lm.widgets.EmbeddingMap(WORDS, -VECTORS, word="red"))
    assert len(json.dumps({key: value for key, value in shown.get_state().items() if key not in ("_esm", "_css")})) < 16384
    assert "neighbours of red" in shown.described and shown._picture()[1:4] == b"PNG"
    shown.mode = "analogy"
    assert "Nora - Anna + Adam" in shown.described
