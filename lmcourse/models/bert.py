"""BERT: an encoder that sees both sides of every word (Devlin et al., 2019)."""
import torch
import torch.nn as nn

from .base import Transformer, initialise
from .config import TransformerConfig
from .layers import norm
from .transformer import Block


class MaskedHead(nn.Module):
    """From a token's last vector to logits of what stood there: matrix, GELU, norm, then the tied embedding. (B, T, d) -> (B, T, V)"""
    def __init__(self, config):
        super().__init__()
        self.transform, self.norm = nn.Linear(config.d_model, config.d_model), norm(config)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        self.bend = nn.GELU("tanh" if config.mlp == "gelu_tanh" else "none")

    def forward(self, x, embedding):
        return self.norm(self.bend(self.transform(x))) @ embedding.mT + self.bias


class ClassHead(nn.Module):
    """From the vector of the first token, [CLS], to logits of classes, by way of BERT's "pooler". (B, T, d) -> (B, n_classes)"""
    def __init__(self, config, n_classes):
        super().__init__()
        self.pooler, self.classifier = nn.Linear(config.d_model, config.d_model), nn.Linear(config.d_model, n_classes)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x, embedding):
        return self.classifier(self.dropout(self.pooler(x[:, 0]).tanh()))


class BERT(Transformer):
    """An encoder-only Transformer. `model(ids)`, ids (B, T), gives what `head` says:

    "masked"   logits (B, T, V) of the token that stood at each place; the output layer is the embedding
    a number   logits (B, n_classes) of the whole text, read off its first token
    None       the last hidden states (B, T, d)
    `bert_config` gives BERT's own settings; any other TransformerConfig works too, but for position="alibi".
    Places that hold `config.pad_id` are looked at by nobody. Raises ValueError for a config or ids that cannot be.
    """
    def __init__(self, config, head="masked"):
        if head not in ("masked", None) and not (isinstance(head, int) and head >= 1):
            raise ValueError(f"head={head!r} must be 'masked', None or a number of classes of at least 1")
        super().__init__(config)
        self.type_embedding = nn.Embedding(config.n_types, config.d_model) if config.n_types else None
        self.embedding_norm = norm(config)
        self.blocks = nn.ModuleList(Block(config, causal=False) for _ in range(config.n_layers))
        self.final_norm = norm(config) if config.norm_first else nn.Identity()
        self.head = MaskedHead(config) if head == "masked" else None if head is None else ClassHead(config, head)
        initialise(self)

    def forward(self, ids, types=None):
        """`types` (B, T): which kind of token each is, 0 for all if None (BERT: 0 the first sentence, 1 the second)."""
        x, angles = self.embed(ids, 0, self.position_embedding)         # (B, T, d)
        if self.type_embedding is not None:
            x = x + self.type_embedding(ids * 0 if types is None else types)
        x = self.dropout(self.embedding_norm(x))
        real = None if self.config.pad_id is None else ids != self.config.pad_id                # (B, T)
        mask = None if real is None or real.all() else real[:, None, None]                      # (B, 1, 1, T)
        for block in self.blocks:
            x = block(x, angles, mask=mask)
        x = self.final_norm(x)                                          # (B, T, d)
        return x if self.head is None else self.head(x, self.token_embedding.weight)


def bert_config(vocab_size, **changes):
    """BERT's choices in a TransformerConfig: learned positions, two kinds of token, post-norm, exact GELU, [PAD] is token 0."""
    bert = {"norm_first": False, "mlp": "gelu", "norm_eps": 1e-12, "n_types": 2, "pad_id": 0}
    return TransformerConfig(vocab_size, **{**bert, **changes})
