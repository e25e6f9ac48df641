"""What every Transformer here has: token vectors that know where they stand, the first random numbers, and a check of what it is given."""
import math

import torch.nn as nn

from .positions import rope_angles, sinusoids


class Transformer(nn.Module):
    """The beginning of GPT, BERT and Seq2Seq: an embedding, and positions as `config.position` says. `tables` names those that are learned."""
    def __init__(self, config, tables=("position_embedding",)):
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, config.d_model)
        for name in tables:
            setattr(self, name, nn.Embedding(config.max_len, config.d_model) if config.position == "learned" else None)
        self.dropout = nn.Dropout(config.dropout)
        if config.position == "rope":
            cos, sin = rope_angles(config.d_head, config.max_len, config.rope_base)
            self.register_buffer("cos", cos, persistent=False)
            self.register_buffer("sin", sin, persistent=False)
        if config.position == "sinusoidal":
            self.register_buffer("waves", sinusoids(config.max_len, config.d_model), persistent=False)

    def embed(self, ids, start, table):
        """ids (B, T), the first of which stands at `start` -> (vectors (B, T, d), rope's angles (cos, sin) of these positions or None).
        `table` is the learned one, or None. ValueError for ids that cannot be."""
        check_ids(ids, self.config.vocab_size, self.config.max_len, start)
        end = start + ids.shape[1]
        x = self.token_embedding(ids)                                   # (B, T, d)
        if table is not None:
            x = x + table.weight[start:end]                             # (T, d) is added to every row
        elif self.config.position == "sinusoidal":
            x = x * self.config.d_model ** 0.5 + self.waves[start:end]  # the table's numbers are near 1, a token's far below
        return x, (self.cos[start:end], self.sin[start:end]) if self.config.position == "rope" else None

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


def check_ids(ids, vocab_size, max_len=math.inf, start=0):
    """ValueError if a model cannot read ids (B, T) from the position `start` on."""
    if ids.dim() != 2 or ids.is_floating_point():
        raise ValueError(f"ids must be whole numbers (B, T), a batch of rows; got {tuple(ids.shape)} of {ids.dtype}")
    if ids.shape[1] == 0:
        raise ValueError("an empty prompt: give at least one token, for example the tokenizer's end_id, which starts a text")
    if start + ids.shape[1] > max_len:
        raise ValueError(f"{start + ids.shape[1]} tokens are more than max_len={max_len}")
    if ids.device.type == "cpu" and (ids.max() >= vocab_size or ids.min() < 0):
        raise ValueError(f"ids go from {int(ids.min())} to {int(ids.max())}, but the model knows 0 to {vocab_size - 1}; "
                         "do tokenizer and model belong together?")
