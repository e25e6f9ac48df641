"""A probe sits in an attention layer, sees its weights and may change them; without one the layer runs untouched."""
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import torch

from ..models.attention import attention, causal_mask
from ..models.seq2seq import Seq2Seq


@dataclass
class Probe:
    """What `record` and `ablate` ask of one layer. After a pass `weights` holds (B, H, T, S)."""
    causal: bool = True
    temperature: float = 1.0
    heads_off: frozenset = frozenset()
    edges_off: dict = field(default_factory=dict)       # head -> pairs (query, source) or a bool mask, see cut_mask
    keep: bool = False
    weights: torch.Tensor | None = None

    def __call__(self, q, k, v, bias=None, causal=True, mask=None):
        B, H, T, _ = q.shape
        S = k.shape[-2]
        allowed = causal_mask(T, S, q.device) if self.causal and causal else torch.ones(T, S, dtype=torch.bool, device=q.device)
        allowed = allowed.expand(B, H, T, S) if mask is None else (allowed & mask).expand(B, H, T, S)
        if self.edges_off:
            allowed = allowed.clone()
            for head, cut in self.edges_off.items():
                allowed[:, head] &= ~cut_mask(cut, T, S).to(q.device)
        y, weights = attention(q, k, v, mask=allowed, temperature=self.temperature, return_weights=True, bias=bias)
        if self.keep:
            self.weights = weights
        for head in self.heads_off:
            y[:, head] = 0                              # the head's share of the concatenation
        return y


def cut_mask(cut, T, S):
    """Pairs (query, source), or a bool mask (T, S) or (B, T, S), as a mask that is True where the look is cut."""
    if isinstance(cut, torch.Tensor):
        if cut.shape[-2:] != (T, S):
            raise ValueError(f"a mask of looks {tuple(cut.shape)}, but this pass looks from {T} to {S} tokens")
        return cut
    mask = torch.zeros(T, S, dtype=torch.bool)
    for query, source in cut:
        if not (0 <= query < T and 0 <= source < S):
            raise ValueError(f"no look from {query} to {source}: this pass looks from {T} to {S} tokens, counted from 0")
        mask[query, source] = True
    return mask


PARTS = "encoder", "decoder", "cross"


def layers_of(model, part=None):
    """The attention layers of a model; of a Seq2Seq those of one `part`: "encoder", "decoder" (its self-attention) or "cross".
    ValueError where a part is missing, unknown, or named for a model that has none."""
    if not isinstance(model, Seq2Seq):
        if part is not None:
            raise ValueError(f"part={part!r}: only a Seq2Seq has parts, {type(model).__name__} has one kind of attention")
        return [block.attention for block in model.blocks]
    if part not in PARTS:
        raise ValueError(f"part={part!r}: a Seq2Seq has the parts {', '.join(PARTS)}; say which")
    if part == "encoder":
        return [block.attention for block in model.encoder]
    return [block.attention if part == "decoder" else block.cross_attention for block in model.blocks]


@contextmanager
def probing(layers, changes):
    """Puts a probe with `changes[layer]` (keyword arguments) on top of what each attention layer has; gives the probes, and
    takes everything back at the end."""
    before = [layer.probe for layer in layers]
    try:
        for layer, probe, change in zip(layers, before, changes):
            if change:
                layer.probe = replace(probe or Probe(), **change)
        yield [layer.probe for layer in layers]
    finally:
        for layer, probe in zip(layers, before):
            layer.probe = probe
