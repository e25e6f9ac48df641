"""The page's engine against PyTorch, on the same weights; its tokenizer against Hugging Face's; what is packed, bit for bit."""
import copy
import dataclasses
import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from node import TOLERANCE, floats, snapped

import lmcourse as lm
from lmcourse.quantize import snap, unsnap
from lmcourse.tokenizers import BPETokenizer
from lmcourse.widgets.weights import pack, pack_folder
from lmcourse.world import stories

MIXED = ["The red key. Nora Bell said: it's 42 o'clock, isn't it?", "在花园里，她找到了红色的钥匙。", "né à Zürich, ça va? naïve",
         "👍🏽 👩‍👩‍👧 ok", "tabs\tand\n\nlines  and   spaces "] * 4


@pytest.fixture(scope="module")
def tokenizer_json(words, tmp_path_factory):
    return json.loads(words.save(tmp_path_factory.mktemp("words") / "tokenizer.json").read_text(encoding="utf-8"))


CONFIGS = [{}, {"n_layers": 1, "n_heads": 1, "d_model": 20, "max_len": 33, "d_hidden": 36}, {"bias": False}, {"tie_weights": False},
           {"n_heads": 8, "d_model": 64, "d_hidden": 100, "n_layers": 2}]
OPTIONS = [{}, {"causal": False}, {"positions": False}, {"temperature": 0.4}, {"temperature": 3.0, "causal": False}, {"headsOff": [[0, 0]]},
           {"edgesOff": [[0, 0, 5, 3], [0, 0, 5, 0], [0, 0, 2, 1]]},
           {"causal": False, "temperature": 1.7, "headsOff": [[0, 0]], "edgesOff": [[0, 0, 1, 1], [0, 0, 3, 0]]}]


def expected(model, ids, causal=True, positions=True, temperature=1.0, headsOff=(), edgesOff=()):
    """What lmcourse computes for the engine's options."""
    edges = {}
    for layer, head, query, key in edgesOff:
        edges.setdefault((layer, head), []).append((query, key))
    with lm.ablate(model, heads=[tuple(pair) for pair in headsOff], edges=edges, positions=not positions):
        return lm.record(model, torch.tensor([ids]), causal=causal, temperature=temperature)


def compare(answer, record, tolerance=TOLERANCE):
    """Every logit, probability, attention weight and residual number; returns the largest difference."""
    T, V = record.logits.shape[1:]
    H, d = record.attention[0].shape[1], record.residual[0].shape[2]
    logits = floats(answer["logits"], T, V)
    pairs = [(logits, record.logits[0]), (floats(answer["next"], V), record.probabilities[0, -1]),
             (torch.from_numpy(logits.copy()).softmax(-1).numpy(), record.probabilities[0])]
    assert len(answer["attention"]) == len(record.attention) and len(answer["residual"]) == len(record.residual)
    pairs += [(floats(text, H, T, T), weights[0]) for text, weights in zip(answer["attention"], record.attention)]
    # The stream holds numbers in the thousands, where float32 itself is off by 4e-3 (torch against torch in float64):
    # it is compared in units of its largest number.
    scales = [max(1.0, float(x.abs().max())) for x in record.residual]
    pairs += [(floats(text, T, d) / scale, x[0] / scale) for text, x, scale in zip(answer["residual"], record.residual, scales)]
    worst = max(float(np.abs(ours - theirs.numpy()).max()) for ours, theirs in pairs)
    assert worst < tolerance
    return worst


def apart(one, other):
    """How far two records are from each other, logits and attention."""
    return max(float((a - b).abs().max()) for a, b in zip([one.logits, *one.attention], [other.logits, *other.attention]))


@pytest.mark.parametrize("wasm", [True, False], ids=["wasm", "javascript"])
@pytest.mark.parametrize("change", CONFIGS, ids=str)
def test_equals_torch(change, wasm, node, words, tokenizer_json, tmp_path):
    config = lm.TransformerConfig(**{"vocab_size": len(words) + 1, "d_model": 32, "n_heads": 4, "n_layers": 3, "max_len": 40, **change})
    model = snapped(lm.GPT(config))
    tensors = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    (tmp_path / "model.lmw").write_bytes(pack(dataclasses.asdict(config), tensors, tokenizer_json))
    loaded = node(load=str(tmp_path / "model.lmw"), wasm=wasm)
    assert loaded["kernel"] == ("wasm" if wasm else "javascript")
    for name, tensor in tensors.items():
        assert np.array_equal(floats(loaded["tensors"][name], *tensor.shape), tensor), f"{name} is not the same to the last bit"
    draw = random.Random(str(change))
    for options in OPTIONS:
        ids = [draw.randrange(len(words)) for _ in range(draw.randint(7, config.max_len))]
        compare(node(run=ids, options=options), expected(model, ids, **options))
        ids = ids[:draw.randint(6, len(ids))] + [draw.randrange(len(words))]               # and with the cache
        compare(node(run=ids[:config.max_len], options=options), expected(model, ids[:config.max_len], **options))


def test_equals_hugging_face_from_its_folder(node, words, tmp_path):
    from transformers import GPT2Config, GPT2LMHeadModel
    folder = tmp_path / "small-gpt2"
    config = GPT2Config(vocab_size=len(words), n_positions=48, n_embd=40, n_layer=2, n_head=5, attn_implementation="eager")
    theirs = GPT2LMHeadModel(config).eval()
    torch.manual_seed(1)
    for name, p in theirs.named_parameters():
        if p.dim() == 2:                                            # Conv1D holds (in, out): a row of ours is a column there
            matrix = (torch.randn_like(p) * 0.2).numpy()
            p.data = torch.from_numpy(unsnap(*snap(matrix.T)).T.copy() if ".h." in name else unsnap(*snap(matrix)))
        else:
            p.data = torch.randn_like(p) * 0.3
    theirs.half().save_pretrained(folder)
    theirs = GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    words.save(folder)
    name, data = pack_folder(folder)
    assert name.startswith("small-gpt2@sha256:") and len(name) == len("small-gpt2@sha256:") + 64
    (tmp_path / "packed").write_bytes(data)
    node(load=str(tmp_path / "packed"), wasm=True)
    ids = random.Random(2).choices(range(len(words)), k=31)
    with torch.no_grad():
        out = theirs(torch.tensor([ids]), output_attentions=True)
    answer = node(run=ids, options={})
    assert np.abs(floats(answer["logits"], 31, len(words)) - out.logits[0].numpy()).max() < TOLERANCE
    for ours, weights in zip(answer["attention"], out.attentions, strict=True):
        assert np.abs(floats(ours, 5, 31, 31) - weights[0].numpy()).max() < TOLERANCE


@pytest.mark.parametrize("wasm", [True, False], ids=["wasm", "javascript"])
def test_course_gpt_on_sentences_just_drawn(node, tmp_path, wasm):
    """The bundled model: what the page shows is what `lm.record` gives, for stories that this test draws anew each time."""
    model, tokenizer, _ = lm.pretrained("course-gpt")
    name, data = pack_folder(Path(lm.__file__).parent / "data" / "course-gpt")
    (tmp_path / "packed").write_bytes(data)
    loaded = node(load=str(tmp_path / "packed"), wasm=wasm)
    for parameter, tensor in model.state_dict().items():
        assert np.array_equal(floats(loaded["tensors"][parameter], *tensor.shape), tensor.float().numpy()), parameter
    exact = copy.deepcopy(model).double()
    seed, L, H = random.randrange(10**9), model.config.n_layers, model.config.n_heads
    draw, worst = random.Random(seed), 0
    for text in stories(4, seed=seed).texts:
        ids = [tokenizer.end_id, *tokenizer.encode(text)][:draw.randint(20, model.config.max_len)]
        assert [token["id"] for token in node(encode=[text])["tokens"][0]] == tokenizer.encode(text)
        T, head = len(ids), [draw.randrange(L), draw.randrange(H)]
        edges = [[*head, *sorted(draw.sample(range(1, T), 2), reverse=True)] for _ in range(6)]
        for options in [{}, {"causal": False}, {"temperature": draw.uniform(0.3, 3)}, {"headsOff": [head]}, {"edgesOff": edges},
                        {"causal": False, "temperature": draw.uniform(0.5, 3), "headsOff": [[draw.randrange(L), draw.randrange(H)]], "edgesOff": edges}]:
            true, bound = expected(exact, ids, **options), TOLERANCE
            if not options.get("causal", True):     # what no training saw: float32 itself is off by up to 8e-3 there, and the page may be as far
                bound = max(bound, apart(expected(model, ids, **options), true))
            try:
                worst = max(worst, compare(node(run=ids, options=options), true, bound))
            except AssertionError:
                pytest.fail(f"differs for seed={seed}, {options}, {text!r}")
    print(f"course-gpt: largest difference {worst:.1e}")


def test_a_damaged_file_is_named(node, words, tokenizer_json, tmp_path):
    config = lm.TransformerConfig(vocab_size=len(words), d_model=16, n_heads=2, n_layers=1, max_len=8)
    data = pack(dataclasses.asdict(config), {n: t.numpy() for n, t in snapped(lm.GPT(config)).state_dict().items()}, tokenizer_json)
    for bad, message in [(data[:-5], "cut off"), (data + b"1", "too long"), (b"PK" + data, "begin with"),
                         (data[:-1] + bytes([data[-1] ^ 4]), "damaged: checksum")]:
        (tmp_path / "bad").write_bytes(bad)
        with pytest.raises(RuntimeError, match=message):
            node(load=str(tmp_path / "bad"), wasm=True)


# --- the tokenizer --------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module", params=["stories", "many scripts"])
def three(request, words, node, tmp_path_factory):
    """(encode in the page, lmcourse's tokenizer, Hugging Face's), all from one tokenizer.json."""
    import tokenizers
    ours = words if request.param == "stories" else BPETokenizer.train(MIXED, 420)
    path = ours.save(tmp_path_factory.mktemp("three") / "tokenizer.json")
    node(tokenizer=json.loads(path.read_text(encoding="utf-8")))
    return node, ours, tokenizers.Tokenizer.from_file(str(path))


NASTY = ["", " ", "  ", "\n", "\t \n", " a", "a ", "a  b", "it's 'tis 'll 's'S", "\ufeffx", "\x85y\x85", "\u200bz", "\u3000 \u00a0 .", "½ Ⅷ ²",
         "a\u0301", "אבג", "한국어", "𝒳𝕪", "\x00\x1c\x1f\x7f", "👩‍👩‍👧‍👦", "e" * 3000, "一" * 3000, "<|endoftext", "|>", "x'", "'", "''s"]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(st.text(max_size=40), st.sampled_from(NASTY), st.lists(st.sampled_from(NASTY[:20] + MIXED)).map("".join)))
def test_tokenizer_equals_hugging_face_and_ours(three, text):
    node, ours, theirs = three
    ids = [token["id"] for token in node(encode=[text])["tokens"][0]]
    assert ids == ours.encode(text) == theirs.encode(text).ids
    assert node(decode=[ids])["texts"][0] == ours.decode(ids) == theirs.decode(ids) == text


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_ids_decode_alike(three, data):
    node, ours, theirs = three
    ids = data.draw(st.lists(st.integers(0, len(ours) - 1), max_size=30))
    assert node(decode=[ids])["texts"][0] == ours.decode(ids) == theirs.decode(ids, skip_special_tokens=False)


def test_every_character_is_cut_alike(three):
    """Each character of Unicode between letters, so that its class decides where the text is cut."""
    node, ours, theirs = three
    characters = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000 and (c < 0x3400 or c % 97 == 0 or 0x1F000 <= c < 0x1FB00)]
    texts = ["".join(f" the {character}the" for character in characters[i:i + 64]) for i in range(0, len(characters), 64)]
    found = [[token["id"] for token in tokens] for tokens in node(encode=texts)["tokens"]]
    assert found == [ours.encode(text) for text in texts]
    assert found == [encoding.ids for encoding in theirs.encode_batch(texts)]


# --- packing --------------------------------------------------------------------------------------------------------------

@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 9), st.floats(-3.5, 4), st.booleans())
def test_snap_is_idempotent_and_exact_in_float16(seed, rows, columns, power, zero_row):
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((rows, columns))
    matrix = (matrix / np.abs(matrix).max(1, keepdims=True) * 10**power).astype(np.float32)    # a row's largest: 10^power
    matrix[0] *= not zero_row
    q, scale = snap(matrix)
    grid = unsnap(q, scale)
    assert q.dtype == np.int8 and np.abs(q.astype(int)).max() <= 127 and scale.dtype == np.float32
    assert np.array_equal(grid.astype(np.float16).astype(np.float32), grid)
    again, same = snap(grid)
    assert np.array_equal(again, q) and np.array_equal(same, scale)
    mantissa, _ = np.frexp(scale)
    assert np.array_equal(mantissa * 16, np.rint(mantissa * 16))                           # four significant bits
    assert not zero_row or (scale[0] == 1 and not q[0].any())


@pytest.mark.parametrize("largest", [1e-6, 1e5])
def test_snap_says_when_float16_cannot_hold_the_grid(largest):
    with np.errstate(over="ignore"), pytest.raises(ValueError, match="leave the range of float16"):
        snap(np.array([[largest, largest / 3]]))


def test_pack_refuses_what_it_would_change_and_rounds_on_request(words, tokenizer_json, caplog):
    config = lm.TransformerConfig(vocab_size=len(words), d_model=16, n_heads=2, n_layers=1, max_len=8)
    torch.manual_seed(3)
    tensors = {name: torch.randn_like(tensor).numpy() for name, tensor in lm.GPT(config).state_dict().items()}
    with pytest.raises(ValueError, match="matrices are not on the grid .* exact=False"):
        pack(dataclasses.asdict(config), tensors, tokenizer_json)
    with caplog.at_level("INFO"):
        data = pack(dataclasses.asdict(config), tensors, tokenizer_json, exact=False)
    assert "weights rounded" in caplog.text
    header = json.loads(data[8:8 + int.from_bytes(data[4:8], "little")])
    assert header["exact"] is False
    start = -(-(8 + int.from_bytes(data[4:8], "little")) // 16) * 16
    for name, tensor in tensors.items():
        entry, size = header["tensors"][name], tensor.size
        assert entry["offset"] % 16 == 0
        if entry["type"] == "int8":
            assert entry["scale_offset"] % 16 == 0
            q = np.frombuffer(data, np.int8, size, start + entry["offset"]).reshape(tensor.shape)
            scale = np.frombuffer(data, "<f4", len(tensor), start + entry["scale_offset"])
            assert (np.abs(unsnap(q, scale) - tensor) <= 0.5001 * scale[:, None]).all()
        else:
            assert np.array_equal(np.frombuffer(data, "<f4", size, start + entry["offset"]), tensor)


def test_pack_says_what_is_wrong(words, tokenizer_json, tmp_path):
    config = lm.TransformerConfig(vocab_size=len(words), d_model=16, n_heads=2, n_layers=1, max_len=8)
    tensors = {name: tensor.numpy() for name, tensor in snapped(lm.GPT(config)).state_dict().items()}
    settings_ = dataclasses.asdict(config)
    with pytest.raises(ValueError, match="do not belong together"):
        pack({**settings_, "vocab_size": 9}, tensors, tokenizer_json)
    with pytest.raises(ValueError, match="final_norm.bias has a number that is not finite"):
        pack(settings_, {**tensors, "final_norm.bias": np.full(16, np.nan)}, tokenizer_json)
    with pytest.raises(ValueError, match="our own names"):
        pack(settings_, {"transformer.wte.weight": tensors["token_embedding.weight"]}, tokenizer_json)
    folder = tmp_path / "half"
    folder.mkdir()
    with pytest.raises(FileNotFoundError, match="half has no config.json"):
        pack_folder(folder)
    (folder / "config.json").write_text('{"model_type": "t5"}')
    (folder / "model.safetensors").write_bytes(b"not this")
    words.save(folder)
    with pytest.raises(ValueError, match="of type 't5'; the page runs 'gpt2', 'bert', 'lstm', 'seq2seq'"):
        pack_folder(folder)
    (folder / "config.json").write_text('{"model_type": "gpt2", "vocab_size": 3, "n_embd": 4, "n_head": 1, "n_layer": 1, "n_positions": 4}')
    with pytest.raises(ValueError, match="half/model.safetensors is damaged"):
        pack_folder(folder)
    (folder / "card.json").write_text(json.dumps({"sha256": "0" * 64}))
    with pytest.raises(ValueError, match=f"half/model.safetensors is damaged: its SHA-256 is [0-9a-f]{{64}}, card.json says {'0' * 64}"):
        pack_folder(folder)
    (folder / "config.json").write_text("{")
    with pytest.raises(ValueError, match="half/config.json is damaged"):
        pack_folder(folder)
