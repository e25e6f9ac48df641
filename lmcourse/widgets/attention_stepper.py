"""Attention on a few words, number by number: every matrix between the words' vectors and the output."""
from __future__ import annotations

import traitlets as t

from lmcourse.widgets.base import Widget
from lmcourse.widgets.traits import Choice, Number

STAGES = ("vectors", "projections", "scores", "scaled", "masked", "weights", "output")
# "Ann met Tom; she ...": the numbers say is a name, is a woman (1) or a man (-1), asks who is meant
WORDS = ["Ann", "met", "Tom", "she"]
VECTORS = [[1, 1, 0], [0, 0, 0.5], [1, -1, 0], [0, 1, 1]]
QUERY, KEY, VALUE = [[0, 0], [0, 2], [3, 0]], [[1, 0], [0, 1], [0, 0]], [[1, 0], [0, 1], [0.5, 0]]


class Matrix(t.TraitType):
    """`rows` (fewest, most) lists of 2 to 4 numbers from -10 to 10, all of one length."""
    def __init__(self, default, rows, **more):
        self.rows = rows
        super().__init__([list(map(float, row)) for row in default], **more)
        self.tag(sync=True)

    def validate(self, owner, value):
        try:
            found = [[float(each) for each in row] for row in value]
        except (TypeError, ValueError):
            found = []
        fits = self.rows[0] <= len(found) <= self.rows[1] and 2 <= len(found[0]) <= 4 and len({*map(len, found)}) == 1
        if not fits or not all(-10 <= each <= 10 for row in found for each in row):
            raise ValueError(f"{self.name}={value!r}; it is {self.rows[0]} to {self.rows[1]} rows of 2 to 4 numbers from -10 to 10, all of one length")
        return found


class AttentionStepper(Widget):
    """Causal self-attention of one head on 3 to 6 words: the reader edits any input number and sees all others follow.

    words: 3 to 6 words of at most 8 letters.      vectors: a row of d numbers each, d from 2 to 4.
    w_q, w_k, w_v: (d, d_k), d_k from 2 to 4; queries are vectors @ w_q, keys and values alike.
    causal: a word sees itself and those before it.      scaled: scores are divided by the square root of d_k.
    row: the word whose query is followed, counted from 0; -1 is the last.
    stage: how far the numbers are shown: "vectors", "projections", "scores", "scaled", "masked", "weights" or "output", all of them.

    The numbers are those of lm.attention, in float64. Every argument is a trait. ValueError outside these ranges, and where shapes do not fit;
    what must change together is set within `hold_trait_notifications()`.
    """
    _shown = ("words", "causal", "scaled", "row", "stage")
    words = t.List(t.Unicode(), WORDS).tag(sync=True)
    vectors = Matrix(VECTORS, (3, 6))
    w_q = Matrix(QUERY, (2, 4))
    w_k = Matrix(KEY, (2, 4))
    w_v = Matrix(VALUE, (2, 4))
    causal = t.Bool(True).tag(sync=True)
    scaled = t.Bool(True).tag(sync=True)
    row = Number(-1, -1, 5)
    stage = Choice(*reversed(STAGES))

    @t.validate("words", "vectors", "w_q", "w_k", "w_v", "row")
    def _check_sizes(self, proposal):
        now = {name: getattr(self, name) for name in ("words", "vectors", "w_q", "w_k", "w_v", "row")} | {proposal["trait"].name: proposal["value"]}
        words, d, d_k = now["words"], len(now["vectors"][0]), len(now["w_q"][0])
        if not all(1 <= len(word) <= 8 and not any(map(str.isspace, word)) for word in words) or len(words) != len(now["vectors"]):
            raise ValueError(f"words={words!r}; there are {len(now['vectors'])} vectors, so it is as many words of 1 to 8 letters")
        for name in ("w_q", "w_k", "w_v"):
            if len(now[name]) != d or len(now[name][0]) != d_k:
                raise ValueError(f"{name} is {len(now[name])} x {len(now[name][0])}; with {d} numbers a word and {d_k} columns of w_q it is {d} x {d_k}")
        if now["row"] >= len(words):
            raise ValueError(f"row={now['row']}; there are {len(words)} words, counted from 0; -1 is the last")
        return proposal["value"]

    def attention(self):
        """(output (T, d_k), weights (T, T)), as lm.attention computes them, in float64."""
        import torch

        from lmcourse.models.attention import attention
        q, k, v = (torch.tensor(self.vectors, dtype=torch.float64) @ torch.tensor(w, dtype=torch.float64) for w in (self.w_q, self.w_k, self.w_v))
        return attention(q, k, v, causal=self.causal, temperature=1.0 if self.scaled else q.shape[-1] ** -0.5, return_weights=True)

    def _describe(self):
        return (f"Self-attention of the words {' '.join(self.words)} in numbers, {'with' if self.causal else 'without'} the causal mask, "
                f"followed for {self.words[self.row]}")

    def _figure(self):
        from lmcourse.plots import attention_map
        return attention_map(self.attention()[1].numpy(), self.words, "the weights")
