"""Saving and loading a model: Hugging Face's GPT-2, Llama or BERT layout where the model is one, always with a checksum."""
import contextlib
import dataclasses
import hashlib
import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from ..tokenizers import load_tokenizer
from .bert import BERT
from .config import TransformerConfig
from .layouts import (bert_settings, from_bert, from_bert_settings, from_gpt2, from_gpt2_config, from_llama, from_llama_config,
                      gpt2_config, llama_config, to_bert, to_gpt2, to_llama)
from .lstm import LSTMLanguageModel
from .seq2seq import Seq2Seq
from .transformer import GPT


def save(model, folder, tokenizer=None, card=None, dtype=torch.float32):
    """Writes config.json, model.safetensors, card.json and, with a tokenizer, tokenizer.json into `folder`.

    A plain GPT-2 is written as Hugging Face's GPT2LMHeadModel reads it, a GPT with Llama's choices as LlamaForCausalLM does, a BERT as
    BertForMaskedLM, BertForSequenceClassification or BertModel; other GPTs, the LSTM and the Seq2Seq under our own names.
    `card` is a dictionary for people (seed, steps, losses); the SHA-256 of the weights is added. Returns the folder.
    """
    if tokenizer is not None and len(tokenizer) != _vocab_size(model):
        raise ValueError(f"the tokenizer has {len(tokenizer)} tokens, the model {_vocab_size(model)}: they do not belong together")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    config, state = _described(model)
    save_file({name: tensor.to(dtype).contiguous() for name, tensor in state.items()}, folder / "model.safetensors", {"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    if tokenizer is not None:
        tokenizer.save(folder)
    card = {**(card or {}), "sha256": checksum(folder / "model.safetensors")}
    (folder / "card.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return folder


def load(folder):
    """The model in `folder`, ready to use: float32, on the CPU, in eval mode. `load_tokenizer(folder)` reads its tokenizer.

    What `save` wrote, or Hugging Face's GPT-2, Llama or BERT (with its masked-language head, its classification head or none).
    Raises FileNotFoundError, or ValueError for a damaged file (its checksum differs from the card's) or a tokenizer of
    another size.
    """
    folder = Path(folder)
    weights = folder / "model.safetensors"
    for path in (folder / "config.json", weights):
        if not path.exists():
            raise FileNotFoundError(f"no checkpoint in {folder}: {path.name} is missing")
    card = json.loads((folder / "card.json").read_text(encoding="utf-8")) if (folder / "card.json").exists() else {}
    if "sha256" in card and checksum(weights) != card["sha256"]:
        raise ValueError(f"{weights} is damaged: its SHA-256 is {checksum(weights)[:12]}..., the card says {card['sha256'][:12]}...; "
                         "copy it again")
    model = _rebuilt(json.loads((folder / "config.json").read_text(encoding="utf-8")), load_file(weights))
    if (folder / "tokenizer.json").exists() and len(load_tokenizer(folder)) != _vocab_size(model):
        raise ValueError(f"the tokenizer in {folder} has {len(load_tokenizer(folder))} tokens, the model {_vocab_size(model)}: "
                         "they do not belong together")
    return model.eval()


def checksum(path):
    """SHA-256 of a file, as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _vocab_size(model):
    return model.vocab_size if isinstance(model, LSTMLanguageModel) else model.config.vocab_size


def _described(model):
    """(config, state) of a model, under the names of GPT-2, Llama or BERT if it is one."""
    if isinstance(model, LSTMLanguageModel):
        lstm = model.lstm
        return {"model_type": "lmcourse-lstm", "vocab_size": model.vocab_size, "d_embedding": lstm.input_size,
                "d_hidden": lstm.hidden_size, "n_layers": lstm.num_layers}, model.state_dict()
    if isinstance(model, BERT):
        head = getattr(getattr(model.head, "classifier", None), "out_features", None if model.head is None else "masked")
        return bert_settings(model.config, head), to_bert(model.state_dict())
    if isinstance(model, Seq2Seq):
        return {"model_type": "lmcourse-seq2seq", **dataclasses.asdict(model.config)}, model.state_dict()
    with contextlib.suppress(ValueError):
        return gpt2_config(model.config), to_gpt2(model.state_dict())
    with contextlib.suppress(ValueError):
        return llama_config(model.config), to_llama(model.state_dict(), model.config)
    return {"model_type": "lmcourse-gpt", **dataclasses.asdict(model.config)}, model.state_dict()       # more than they can say


def _rebuilt(config, state):
    kind = config.pop("model_type", None)
    if kind == "gpt2":
        model, state = GPT(TransformerConfig(**from_gpt2_config(config))), from_gpt2(state)
    elif kind == "llama":
        model, state = GPT(TransformerConfig(**from_llama_config(config))), from_llama(state, torch.cat)
        if model.output is None:
            state.pop("output.weight", None)
    elif kind == "bert":
        state = from_bert(state, torch.cat)
        head = len(state["head.classifier.weight"]) if "head.classifier.weight" in state else "masked" if "head.bias" in state else None
        model = BERT(TransformerConfig(**from_bert_settings(config)), head)
    elif kind == "lmcourse-gpt":
        model = GPT(TransformerConfig(**config))
    elif kind == "lmcourse-seq2seq":
        model = Seq2Seq(TransformerConfig(**config))
    elif kind == "lmcourse-lstm":
        model = LSTMLanguageModel(**config)
    else:
        raise ValueError(f"model_type={kind!r} is not known here; gpt2, llama, bert, lmcourse-gpt, lmcourse-lstm and lmcourse-seq2seq are")
    state = {name: tensor.to(torch.float32, copy=True, memory_format=torch.contiguous_format) for name, tensor in state.items()}   # off the file
    expected = model.state_dict()
    wrong = sorted(set(expected) ^ set(state)) or [n for n in expected if expected[n].shape != state[n].shape]
    if wrong:
        raise ValueError(f"weights and config do not belong together: {wrong[0]} is missing, left over or of another shape")
    model.load_state_dict(state, assign=True)
    return model
