"""Writes small GGUF files, by struct alone: what lmcourse.gguf reads is not what it wrote itself."""
import random
import struct

from lmcourse.tokenizers import END, LETTER

KINDS = {"u1": (0, "<B"), "i1": (1, "<b"), "u2": (2, "<H"), "i2": (3, "<h"), "u4": (4, "<I"), "i4": (5, "<i"), "f4": (6, "<f"), "bool": (7, "<?"),
         "u8": (10, "<Q"), "i8": (11, "<q"), "f8": (12, "<d")}
TENSORS = {"F32": (0, 1, 4), "Q4_1": (3, 32, 20), "Q8_0": (8, 32, 34), "Q4_K": (12, 256, 144)}


def text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def setting(kind, value):
    """The bytes of one value with its kind; kind: a name in KINDS, "text", or a list of one of these."""
    if isinstance(kind, list):
        kind, each = kind[0], [setting(kind[0], v) for v in value]
        return struct.pack("<IIQ", 9, struct.unpack("<I", setting(kind, value[0])[:4])[0], len(value)) + b"".join(v[4:] for v in each)
    return struct.pack("<I", 8) + text(value) if kind == "text" else struct.pack("<I", KINDS[kind][0]) + struct.pack(KINDS[kind][1], value)


def gguf(settings, tensors, version=3):
    """The bytes of a file. settings: {name: (kind, value)}; tensors: {name: (kind, shape, bytes)}, the last dimension contiguous."""
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(settings))
    head += b"".join(text(name) + setting(*each) for name, each in settings.items())
    data = b""
    for name, (kind, shape, stored) in tensors.items():
        number, block, size = TENSORS[kind]
        head += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *reversed(shape), number, len(data))
        data += stored + bytes(-len(stored) % 32)
    return head + bytes(-len(head) % 32) + data


def random_blocks(kind, count, rng):
    """(bytes, weights) of `count` weights near 0: the weights are worked out one by one."""
    data, weights = b"", []
    if kind == "F32":
        data = struct.pack(f"<{count}f", *(rng.gauss(1, 0.1) for _ in range(count)))
        return data, list(struct.unpack(f"<{count}f", data))
    for _ in range(count // 32):
        d, m = (struct.unpack("<e", struct.pack("<e", x))[0] for x in (rng.uniform(0.001, 0.03), rng.uniform(-0.3, -0.01)))
        if kind == "Q8_0":
            q = [rng.randint(-127, 127) for _ in range(32)]
            data += struct.pack("<e32b", d / 8, *q)
            weights += [struct.unpack("<e", struct.pack("<e", d / 8))[0] * each for each in q]
        else:
            q = [rng.randint(0, 15) for _ in range(32)]
            data += struct.pack("<ee", d, m) + bytes(q[i] | q[i + 16] << 4 for i in range(16))
            weights += [d * each + m for each in q]
    return data, weights


def tiny_llama(seed=0, architecture="llama", pre="smollm"):
    """The bytes of a Llama with 2 layers of 4 heads, 2 of keys and values, d=64, and a byte-level vocabulary of 290 tokens."""
    rng, d, hidden = random.Random(seed), 64, 96
    special, merges = [END, "<|im_start|>", "<|im_end|>"], ["Ġ t", "h e", "Ġt he", "i n", "r e", "a n", "1 2", "Ġ a"]
    tokens = [*special, *LETTER.values(), *(pair.replace(" ", "") for pair in merges)]
    tokens += [f"<{i}>" for i in range(288 - len(tokens))]
    numbers = {"block_count": 2, "context_length": 64, "embedding_length": d, "feed_forward_length": hidden, "attention.head_count": 4,
               "attention.head_count_kv": 2, "vocab_size": len(tokens)}
    settings = {"general.architecture": ("text", architecture), **{f"llama.{name}": ("u4", value) for name, value in numbers.items()},
                "llama.rope.freq_base": ("f4", 1000.0), "llama.attention.layer_norm_rms_epsilon": ("f4", 1e-5),
                "tokenizer.ggml.model": ("text", "gpt2"), "tokenizer.ggml.pre": ("text", pre),
                "tokenizer.ggml.tokens": (["text"], tokens), "tokenizer.ggml.merges": (["text"], merges)}
    shapes = {"token_embd": ("Q8_0", (len(tokens), d)), "output_norm": ("F32", (d,))}
    for i in range(2):
        shapes |= {f"blk.{i}.{part}": ("Q4_1", shape) for part, shape in (
            ("attn_q", (d, d)), ("attn_k", (d // 2, d)), ("attn_v", (d // 2, d)), ("attn_output", (d, d)), ("ffn_gate", (hidden, d)),
            ("ffn_up", (hidden, d)), ("ffn_down", (d, hidden)))}
        shapes |= {f"blk.{i}.{part}": ("F32", (d,)) for part in ("attn_norm", "ffn_norm")}
    tensors = {f"{name}.weight": (kind, shape, random_blocks(kind, shape[0] * (shape[1] if len(shape) > 1 else 1), rng)[0])
               for name, (kind, shape) in shapes.items()}
    return gguf(settings, tensors)
