"""Right or wrong, item by item."""
import re
import string

import numpy as np

IGNORED = -100
ARTICLES = re.compile(r"\b(a|an|the)\b")


def accuracy(predictions, targets):
    """Share of the predictions that equal their target. Two lists or arrays of the same shape; a target -100 is not scored.

    ValueError if the shapes differ or nothing is scored.
    """
    predictions, targets = np.asarray(predictions), np.asarray(targets)
    if predictions.shape != targets.shape:
        raise ValueError(f"predictions have shape {predictions.shape}, targets {targets.shape}: one target a prediction")
    scored = targets != IGNORED if targets.dtype.kind in "iu" else np.ones(targets.shape, bool)
    if not scored.any():
        raise ValueError("nothing to score: there is no target, or each is -100")
    return float((predictions == targets)[scored].mean())


def exact_match(predictions, references, normalised=True):
    """Share of the texts that equal their reference, or one of them where `references` holds lists.

    With `normalised` upper case, ASCII punctuation, articles and extra spaces do not count (Rajpurkar et al., 2016).
    """
    if len(predictions) != len(references) or not predictions:
        raise ValueError(f"{len(predictions)} predictions for {len(references)} references: one reference, or list of them, a prediction")
    plain = _plain if normalised else str
    hits = [plain(text) in {plain(each) for each in ([good] if isinstance(good, str) else good)}
            for text, good in zip(predictions, references)]
    return sum(hits) / len(hits)


def _plain(text):
    return " ".join(ARTICLES.sub(" ", text.lower().translate(str.maketrans("", "", string.punctuation))).split())
