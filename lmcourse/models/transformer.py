"""GPT: a stack of blocks between an embedding and an output layer (Radford et al., 2019)."""
import torch.nn as nn

from .attention import Attention
from .base import Transformer, initialise
from .layers import MLP, norm
from .positions import alibi_bias


class Block(nn.Module):
    """Attention, then the MLP; each reads a normalised copy and adds to the stream, or (post-norm) adds to the stream, which
    is normalised then. (B, T, d) -> (B, T, d)"""
    def __init__(self, config, causal=True):
        super().__init__()
        self.norm_first = config.norm_first
        self.attention_norm, self.attention = norm(config), Attention(config, causal)
        self.mlp_norm, self.mlp = norm(config), MLP(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x, angles=None, cache=None, bias=None, mask=None):
        x = self.add(x, self.attention_norm, self.attention, angles, cache, bias, mask)
        return self.add(x, self.mlp_norm, self.mlp)

    def add(self, x, norm, part, *more):
        """x (B, T, d) and what `part` makes of it, which is given `more`, too."""
        if self.norm_first:
            return x + self.dropout(part(norm(x), *more))
        return norm(x + self.dropout(part(x, *more)))


class GPT(Transformer):
    """A decoder-only Transformer. `model(ids)`, ids (B, T), gives logits (B, T, V): row t scores token t + 1.

    Matrices start at N(0, 0.6 / sqrt(d_model)), learned positions at N(0, 0.01) as GPT-2's do; what writes into the
    stream starts at zero, so that each block begins as the identity. Raises ValueError for ids that are no (B, T) whole
    numbers, out of the vocabulary, none at all, or more than max_len.
    """
    def __init__(self, config):
        super().__init__(config)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layers))
        self.final_norm = norm(config) if config.norm_first else nn.Identity()
        self.output = None if config.tie_weights else nn.Linear(config.d_model, config.vocab_size, bias=False)
        initialise(self)

    def forward(self, ids, cache=None):
        """logits (B, T, V). With a `generation.cache.Cache` the ids continue what it holds."""
        start = 0 if cache is None else cache.length
        x, angles = self.embed(ids, start, self.position_embedding)     # (B, T, d)
        x = self.dropout(x)
        bias = alibi_bias(self.config.n_heads, ids.shape[1], start + ids.shape[1], ids.device) if self.config.position == "alibi" else None
        for i, block in enumerate(self.blocks):
            x = block(x, angles, None if cache is None else cache.layers[i], bias)
        x = self.final_norm(x)
        return x @ self.token_embedding.weight.mT if self.output is None else self.output(x)
