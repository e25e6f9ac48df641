"""GGUF: settings and blocks of weights, against numbers worked out one by one; files that are no GGUF, cut off or of another kind."""
import random

import numpy as np
import pytest
import torch
from gguf_file import gguf, random_blocks, tiny_llama
from hypothesis import given, settings
from hypothesis import strategies as st

from lmcourse.gguf import dequantise, halves, llama_config, read_gguf


def test_a_block_of_four_bits_by_hand():
    """d = 0.5 is 0x3800 in float16, m = -2 is 0xC000, the low byte first; byte i holds weights i and i + 16."""
    block = bytes.fromhex("0038 00C0" + "F0" + "00" * 14 + "21")
    expected = [-2.0] * 32
    expected[16], expected[15], expected[31] = 0.5 * 15 - 2, 0.5 * 1 - 2, 0.5 * 2 - 2
    assert dequantise("Q4_1", np.frombuffer(block, np.uint8)).tolist() == expected


def test_a_block_of_eight_bits_by_hand():
    block = bytes.fromhex("0038" + "7F" + "80" + "01" * 30)
    assert dequantise("Q8_0", np.frombuffer(block, np.uint8)).tolist() == [63.5, -64.0] + [0.5] * 30


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(["F32", "Q4_1", "Q8_0"]), st.integers(1, 8), st.integers())
def test_random_blocks(kind, blocks, seed):
    data, weights = random_blocks(kind, 32 * blocks, random.Random(seed))
    array = dequantise(kind, np.frombuffer(data, np.uint8))
    assert array.dtype == np.float32
    np.testing.assert_allclose(array, weights, rtol=0, atol=1e-7)       # theirs are doubles


SETTINGS = {"a": ("u1", 200), "b": ("i1", -3), "c": ("u2", 60_000), "d": ("i2", -300), "e": ("u4", 4_000_000_000), "f": ("i4", -70_000), "g": ("f4", 0.5),
            "h": ("bool", True), "i": ("u8", 2 ** 40), "j": ("i8", -2 ** 40), "k": ("f8", 0.1), "words": (["text"], ["a", "钥匙", ""]),
            "numbers": (["i4"], [1, -2, 3]), "name": ("text", "Anna 🙂")}


@pytest.mark.parametrize("version", [2, 3])
def test_settings_and_tensors(tmp_path, version):
    rng = random.Random(0)
    stored = {"norm": ("F32", (32,)), "matrix": ("Q4_1", (3, 64)), "tall": ("Q8_0", (5, 32))}
    blocks = {name: random_blocks(kind, int(np.prod(shape)), rng) for name, (kind, shape) in stored.items()}
    path = tmp_path / "model.gguf"
    path.write_bytes(gguf(SETTINGS, {name: (*stored[name], data) for name, (data, _) in blocks.items()}, version))
    found, tensors = read_gguf(path)
    assert found == {name: value for name, (_, value) in SETTINGS.items()}
    assert {name: (t.kind, t.shape) for name, t in tensors.items()} == stored
    for name, (_, weights) in blocks.items():
        np.testing.assert_allclose(tensors[name].array(), np.reshape(weights, stored[name][1]), rtol=0, atol=1e-7)


def test_the_two_orders_of_a_head_turn_alike():
    """Rope over neighbours on the file's rows gives the scores that ours, over halves, gives on the rows in our order."""
    from lmcourse.models.positions import rope_angles, rotate
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

    ordered = [torch.from_numpy(halves(m.numpy(), H)) for m in (q, k)]
    torch.testing.assert_close(scores(*ordered, ours), scores(q, k, neighbours), rtol=1e-4, atol=1e-4)
    assert not torch.allclose(scores(q, k, ours), scores(q, k, neighbours), atol=0.1)     # as the file has them they do not


WHOLE = tiny_llama()


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.integers(0, 5000), st.integers(0, len(WHOLE) - 1)))
def test_a_file_that_is_cut_off(tmp_path_factory, length):
    path = tmp_path_factory.getbasetemp() / "cut.gguf"
    path.write_bytes(WHOLE[:length])
    with pytest.raises(ValueError, match="cut.gguf is (cut off|no GGUF file)"):
        read_gguf(path)


def test_files_that_are_no_such_model(tmp_path):
    path = tmp_path / "other.gguf"
    for data, says in ((b"", "no GGUF file"), (b"PK\3\4 a zip", "no GGUF file"), (gguf({}, {}, version=1), "version 1; versions 2 and 3 are read"),
                       (gguf({}, {"x": ("Q4_K", (1, 256), bytes(144))}), r"x is of GGUF's kind 12; read here are 0 \(F32\), 3 \(Q4_1\), 8 \(Q8_0\)"),
                       (gguf({"n": ("text", "a")}, {}).replace(b"\x08\0\0\0\1", b"\x4d\0\0\0\1"), "cut off or damaged")):
        path.write_bytes(data)
        with pytest.raises(ValueError, match=says):
            read_gguf(path)
    path.write_bytes(tiny_llama(architecture="mamba"))
    with pytest.raises(ValueError, match="architecture 'mamba'; 'llama' is read here"):
        llama_config(read_gguf(path)[0])
