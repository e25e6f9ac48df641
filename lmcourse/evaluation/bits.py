"""Loss by text instead of by token: two models with different tokenizers can be compared."""
import math

import torch

from .floor import token_losses


def text_losses(model, tokenizer, texts):
    """-log q of each whole text, its end token included, in nats: float32 (len(texts),).

    Nothing here depends on how a text is cut into tokens. ValueError from the model for a text longer than it can read.
    """
    return torch.stack([token_losses(model, row).sum() for row in tokenizer.rows(texts)])


def bits_per_character(model, tokenizer, texts):
    """Mean -log2 q a character (a Unicode code point) over all texts, the end of each text included."""
    return _bits(model, tokenizer, texts, sum(map(len, texts)))


def bits_per_byte(model, tokenizer, texts):
    """Mean -log2 q a byte of UTF-8: comparable across scripts too (Gao et al., 2021)."""
    return _bits(model, tokenizer, texts, sum(len(text.encode("utf-8")) for text in texts))


def _bits(model, tokenizer, texts, units):
    if not units:
        raise ValueError("no text to measure: the texts have no characters")
    return text_losses(model, tokenizer, texts).double().sum().item() / math.log(2) / units
