"""GPT: a stack of blocks between an embedding and an output layer (Radford et al., 2019)."""
import torch
import torch.nn as nn

from .attention import Attention
from .layers import MLP, norm
from .positions import alibi_bias, rope_angles, sinusoids


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
        if not self.norm_first:
            x = self.attention_norm(x + self.dropout(self.attention(x, angles, cache, bias, mask)))
            return self.mlp_norm(x + self.dropout(self.mlp(x)))
        x = x + self.dropout(self.attention(self.attention_norm(x), angles, cache, bias, mask))
        return x + self.dropout(self.mlp(self.mlp_norm(x)))


class GPT(nn.Module):
    """A decoder-only Transformer. `model(ids)`, ids (B, T), gives logits (B, T, V): row t scores token t + 1.

    Matrices start at N(0, 0.6 / sqrt(d_model)), learned positions at N(0, 0.01) as GPT-2's do; what writes into the
    stream starts at zero, so that each block begins as the identity. Raises ValueError for ids that are no (B, T) whole numbers, out of the vocabulary, none at all, or
    more than max_len.
    """
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.position_embedding = nn.Embedding(config.max_len, config.d_model) if config.position == "learned" else None
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layers))
        self.final_norm = norm(config) if config.norm_first else nn.Identity()
        self.output = None if config.tie_weights else nn.Linear(config.d_model, config.vocab_size, bias=False)
        if config.position == "rope":
            cos, sin = rope_angles(config.d_head, config.max_len, config.rope_base)
            self.register_buffer("cos", cos, persistent=False)
            self.register_buffer("sin", sin, persistent=False)
        if config.position == "sinusoidal":
            self.register_buffer("waves", sinusoids(config.max_len, config.d_model), persistent=False)
        initialise(self)

    def forward(self, ids, cache=None):
        """logits (B, T, V). With a `generation.cache.Cache` the ids continue what it holds."""
        start = 0 if cache is None else cache.length
        check_ids(ids, self.config, start)
        T = ids.shape[1]
        x = self.token_embedding(ids)                                   # (B, T, d)
        if self.position_embedding is not None:
            x = x + self.position_embedding.weight[start:start + T]     # (T, d) is added to every row
        elif self.config.position == "sinusoidal":
            x = x * self.config.d_model ** 0.5 + self.waves[start:start + T]    # the table's numbers are near 1, a token's far below
        x = self.dropout(x)
        angles = (self.cos[start:start + T], self.sin[start:start + T]) if self.config.position == "rope" else None
        bias = alibi_bias(self.config.n_heads, T, start + T, ids.device) if self.config.position == "alibi" else None
        for i, block in enumerate(self.blocks):
            x = block(x, angles, None if cache is None else cache.layers[i], bias)
        x = self.final_norm(x)
        return x @ self.token_embedding.weight.mT if self.output is None else self.output(x)

    @torch.no_grad()
    def count_parameters(self):
        """How many numbers training may change; tied weights count once."""
        return sum(p.numel() for p in self.parameters())


def initialise(model):
    """Random numbers for every matrix, zeros for what writes into the stream and for biases; see GPT."""
    for name, parameter in model.named_parameters():
        if parameter.dim() == 2:
            to_stream = name.endswith(("attention.output.weight", "mlp.down.weight"))
            std = 0.01 if name.startswith("position") else 0.6 * model.config.d_model ** -0.5
            nn.init.zeros_(parameter) if to_stream else nn.init.normal_(parameter, std=std)
        elif name.endswith("bias"):
            nn.init.zeros_(parameter)


def check_ids(ids, c, start=0):
    """ValueError if a model with the config `c` cannot read ids (B, T) from the position `start` on."""
    if ids.dim() != 2 or ids.is_floating_point():
        raise ValueError(f"ids must be whole numbers (B, T), a batch of rows; got {tuple(ids.shape)} of {ids.dtype}")
    if ids.shape[1] == 0:
        raise ValueError("an empty prompt: give at least one token, for example the tokenizer's end_id, which starts a text")
    if start + ids.shape[1] > c.max_len:
        raise ValueError(f"{start + ids.shape[1]} tokens are more than max_len={c.max_len}")
    if ids.device.type == "cpu" and (ids.max() >= c.vocab_size or ids.min() < 0):
        raise ValueError(f"ids go from {int(ids.min())} to {int(ids.max())}, but the model knows 0 to {c.vocab_size - 1}; "
                         "do tokenizer and model belong together?")
