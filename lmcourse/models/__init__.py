"""Models: attention, blocks, GPT and the LSTM. Loaded on first use, so that names can be read without torch."""
from importlib import import_module

_WHERE = {"Attention": "attention", "causal_mask": "attention", "TransformerConfig": "config", "GPT": "transformer",
          "Block": "transformer", "BERT": "bert", "bert_config": "bert", "MLP": "layers", "LSTMLanguageModel": "lstm", "save": "checkpoints", "load": "checkpoints"}
__all__ = list(_WHERE)


def __getattr__(name):
    if name not in _WHERE:
        raise AttributeError(f"lmcourse.models has no {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
