"""Batches of whole stories: one story a row, from its start token to its end token."""
import random

import torch

IGNORED = -100                                          # a target that is not scored; cross_entropy's own default


class Batches:
    """Endless batches (inputs, targets), both (size, T): targets are the inputs one step ahead, padding is not scored.

    Rows of similar length go together, so there is almost no padding, and no row is ever cut. The order is drawn from
    `seed` alone: iterating again gives the same batches, which lets a broken run resume where it was.
    """
    def __init__(self, rows, size=16, seed=0):
        if not rows:
            raise ValueError("no rows to train on")
        if any(len(row) < 2 for row in rows):
            raise ValueError("a row needs at least two tokens: one to read, one to predict")
        self.seed, order = seed, sorted(range(len(rows)), key=lambda i: len(rows[i]))
        self.groups = [[torch.tensor(rows[i]) for i in order[at:at + size]] for at in range(0, len(order), size)]

    def __iter__(self):
        rng, groups = random.Random(self.seed), list(self.groups)
        while True:
            rng.shuffle(groups)
            yield from map(pad, groups)


class PairBatches:
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
        self.seed, self.pad_id = seed, pad_id
        order = sorted(range(len(sources)), key=lambda i: (len(sources[i]), len(targets[i])))
        self.groups = [[(torch.tensor(sources[i]), torch.tensor(targets[i])) for i in order[at:at + size]] for at in range(0, len(order), size)]

    def __iter__(self):
        rng, groups = random.Random(self.seed), list(self.groups)
        while True:
            rng.shuffle(groups)
            for sources, targets in (zip(*group) for group in groups):
                read, (written, scored) = torch.nn.utils.rnn.pad_sequence(sources, batch_first=True, padding_value=self.pad_id), pad(targets)
                yield (read, written), scored


def pad(group):
    """Rows of ids of different length as (inputs, targets), each (B, T). Inputs are padded with 0 on the right, where a
    causal model never looks back from; their targets are not scored."""
    whole = torch.nn.utils.rnn.pad_sequence(group, batch_first=True, padding_value=IGNORED)         # (B, T + 1)
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
