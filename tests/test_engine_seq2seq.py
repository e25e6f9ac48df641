"""The page's Seq2Seq against PyTorch and its word tokenizer against ours: small random models, and the bundled one."""
import dataclasses
import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from node import TOLERANCE, floats, snapped

import lmcourse as lm
from lmcourse.interpret.probe import PARTS
from lmcourse.widgets import sources
from lmcourse.widgets.weights import pack, pack_folder

PAIRS = [text for pair in lm.world.translations(300, 8).pairs for text in pair]
WORDS = lm.WordTokenizer.train(PAIRS)
END = WORDS.end_id
CONFIGS = [{}, {"n_layers": 1, "n_heads": 1, "d_model": 20, "max_len": 19, "d_hidden": 36}, {"bias": False}, {"tie_weights": False}, {"pad_id": None, "start_id": 5},
           {"n_heads": 8, "d_model": 64, "d_hidden": 100, "n_layers": 3, "norm_eps": 1e-3}]


def random_model(**change):
    return snapped(lm.Seq2Seq(lm.TransformerConfig(**{"vocab_size": len(WORDS), "d_model": 32, "n_heads": 4, "n_layers": 2, "max_len": 32,
                                                     "pad_id": END, "start_id": END, **change})))


def load(node, model, path, wasm=True, words=WORDS, **change):
    tensors = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    path.write_bytes(pack({**dataclasses.asdict(model.config), **change}, tensors, words._to_json()))
    return node(seq2seq=str(path), wasm=wasm)


def record(model, source, target, causal=True, headsOff=None):
    """What lmcourse computes for the engine's options."""
    off = {part: [tuple(pair) for pair in (headsOff or {}).get(part, [])] for part in PARTS}
    with lm.ablate(model, off["encoder"], part="encoder"), lm.ablate(model, off["decoder"], part="decoder"), lm.ablate(model, off["cross"], part="cross"):
        return lm.record(model, (torch.tensor([source]), torch.tensor([target])), causal=causal)


def difference(answer, seen):
    """The largest difference of all attention weights, logits and probabilities."""
    pairs = [(floats(answer["logits"], *seen.logits.shape[1:]), seen.logits[0]),
             (torch.from_numpy(floats(answer["logits"], *seen.logits.shape[1:]).copy()).softmax(-1).numpy(), seen.probabilities[0])]
    for part in PARTS:
        pairs += [(floats(text, *w.shape[1:]), w[0]) for text, w in zip(answer[part], getattr(seen, part), strict=True)]
    return max(float(np.abs(ours - theirs.numpy()).max()) for ours, theirs in pairs)


@pytest.mark.parametrize("wasm", [True, False], ids=["wasm", "javascript"])
@pytest.mark.parametrize("change", CONFIGS, ids=str)
def test_equals_torch(change, wasm, node, tmp_path):
    model = random_model(**change)
    c = model.config
    assert load(node, model, tmp_path / "packed", wasm)["kernel"] == ("wasm" if wasm else "javascript")
    draw, last = random.Random(str(change)), (c.n_layers - 1, c.n_heads - 1)
    for options in ({}, {"causal": False}, *({"headsOff": {part: [last]}} for part in PARTS), {"causal": False, "headsOff": {part: [(0, 0)] for part in PARTS}}):
        source, target = ([draw.randrange(c.vocab_size) for _ in range(draw.randint(1, c.max_len))] for _ in range(2))
        for pads in (0, 3):                                         # nobody looks at them; without a pad_id they are words
            source = [*source[pads:], *[END] * pads] if len(source) > pads else source
            if c.pad_id is None or any(i != END for i in source):
                assert difference(node(read=source, target=target, options=options), record(model, source, target, **options)) < TOLERANCE
        states = model.read(torch.tensor([source])).states[0].detach().numpy()
        assert np.abs(floats(node(states=source)["states"], *states.shape) - states).max() < TOLERANCE
        target = [*target[:draw.randint(0, len(target) - 1)], draw.randrange(c.vocab_size)]                # a part of it is kept
        assert difference(node(read=source, target=target, options=options), record(model, source, target, **options)) < TOLERANCE


@pytest.mark.parametrize("off", [{}, {"cross": [(0, 1)], "encoder": [(1, 2)]}], ids=str)
def test_writes_what_generate_writes(off, node, tmp_path):
    model = random_model()
    load(node, model, tmp_path / "packed")
    for seed in range(12):
        source = random.Random(seed).choices(range(1, len(WORDS)), k=seed + 1)
        with lm.ablate(model, off.get("encoder", ()), part="encoder"), lm.ablate(model, off.get("cross", ()), part="cross"):
            written = lm.generate(model, [source], 31, stop=END)[0]
        assert node(write=source, options={"stop": END, "headsOff": off})["ids"] == written[1:len(written) - (written[-1] == END)]


def test_what_cannot_be_run_is_said(node, tmp_path):
    model = random_model(max_len=8)
    load(node, model, tmp_path / "packed")
    for source, target, options, message in [
            ([], [1], {}, "no token to run"), ([1], [], {}, "no token to run"), ([1] * 9, [1], {}, "9 tokens are too many: this model reads at most 8"),
            ([1], [len(WORDS)], {}, "not the id of a token"), ([END, END], [1], {}, "nothing but padding"), ([1], [1], {"causal": 1}, "must be true or false"),
            ([1], [1], {"headsOff": {"encoder": [[2, 0]]}}, "there is no layer 2"), ([1], [1], {"headsOff": {"middle": []}}, "unknown option .middle."),
            ([1], [1], {"edges": 1}, "unknown option .edges.")]:
        with pytest.raises(RuntimeError, match=message):
            node(read=source, target=target, options=options)
    for change, message in [({"norm_first": False}, "norm_first=false"), ({"position": "rope"}, "does not compute position"), ({"mlp": "gelu"}, "does not compute mlp"),
                            ({"n_heads": 16, "n_kv_heads": 16}, "multiple of 4"), ({"n_layers": 3}, "no tensor encoder.2"), ({"d_hidden": 64}, "has shape"),
                            ({"start_id": len(WORDS)}, "start_id=.* is no token"), ({"tie_weights": False}, "no tensor output.weight")]:
        with pytest.raises(RuntimeError, match=message):
            load(node, model, tmp_path / "other", **change)
    with pytest.raises(RuntimeError, match="of type .*BPE.*; the page runs .WordLevel."):
        load(node, random_model(vocab_size=300), tmp_path / "other", words=lm.BPETokenizer.train(["a b"], 257))
    with pytest.raises(RuntimeError, match="the tokenizer has .* tokens, the model 300"):
        load(node, random_model(vocab_size=300), tmp_path / "other")


def test_a_saved_model_and_what_is_wrong_with_one(node, tmp_path):
    folder = lm.save(random_model(), tmp_path / "small-seq2seq", WORDS, dtype=torch.float16)
    name, packed = pack_folder(folder)
    (tmp_path / "packed").write_bytes(packed)
    node(seq2seq=str(tmp_path / "packed"), wasm=True)
    assert name.startswith("small-seq2seq@sha256:")
    source, target = [5, 6, 7], [END, 8, 9]
    assert difference(node(read=source, target=target, options={}), record(random_model(), source, target)) < TOLERANCE
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-4])
    with pytest.raises(ValueError, match="damaged"):
        pack_folder(folder)


@pytest.mark.parametrize("name", sources.bundled("seq2seq"))
def test_the_bundled_model_on_sentences_just_drawn(name, node, tmp_path):
    model, tokenizer, _ = lm.pretrained(name)
    (tmp_path / "packed").write_bytes(pack_folder(sources.DATA / name)[1])
    node(seq2seq=str(tmp_path / "packed"), wasm=True)
    seed = random.randrange(10**9)
    print("seed", seed)
    for english, chinese in lm.world.translations(6, seed, "test").pairs:
        source, target = tokenizer.encode(english), [tokenizer.end_id, *tokenizer.encode(chinese)]
        assert difference(node(read=source, target=target, options={}), record(model, source, target)) < TOLERANCE
        written = lm.generate(model, [source], 31, stop=tokenizer.end_id)[0]
        assert node(write=source, options={"stop": tokenizer.end_id})["ids"] == written[1:-1]


# --- the tokenizer --------------------------------------------------------------------------------------------------------

@settings(max_examples=150, deadline=None)
@given(text=st.one_of(st.text(max_size=40), st.lists(st.sampled_from([*WORDS.tokens[1:], ".", "?", "\u3000", "\x1c", "\ufeff", "\x85", "Bell"])).map(" ".join),
                      st.text(st.sampled_from("Anna .:?\t\n在。一"), max_size=30)))
def test_words_are_cut_alike(text, node):
    node(wordlevel=WORDS._to_json())
    found = node(cut=[text])["words"][0]
    units = text.encode("utf-16-le")
    assert all(units[2 * word["start"]:2 * word["end"]].decode("utf-16-le") == word["text"] for word in found)
    unknown = [word["text"] for word in found if "id" not in word]
    if unknown:
        with pytest.raises(ValueError) as error:
            WORDS.encode(text)
        assert repr(unknown[0]) in str(error.value)
    else:
        ids = [word["id"] for word in found]
        assert ids == WORDS.encode(text) and node(back=[ids])["texts"] == [WORDS.decode(ids)]
