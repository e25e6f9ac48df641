"""Reading what a model does inside while it reads a text."""
from dataclasses import dataclass

import torch

from ..models.seq2seq import Seq2Seq
from .probe import PARTS, layers_of, probing


class Pass:
    """What a model gave for the `logits` of a pass."""
    @property
    def probabilities(self):
        """The distribution of each next token: (B, T, V)."""
        return self.logits.softmax(-1)


@dataclass
class Record(Pass):
    """One pass. attention[layer] (B, H, T, T): row = the token that looks, column = looked at; logits (B, T, V);
    residual[i] (B, T, d): the stream before block i, and last the stream after the final block."""
    attention: list
    logits: torch.Tensor
    residual: list


@dataclass
class Seq2SeqRecord(Pass):
    """One pass of a Seq2Seq, a list of layers each: `encoder` (B, H, S, S), `decoder` (B, H, T, T) its self-attention, `cross`
    (B, H, T, S), where row = the target token that looks, column = the source token looked at; logits (B, T, V)."""
    encoder: list
    decoder: list
    cross: list
    logits: torch.Tensor


@torch.no_grad()
def record(model, ids, causal=True, temperature=1.0):
    """Runs `model` on ids (B, T) and keeps attention, logits and the residual stream; a Seq2Seq on a pair of ids, see Seq2SeqRecord.

    causal=False takes the mask away: every token sees all the others. `temperature` divides the scores of every head.
    Inside `with lm.ablate(...)` the record is that of the changed model. Raises ValueError if temperature is not above 0.
    """
    if not temperature > 0:
        raise ValueError(f"temperature={temperature} must be above 0")
    model.eval()
    change = {"keep": True, "causal": causal, "temperature": temperature}
    if isinstance(model, Seq2Seq):
        return _record_pair(model, ids, change)
    residual, hooks = [], []
    for block in model.blocks:
        hooks.append(block.register_forward_pre_hook(lambda _, inputs: residual.append(inputs[0])))
    hooks.append(model.final_norm.register_forward_pre_hook(lambda _, inputs: residual.append(inputs[0])))
    try:
        with probing(layers_of(model), [change] * len(model.blocks)) as probes:
            logits = model(ids)
            return Record([probe.weights for probe in probes], logits, residual)
    finally:
        for hook in hooks:
            hook.remove()


def _record_pair(model, pair, change):
    layers = [layer for part in PARTS for layer in layers_of(model, part)]
    with probing(layers, [change] * len(layers)) as probes:
        logits = model(pair)
        weights, n = [probe.weights for probe in probes], model.config.n_layers
    return Seq2SeqRecord(weights[:n], weights[n:2 * n], weights[2 * n:], logits)
