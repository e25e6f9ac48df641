"""Whether a model that says 70 % is right seven times in ten."""
from typing import NamedTuple

import numpy as np


class Bin(NamedTuple):
    """The predictions with a confidence in (low, high]: their mean confidence, the share that was right, how many."""
    low: float
    high: float
    confidence: float
    accuracy: float
    count: int


def reliability(confidences, correct, bins=10):
    """[Bin] of equal width from 0 to 1, the empty ones left out: what a reliability diagram draws.

    confidences: (n,) from 0 to 1, the probability given to the chosen answer. correct: (n,) True where it was right.
    """
    confidences, correct = np.asarray(confidences, float), np.asarray(correct, float)
    if confidences.ndim != 1 or confidences.shape != correct.shape or not confidences.size:
        raise ValueError(f"confidences {confidences.shape} and correct {correct.shape} must be two lists of the same length, not empty")
    if not ((confidences >= 0) & (confidences <= 1)).all():
        raise ValueError("confidences are probabilities, from 0 to 1; give softmax(logits), not logits")
    if bins < 1:
        raise ValueError(f"bins={bins}: at least 1")
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.searchsorted(edges, confidences, side="left") - 1, 0, bins - 1)
    return [Bin(float(edges[b]), float(edges[b + 1]), float(confidences[place == b].mean()), float(correct[place == b].mean()),
                int((place == b).sum())) for b in np.unique(place)]


def expected_calibration_error(confidences, correct, bins=10):
    """Mean distance between confidence and accuracy, each bin weighted by its count; 0 to 1 (Naeini et al., 2015; Guo et al., 2017)."""
    table = reliability(confidences, correct, bins)
    return sum(b.count * abs(b.confidence - b.accuracy) for b in table) / sum(b.count for b in table)
