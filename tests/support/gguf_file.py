"""Writes a small Llama as a GGUF file, by llama.cpp's own package."""
import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, quantize

from lmcourse.tokenizers import END, LETTER

F32, Q4_1, Q8_0 = GGMLQuantizationType.F32, GGMLQuantizationType.Q4_1, GGMLQuantizationType.Q8_0


def tiny_llama(path, pre="smollm"):
    """A Llama with 2 layers of 4 heads, 2 of keys and values, d=64, random weights, and a byte-level vocabulary of 288 tokens."""
    rng, d, hidden = np.random.default_rng(0), 64, 96
    special, merges = [END, "<|im_start|>", "<|im_end|>"], ["Ġ t", "h e", "Ġt he", "i n", "r e", "a n", "1 2", "Ġ a"]
    tokens = [*special, *LETTER.values(), *(pair.replace(" ", "") for pair in merges)]
    tokens += [f"<{i}>" for i in range(288 - len(tokens))]
    writer = GGUFWriter(path, "llama")
    writer.add_block_count(2)
    writer.add_context_length(64)
    writer.add_embedding_length(d)
    writer.add_feed_forward_length(hidden)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_vocab_size(len(tokens))
    writer.add_rope_freq_base(1000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_merges(merges)
    shapes = {"token_embd": (Q8_0, len(tokens), d), "output_norm": (F32, d)}
    for i in range(2):
        shapes |= {f"blk.{i}.{part}": (Q4_1, *shape) for part, shape in (
            ("attn_q", (d, d)), ("attn_k", (d // 2, d)), ("attn_v", (d // 2, d)), ("attn_output", (d, d)), ("ffn_gate", (hidden, d)),
            ("ffn_up", (hidden, d)), ("ffn_down", (d, hidden)))}
        shapes |= {f"blk.{i}.{part}": (F32, d) for part in ("attn_norm", "ffn_norm")}
    for name, (kind, *shape) in shapes.items():
        weights = rng.normal(0, 0.1, shape) if len(shape) == 2 else rng.normal(1, 0.1, shape)
        writer.add_tensor(f"{name}.weight", quantize(weights.astype(np.float32), kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
