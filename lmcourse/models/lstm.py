"""The language model before attention: a recurrent network that carries one state from word to word."""
import torch.nn as nn

from .base import check_ids


class LSTMLanguageModel(nn.Module):
    """Embedding, LSTM (Hochreiter & Schmidhuber, 1997), linear output. ids (B, T) -> logits (B, T, V).

    All it knows of the past is a state of fixed size: two vectors (n_layers, B, d_hidden). `return_state=True` gives
    it back, and `state` continues from it.
    """
    def __init__(self, vocab_size, d_embedding=128, d_hidden=256, n_layers=2, dropout=0.0):
        super().__init__()
        for name, value in (("vocab_size", vocab_size), ("d_embedding", d_embedding), ("d_hidden", d_hidden), ("n_layers", n_layers)):
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name}={value!r} must be a whole number of at least 1")
        self.vocab_size = vocab_size
        self.embedding = nn.Embedding(vocab_size, d_embedding)
        self.lstm = nn.LSTM(d_embedding, d_hidden, n_layers, batch_first=True, dropout=dropout if n_layers > 1 else 0.0)
        self.output = nn.Linear(d_hidden, vocab_size)

    def forward(self, ids, state=None, return_state=False):
        check_ids(ids, self.vocab_size)
        hidden, state = self.lstm(self.embedding(ids), state)           # (B, T, d_hidden)
        logits = self.output(hidden)                                    # (B, T, V)
        return (logits, state) if return_state else logits
