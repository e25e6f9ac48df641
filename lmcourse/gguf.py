"""GGUF, llama.cpp's file format: settings, vocabulary and quantised weights of one model in one file. Needs numpy alone.

    b'GGUF' | version | number of tensors | number of settings | settings | where each tensor is | zeros to a multiple of 32 | data

Source: ggml's docs/gguf.md; the blocks are those of ggml-common.h.
"""
import mmap
from typing import NamedTuple

import numpy as np

NUMBERS = {0: "<u1", 1: "<i1", 2: "<u2", 3: "<i2", 4: "<u4", 5: "<i4", 6: "<f4", 7: "?", 10: "<u8", 11: "<i8", 12: "<f8"}
UINT32, UINT64 = 4, 10
STRING, ARRAY = 8, 9
KINDS = {0: "F32", 3: "Q4_1", 8: "Q8_0"}                # of the thirty or so, those that the course meets
BLOCK = {"F32": (1, 4), "Q4_1": (32, 20), "Q8_0": (32, 34)}         # kind -> (weights, bytes) of a block

LLAMA = {"token_embd": "embed_tokens", "output_norm": "norm", "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
         "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
         "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}         # part -> Hugging Face's name


class Stored(NamedTuple):
    """A tensor as it lies in the file: `shape`, the last dimension contiguous, and `data`, its bytes (uint8)."""
    kind: str
    shape: tuple
    data: np.ndarray

    def array(self):
        """float32 of that shape, dequantised."""
        return dequantise(self.kind, self.data).reshape(self.shape)


def read_gguf(path):
    """(settings, tensors): {name: number, text or list} and {name: Stored}; the weights stay in the file until they are asked for.

    ValueError for what is no GGUF of version 2 or 3, is cut off, or holds a kind of tensor that is not read here.
    """
    with open(path, "rb") as stream:
        if stream.read(4) != b"GGUF":
            raise ValueError(f"{path} is no GGUF file: it does not begin with the letters GGUF")
        file = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    reader = _Reader(file)
    try:
        if (version := reader.number(UINT32)) not in (2, 3):
            raise ValueError(f"{path} is of GGUF's version {version}; versions 2 and 3 are read here")
        n_tensors, n_settings = reader.number(UINT64), reader.number(UINT64)
        settings = {reader.text(): reader.value(reader.number(UINT32)) for _ in range(n_settings)}
        places = [reader.place() for _ in range(n_tensors)]
        step = settings.get("general.alignment", 32)
        begin = -(-reader.at // step) * step
        return settings, {name: _stored(file, name, shape, kind, begin + at) for name, shape, kind, at in places}
    except (EOFError, KeyError, UnicodeDecodeError):
        raise ValueError(f"{path} is cut off or damaged") from None


def dequantise(kind, data):
    """float32 (weights,) of blocks of 32: Q8_0 is a scale d (float16) and 32 int8 q: w = d q. Q4_1 is d and a smallest value m
    (float16 both) and 32 q of 4 bits, two a byte: w = d q + m; byte i holds weight i in its low half and i + 16 in its high one."""
    weights, size = BLOCK[kind]
    if kind == "F32":
        return data.view("<f4").astype(np.float32)
    blocks = data.reshape(-1, size)                                     # (blocks, bytes)
    values = np.empty((len(blocks), weights), np.float32)
    if kind == "Q8_0":
        np.multiply(blocks[:, 2:].view(np.int8), _half(blocks[:, :2]), out=values)
    else:
        values[:, :16], values[:, 16:] = blocks[:, 4:] & 15, blocks[:, 4:] >> 4
        values *= _half(blocks[:, :2])
        values += _half(blocks[:, 2:4])
    return values.reshape(-1)


def _half(columns):
    """Two columns of bytes as float16, (blocks, 1) of float32."""
    return np.ascontiguousarray(columns).view("<f2").astype(np.float32)


def _stored(file, name, shape, kind, at):
    if kind not in KINDS:
        raise ValueError(f"{name} is of GGUF's kind {kind}; read here are {', '.join(f'{k} ({n})' for k, n in KINDS.items())}")
    weights, size = BLOCK[KINDS[kind]]
    length = int(np.prod(shape)) // weights * size
    if at + length > len(file):
        raise EOFError
    return Stored(KINDS[kind], shape, np.frombuffer(file, np.uint8, length, at))


def llama_config(settings):
    """The settings of a Llama in a GGUF as the dictionary of Hugging Face's LlamaConfig. ValueError for another architecture."""
    if settings.get("general.architecture") != "llama":
        raise ValueError(f"this GGUF holds a model of architecture {settings.get('general.architecture')!r}; 'llama' is read here")
    of = lambda name: settings["llama." + name]
    return {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": of("vocab_size"), "hidden_size": of("embedding_length"),
            "intermediate_size": of("feed_forward_length"), "num_hidden_layers": of("block_count"), "num_attention_heads": of("attention.head_count"),
            "num_key_value_heads": of("attention.head_count_kv"), "max_position_embeddings": of("context_length"), "hidden_act": "silu",
            "rms_norm_eps": of("attention.layer_norm_rms_epsilon"), "rope_theta": of("rope.freq_base"), "tie_word_embeddings": True}


def llama_arrays(settings, tensors):
    """Yields (Hugging Face's name, float32 array) of a Llama in a GGUF whose output layer is the embedding."""
    heads = {"attn_q": settings["llama.attention.head_count"], "attn_k": settings["llama.attention.head_count_kv"]}
    for name, tensor in tensors.items():
        *block, part, _ = name.split(".")                               # blk.0.attn_q.weight, token_embd.weight
        array = halves(tensor.array(), heads[part]) if part in heads else tensor.array()
        yield "model." + "".join(f"layers.{number}." for number in block[1:]) + LLAMA[part] + ".weight", array


def halves(matrix, n_heads):
    """Rows of a query or key matrix (H d_head, d) from GGUF's order to ours. llama.cpp's rope turns neighbours (0, 1), (2, 3), ... of a
    head, ours and Hugging Face's i and i + d_head/2; so the file has the two halves of each head's rows mixed like cards."""
    return matrix.reshape(n_heads, -1, 2, matrix.shape[1]).swapaxes(1, 2).reshape(matrix.shape)


class _Reader:
    """Reads one thing after the other; EOFError where the file ends too early."""
    def __init__(self, file):
        self.file, self.at = file, 4

    def take(self, length):
        if self.at + length > len(self.file):
            raise EOFError
        self.at += length
        return self.file[self.at - length:self.at]

    def number(self, kind):
        dtype = np.dtype(NUMBERS[kind])
        return np.frombuffer(self.take(dtype.itemsize), dtype)[0].item()

    def text(self):
        return self.take(self.number(UINT64)).decode("utf-8")

    def value(self, kind):
        if kind == STRING:
            return self.text()
        if kind != ARRAY:
            return self.number(kind)
        kind, length = self.number(UINT32), self.number(UINT64)
        if kind in NUMBERS:
            dtype = np.dtype(NUMBERS[kind])
            return np.frombuffer(self.take(length * dtype.itemsize), dtype).tolist()
        return [self.value(kind) for _ in range(length)]

    def place(self):
        """(name, shape, kind, offset) of a tensor. The file names the contiguous dimension first, numpy last."""
        name, n = self.text(), self.number(UINT32)
        shape = tuple(self.number(UINT64) for _ in range(n))[::-1]
        return name, shape, self.number(UINT32), self.number(UINT64)
