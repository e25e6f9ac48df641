"""The page's LSTM against PyTorch, on the same weights: small random models, and the bundled one on stories drawn anew."""
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from node import TOLERANCE, floats, snapped

import lmcourse as lm
from lmcourse.widgets import sources
from lmcourse.widgets.weights import LSTM_TOKENS, pack_folder
from lmcourse.world import stories


def compare(answer, model, ids, beginning=()):
    """Every logit and probability, h and c of both layers, of `ids` read on after `beginning`; returns the largest difference."""
    seen = [*beginning, *ids]
    steps, state = [], None
    with torch.no_grad():
        logits = model(torch.tensor([seen]))[0].numpy()
        for token in seen:                                          # word by word: nn.LSTM gives c of the last one alone
            _, state = model(torch.tensor([[token]]), state=state, return_state=True)
            steps.append([part[:, 0].numpy() for part in state])    # h, c (L, H)
    T, V = logits.shape
    found = floats(answer["logits"], T, V)
    next_word = floats(answer["next"], V)
    pairs = [(found, logits), (next_word, torch.tensor(logits[-1]).softmax(-1).numpy())]
    for part, name in enumerate(("hidden", "cell")):
        pairs += [(floats(text, T, -1), np.stack([step[part][layer] for step in steps])) for layer, text in enumerate(answer[name])]
    worst = max(float(np.abs(ours - theirs).max()) for ours, theirs in pairs)
    assert worst < TOLERANCE
    assert next_word.sum() == pytest.approx(1, abs=1e-5) and len(answer["hidden"]) == model.lstm.num_layers
    return worst


@pytest.mark.parametrize("wasm", [True, False], ids=["wasm", "javascript"])
@pytest.mark.parametrize("sizes", [{}, {"n_layers": 1, "d_embedding": 12, "d_hidden": 8}, {"n_layers": 3, "d_embedding": 64, "d_hidden": 20}], ids=str)
def test_equals_torch(sizes, wasm, node, words, tmp_path):
    model = snapped(lm.LSTMLanguageModel(len(words), **{"d_embedding": 32, "d_hidden": 48, "n_layers": 2, **sizes}))
    lm.save(model, tmp_path / "small-lstm", words, dtype=torch.float16)
    name, packed = pack_folder(tmp_path / "small-lstm")
    assert name.startswith("small-lstm@sha256:") and len(name) == len("small-lstm@sha256:") + 64
    (tmp_path / "packed").write_bytes(packed)
    assert node(lstm=str(tmp_path / "packed"), wasm=wasm)["kernel"] == ("wasm" if wasm else "javascript")
    draw = random.Random(str(sizes))
    for length in (1, 2, 40, LSTM_TOKENS):
        ids = [draw.randrange(len(words)) for _ in range(length)]
        compare(node(recur=ids), model, ids)
    begun = ids[:300]                                               # the last text, cut, and another end: read on from there
    more = [draw.randrange(len(words)) for _ in range(20)]
    more[0] = (ids[300] + 1) % len(words)
    answer = node(recur=begun + more)
    assert answer["computed"] == 20
    compare(answer, model, more, begun)


@pytest.mark.parametrize("wasm", [True, False], ids=["wasm", "javascript"])
def test_course_lstm_on_stories_just_drawn(node, tmp_path, wasm):
    model, tokenizer, _ = lm.pretrained("course-lstm")
    source = sources.find("course-lstm", kind="lstm")
    assert source.name == pack_folder(Path(lm.__file__).parent / "data" / "course-lstm")[0] and source.max_tokens == LSTM_TOKENS - 1
    (tmp_path / "packed").write_bytes(source.packed)
    node(lstm=str(tmp_path / "packed"), wasm=wasm)
    seed = random.SystemRandom().randrange(10**9)
    print("seed", seed)
    worst = 0
    for text in stories(3, seed=seed).texts:
        ids = [tokenizer.end_id, *tokenizer.encode(text)]
        assert [token["id"] for token in node(encode=[text])["tokens"][0]] == ids[1:]
        worst = max(worst, compare(node(recur=ids), model, ids))
    print(f"course-lstm: largest difference {worst:.1e}")


def test_what_cannot_be_had_is_said(tmp_path, words):
    with pytest.raises(ValueError, match="no bundled model is called 'course-gpt'; there is course-lstm"):
        sources.find("course-gpt", kind="lstm")
    assert sources.bundled("lstm") == ["course-lstm"]
    folder = lm.save(lm.LSTMLanguageModel(len(words), 8, 8, 1), tmp_path / "unsnapped", words)
    with pytest.raises(ValueError, match="matrices are not on the grid of eight bits"):
        pack_folder(folder)
