"""Writing from a source: a Seq2Seq that is given what to read continues its start token as a GPT continues a prompt."""
import torch

from ..models.seq2seq import Seq2Seq


class Reader(torch.nn.Module):
    """A Seq2Seq with its sources: to the rest of generation a model that goes on from target ids. `reader(ids, cache)` gives
    logits (B, T, V). The sources are read once, when the first token is asked for; one source serves any number of beams.

    rows: lists of ids, which may differ in length. ValueError for ids that are no tokens, or a source longer than max_len.
    """
    def __init__(self, model, rows):
        c = model.config
        low, high, longest = min(map(min, rows)), max(map(max, rows)), max(map(len, rows))
        if low < 0 or high >= c.vocab_size:
            raise ValueError(f"source ids go from {low} to {high}, but the model knows 0 to {c.vocab_size - 1}; do tokenizer and model belong together?")
        if longest > c.max_len:
            raise ValueError(f"a source of {longest} tokens is more than max_len={c.max_len}; shorten it")
        super().__init__()
        self.model, self.rows, self.config, self.blocks, self.source = model, rows, c, model.blocks, None
        self.training = model.training

    def forward(self, ids, cache):
        if self.source is None:
            longest = max(map(len, self.rows))
            padded = torch.tensor([row + [0] * (longest - len(row)) for row in self.rows], device=ids.device)   # (B, S)
            real = torch.tensor([[True] * len(row) + [False] * (longest - len(row)) for row in self.rows], device=ids.device)
            if self.config.pad_id is not None:
                real &= padded != self.config.pad_id
            self.source = self.model.read(padded, real)
        return self.model.decode(ids, self.source, cache)


def begin(model, ids, rows):
    """(model, ids, rows) to go on with: for a Seq2Seq a `Reader` of the rows and a start token a row, else what was given."""
    if not isinstance(model, Seq2Seq):
        return model, ids, rows
    starts = [[model.config.start_id] for _ in rows]
    return Reader(model, rows), torch.tensor(starts, device=ids.device) if isinstance(ids, torch.Tensor) else starts, starts


def alone(model, n):
    """The model for row n by itself: a `Reader` of that source only."""
    return Reader(model.model, [model.rows[n]]) if isinstance(model, Reader) else model
