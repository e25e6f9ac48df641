"""How far a score may be chance: draw the items again and again, with replacement."""
from typing import NamedTuple

import numpy as np


class Interval(NamedTuple):
    """The score on the items, and the ends between which it falls for 95 % of the draws."""
    low: float
    value: float
    high: float


def bootstrap(items, statistic=np.mean, confidence=0.95, draws=2000, seed=0):
    """Percentile interval of a score (Efron, 1979): `statistic(items)` for `draws` samples of as many items, drawn with replacement.

    items: one entry an example (a list, or an array whose first axis counts examples), such as 1 and 0 for right and wrong,
    or differences of two models on the same examples (a paired comparison). statistic: array of items -> number.
    ValueError for fewer than two items or a confidence outside (0, 1).
    """
    items = np.asarray(items)
    if items.ndim == 0 or len(items) < 2:
        raise ValueError("a bootstrap needs at least two items: one tells nothing about the next")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence={confidence}; a share between 0 and 1, such as 0.95")
    rng = np.random.default_rng(seed)
    scores = [float(statistic(items[rng.integers(0, len(items), len(items))])) for _ in range(draws)]
    low, high = np.quantile(scores, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(statistic(items)), float(high))
