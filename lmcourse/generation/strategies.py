"""How the next token is chosen from the logits."""
import math
from dataclasses import dataclass

import torch

from .draws import Draws


def penalised(logits, seen, penalty):
    """Logits (B, V) with those of the tokens in `seen` (B, V) made smaller: divided by `penalty` above 0, multiplied by it
    below (Keskar et al., 2019)."""
    if penalty == 1:
        return logits
    if seen is None:
        raise ValueError(f"repetition_penalty={penalty} needs `seen` (B, V), True for the tokens that the text already holds")
    return logits.where(~seen, torch.where(logits > 0, logits / penalty, logits * penalty))


def _check_penalty(penalty):
    if not (math.isfinite(penalty) and penalty > 0):
        raise ValueError(f"repetition_penalty={penalty} must be above 0; 1 leaves the logits as they are")


@dataclass
class Greedy:
    """Always the likeliest token; `repetition_penalty` as in Sample."""
    repetition_penalty: float = 1.0

    def __post_init__(self):
        _check_penalty(self.repetition_penalty)

    def choose(self, logits, generator=None, seen=None):
        """logits (B, V) -> ids (B,)"""
        return penalised(logits, seen, self.repetition_penalty).argmax(-1)


@dataclass
class Sample:
    """Draws from the distribution, after shaping it, in this order (transformers' order, too):

    repetition_penalty  makes tokens of the text so far less likely: see `penalised`; 1 changes nothing
    temperature         divides the logits: below 1 is bolder, above 1 more varied
    top_k               only the k likeliest (Fan et al., 2018)
    top_p               of these only the likeliest that together reach p (Holtzman et al., 2020)
    min_p               only what has at least this share of the likeliest one's probability (Nguyen et al., 2024)
    ValueError for settings out of range.
    """
    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    repetition_penalty: float = 1.0

    def __post_init__(self):
        if not (math.isfinite(self.temperature) and self.temperature > 0):
            raise ValueError(f"temperature={self.temperature} must be above 0 and finite; Greedy() is what it tends to at 0")
        if self.top_k is not None and not (isinstance(self.top_k, int) and self.top_k >= 1):
            raise ValueError(f"top_k={self.top_k} must be a whole number of at least 1")
        for name in ("top_p", "min_p"):
            if getattr(self, name) is not None and not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name}={getattr(self, name)} must be above 0 and at most 1")
        _check_penalty(self.repetition_penalty)

    def distribution(self, logits, seen=None):
        """The probabilities that tokens are drawn from: logits (B, V) -> (B, V), rows sum to 1."""
        scores = penalised(logits, seen, self.repetition_penalty)
        p = ((scores - scores.amax(-1, keepdim=True)) / self.temperature).softmax(-1)       # 0 at most: nothing overflows
        if self.top_k is not None and self.top_k < p.shape[-1]:
            p = p.where(p >= p.topk(self.top_k, -1).values[:, -1:], 0)
        if self.top_p is not None and self.top_p < 1:
            ordered, order = p.sort(descending=True)
            before = ordered.cumsum(-1) - ordered                       # what the likelier ones reach without this one
            kept = ordered.where(before < self.top_p * ordered.sum(-1, keepdim=True), 0)
            p = torch.zeros_like(p).scatter(-1, order, kept)
        if self.min_p is not None:
            p = p.where(p >= self.min_p * p.amax(-1, keepdim=True), 0)
        return p / p.sum(-1, keepdim=True)

    def choose(self, logits, generator=None, seen=None):
        """logits (B, V) -> ids (B,); generator: a torch.Generator or Draws."""
        p = self.distribution(logits, seen)
        return generator.choose(p) if isinstance(generator, Draws) else torch.multinomial(p, 1, generator=generator)[:, 0]


@dataclass
class Beam:
    """Keeps the k likeliest texts so far and extends them all. A text's score is the sum of its log-probabilities over
    length ** length_penalty: 0 compares sums, 1 means, and longer texts gain the more, the larger it is (Wu et al., 2016)."""
    k: int = 4
    length_penalty: float = 1.0

    def __post_init__(self):
        if not (isinstance(self.k, int) and self.k >= 1):
            raise ValueError(f"k={self.k} beams: a whole number of at least 1")
        if not math.isfinite(self.length_penalty):
            raise ValueError(f"length_penalty={self.length_penalty} must be finite")
