"""Seq2Seq: an encoder reads one text, a decoder writes another and looks back at the first (Vaswani et al., 2017)."""
from typing import NamedTuple

import torch
import torch.nn as nn

from .attention import CrossAttention
from .base import Transformer, initialise
from .layers import norm
from .transformer import Block


class DecoderBlock(Block):
    """A causal block with cross-attention between self-attention and the MLP. (B, T, d) -> (B, T, d)"""
    def __init__(self, config):
        super().__init__(config)
        self.cross_norm, self.cross_attention = norm(config), CrossAttention(config)

    def forward(self, x, source, mask=None, angles=None, cache=None):
        """`source` (k, v): what `cross_attention.keys_values` made of the source; `mask` (B, 1, 1, S) is False at its padding."""
        x = self.add(x, self.attention_norm, self.attention, angles, cache)
        x = self.add(x, self.cross_norm, self.cross_attention, source, mask)
        return self.add(x, self.mlp_norm, self.mlp)


class Source(NamedTuple):
    """A source text that was read: the encoder's last states (B, S, d); each decoder block's keys and values of them,
    (B, KV, S, d_head) twice; `mask` (B, 1, 1, S), False at padding, or None where there is none."""
    states: torch.Tensor
    keys_values: list
    mask: torch.Tensor | None


class Seq2Seq(Transformer):
    """An encoder-decoder Transformer. `model((source_ids, target_ids))`, (B, S) and (B, T), gives logits (B, T, V): row t scores
    the target's token t + 1.

    The encoder's blocks (`encoder`) see the whole source, the decoder's (`blocks`) the target so far and, by cross-attention, the
    whole source. Both have `config.n_layers` blocks and share one embedding, which with tie_weights is the output layer too.
    Source places that hold `config.pad_id` are looked at by nobody; the decoder writes from `config.start_id` on.
    `read` and `decode` are the two halves. Positions are those of each text by itself; cross-attention knows none.
    Raises ValueError for a config or ids that cannot be.
    """
    def __init__(self, config):
        if not 0 <= config.start_id < config.vocab_size:
            raise ValueError(f"start_id={config.start_id} is not a token; the model knows 0 to {config.vocab_size - 1}")
        super().__init__(config, ("position_embedding_source", "position_embedding_target"))
        self.encoder = nn.ModuleList(Block(config, causal=False) for _ in range(config.n_layers))
        self.encoder_norm = norm(config) if config.norm_first else nn.Identity()
        self.blocks = nn.ModuleList(DecoderBlock(config) for _ in range(config.n_layers))
        self.final_norm = norm(config) if config.norm_first else nn.Identity()
        self.output = None if config.tie_weights else nn.Linear(config.d_model, config.vocab_size, bias=False)
        initialise(self)

    def forward(self, pair):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ValueError("a Seq2Seq reads a pair: model((source_ids, target_ids)), (B, S) and (B, T)")
        source, target = pair
        if len(source) != len(target):
            raise ValueError(f"{len(source)} sources, but {len(target)} targets: give as many of both")
        return self.decode(target, self.read(source))

    def read(self, ids, real=None):
        """The encoder: ids (B, S) -> Source. `real` (B, S) is False at padding; where the ids are not pad_id if None."""
        x, angles = self.embed(ids, 0, self.position_embedding_source)
        if real is None and self.config.pad_id is not None:
            real = ids != self.config.pad_id                            # (B, S)
        if real is not None and not real.any(1).all():
            raise ValueError(f"source {int(real.any(1).int().argmin())} of the batch is empty: it holds nothing but padding")
        mask = None if real is None or real.all() else real[:, None, None]              # (B, 1, 1, S)
        x = self.dropout(x)
        for block in self.encoder:
            x = block(x, angles, mask=mask)
        x = self.encoder_norm(x)                                        # (B, S, d)
        return Source(x, [block.cross_attention.keys_values(x) for block in self.blocks], mask)

    def decode(self, ids, source, cache=None):
        """The decoder: target ids (B, T) and a Source of B rows, or of one row for all -> logits (B, T, V). With a
        `generation.cache.Cache` the ids continue what it holds."""
        start = 0 if cache is None else cache.length
        x, angles = self.embed(ids, start, self.position_embedding_target)
        x = self.dropout(x)
        for i, block in enumerate(self.blocks):
            x = block(x, source.keys_values[i], source.mask, angles, None if cache is None else cache.layers[i])
        x = self.final_norm(x)
        return x @ self.token_embedding.weight.mT if self.output is None else self.output(x)
