"""lmcourse: the small package behind the course *Large Language Models, Principles and Practice*.

    import lmcourse as lm

Names are loaded on first use, so importing costs nothing and needs no torch until a model is asked for.
"""
from importlib import import_module

__version__ = "0.1.0"
_WHERE = {
    "claim": "claims", "measured": "claims", "ClaimError": "claims",
    "CharTokenizer": "tokenizers", "WordTokenizer": "tokenizers", "BPETokenizer": "tokenizers", "load_tokenizer": "tokenizers",
    "WordPieceTokenizer": "tokenizers_wordpiece",
    "TransformerConfig": "models.config", "GPT": "models.transformer", "BERT": "models.bert", "bert_config": "models.bert", "LSTMLanguageModel": "models.lstm",
    "Seq2Seq": "models.seq2seq",
    "attention": "models.attention", "causal_mask": "models.attention", "save": "models.checkpoints", "load": "models.checkpoints",
    "Batches": "training.batches", "PairBatches": "training.batches", "MaskedBatches": "training.masked", "fit": "training.loop", "History": "training.loop",
    "check_versions": "versions",
    "generate": "generation.generate", "Greedy": "generation.strategies", "Sample": "generation.strategies", "Beam": "generation.strategies",
    "record": "interpret.recording", "ablate": "interpret.ablation", "pretrained": "pretrained_models", "gpt2_tokenizer": "pretrained_models",
    "chat_ids": "smollm2",
}
_MODULES = ("world", "corpora", "evaluation", "widgets", "plots", "models", "training", "generation", "interpret", "tokenizers", "claims")
__all__ = [*_WHERE, *_MODULES]


def __getattr__(name):
    if name in _WHERE:
        return getattr(import_module(f"lmcourse.{_WHERE[name]}"), name)
    if name in _MODULES:
        return import_module(f"lmcourse.{name}")
    raise AttributeError(f"lmcourse has no {name!r}; see dir(lmcourse)")


def __dir__():
    return sorted([*globals(), *__all__])
