"""Batches of whole stories: one story a row, from its start token to its end token."""
import random

import torch
from torch.nn.utils.rnn import pad_sequence

IGNORED = -100                                          # a target that is not scored; cross_entropy's own default


class Groups:
    """Endless groups of `size` rows of ids of similar length; `length` says how long a row is. The order is drawn from `seed`
    alone: iterating again gives the same groups, which lets a broken run resume where it was."""
    def __init__(self, rows, size, seed, length=len):
        if not rows:
            raise ValueError("no rows to train on")
        self.seed, rows = seed, sorted(rows, key=length)
        self.groups = [rows[at:at + size] for at in range(0, len(rows), size)]

    def __iter__(self):
        rng, groups = random.Random(self.seed), list(self.groups)
        while True:
            rng.shuffle(groups)
            yield from groups


class Batches(Groups):
    """Endless batches (inputs, targets), both (size, T): targets are the inputs one step ahead, padding is not scored.

    Rows of similar length go together, so there is almost no padding, and no row is ever cut. The order is drawn from
    `seed` alone: iterating again gives the same batches, which lets a broken run resume where it was.
    """
    def __init__(self, rows, size=16, seed=0):
        super().__init__([torch.tensor(row) for row in rows], size, seed)
        if any(len(row) < 2 for row in rows):
            raise ValueError("a row needs at least two tokens: one to read, one to predict")

    def __iter__(self):
        return map(pad, super().__iter__())


class PairBatches(Groups):
    """Endless batches ((source, target in), target out) for a Seq2Seq: (size, S), (size, T) and (size, T), the last one step ahead.

    sources    rows of ids, filled up with `pad_id`, the model's own
    targets    as many rows of ids, from the start token to the end token
    Pairs of similar length go together; the order is drawn from `seed` alone, as in `Batches`.
    """
    def __init__(self, sources, targets, size=16, seed=0, pad_id=0):
        if len(sources) != len(targets) or not sources:
            raise ValueError(f"{len(sources)} sources and {len(targets)} targets: give as many of both, at least one")
        if not all(sources) or any(len(row) < 2 for row in targets):
            raise ValueError("a source needs at least one token, a target two: one to read, one to predict")
        pairs = [(torch.tensor(source), torch.tensor(target)) for source, target in zip(sources, targets)]
        super().__init__(pairs, size, seed, length=lambda pair: tuple(map(len, pair)))
        self.pad_id = pad_id

    def __iter__(self):
        for sources, targets in (zip(*group) for group in super().__iter__()):
            read, (written, scored) = pad_sequence(sources, batch_first=True, padding_value=self.pad_id), pad(targets)
            yield (read, written), scored


def pad(group):
    """Rows of ids of different length as (inputs, targets), each (B, T). Inputs are padded with 0 on the right, where a
    causal model never looks back from; their targets are not scored."""
    whole = pad_sequence(group, batch_first=True, padding_value=IGNORED)         # (B, T + 1)
    return whole[:, :-1].clamp(min=0), whole[:, 1:].contiguous()


def pack(rows, length):
    """Rows of ids end to end, cut every `length` tokens, as (inputs, targets), each (N, length); every place is scored.

    A row's end token is the next one's start token, so it stands between two texts once. What does not fill a last row is
    left out. ValueError if there is less than one row of `length`.
    """
    stream = torch.tensor([rows[0][0], *(token for row in rows for token in row[1:])])      # (tokens,)
    n = (len(stream) - 1) // length
    if n < 1:
        raise ValueError(f"{len(stream)} tokens do not fill one row of length={length} and its last target")
    return stream[:n * length].view(n, length), stream[1:n * length + 1].view(n, length)
