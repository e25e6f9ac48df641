"""How each way of writing down positions changes what one word's query finds in another word's key."""
from __future__ import annotations

import numpy as np

from lmcourse.widgets.base import Widget
from lmcourse.widgets.traits import Choice, Number, Numbers

LENGTH, HEADS, WIDEST = 32, 8, 64


def _words(seed):
    return Numbers(np.random.RandomState(seed).randn(WIDEST).round(3).tolist(), WIDEST, WIDEST, -100, 100)


class PositionLab(Widget):
    """One query and one key, the same two words everywhere, at 32 positions: which score do they get at each pair of places?

    kind: "none", "sinusoidal" (added to both; Vaswani et al., 2017), "rope" (turned; Su et al., 2021), "alibi" (distance taken off the
        score; Press et al., 2022).
    position: where the query stands, 0 to 31; its row is drawn as a curve.
    width: numbers a vector, 8, 16, 32 or 64.      head: whose ALiBi slope, 0 to 7.
    query, key: the words' vectors, 64 numbers each, of which the first `width` are used; default: drawn from a normal distribution.

    Scores are divided by sqrt(width), as in attention. Every argument is a trait. ValueError outside these ranges.
    """
    _shown = ("kind", "position", "width", "head")
    kind = Choice("sinusoidal", "none", "rope", "alibi")
    position = Number(20, 0, LENGTH - 1)
    width = Choice(16, 8, 32, 64)
    head = Number(0, 0, HEADS - 1)
    query = _words(1)
    key = _words(2)

    def _describe(self):
        return f"Scores of one query and one key at {LENGTH} positions, kind {self.kind}, and the row of position {self.position}"

    def scores(self):
        """The scores as `lmcourse.models` computes them, (32, 32): row = where the query stands, column = where the key stands."""
        import torch

        from lmcourse.models.positions import alibi_bias, rope_angles, rotate, sinusoids
        q, k = (torch.tensor(vector[:self.width], dtype=torch.float64).expand(LENGTH, -1) for vector in (self.query, self.key))
        if self.kind == "sinusoidal":
            waves = sinusoids(LENGTH, self.width)
            q, k = q + waves, k + waves
        elif self.kind == "rope":
            q, k = (rotate(x, *rope_angles(self.width, LENGTH)) for x in (q, k))
        scores = q @ k.T / self.width ** 0.5
        return (scores + alibi_bias(HEADS, LENGTH, LENGTH)[self.head] if self.kind == "alibi" else scores).numpy()

    def _figure(self):
        from lmcourse.plots import drawing
        scores = self.scores()
        seen = np.where(np.tri(LENGTH, dtype=bool), scores, np.nan)
        largest = np.nanmax(np.abs(seen))
        with drawing(4.6, 4.2) as (figure, axes):
            image = axes.imshow(seen, cmap="PuOr_r", vmin=-largest, vmax=largest)
            axes.axhline(self.position, linewidth=1, color="0.4")
            axes.set(xlabel="position of the key", ylabel="position of the query")
            axes.grid(False)
            figure.colorbar(image, ax=axes, label="score", shrink=0.8)
        return figure
