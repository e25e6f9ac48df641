"""Reading what a model does inside while it reads a text."""
from dataclasses import dataclass

import torch

from .probe import probing


@dataclass
class Record:
    """One pass. attention[layer] (B, H, T, T): row = the token that looks, column = looked at; logits (B, T, V);
    residual[i] (B, T, d): the stream before block i, and last the stream after the final block."""
    attention: list
    logits: torch.Tensor
    residual: list

    @property
    def probabilities(self):
        """The distribution of each next token: (B, T, V)."""
        return self.logits.softmax(-1)


@torch.no_grad()
def record(model, ids, causal=True, temperature=1.0):
    """Runs `model` on ids (B, T) and keeps attention, logits and the residual stream.

    causal=False takes the mask away: every token sees all the others. `temperature` divides the scores of every head.
    Inside `with lm.ablate(...)` the record is that of the changed model. Raises ValueError if temperature is not above 0.
    """
    if not temperature > 0:
        raise ValueError(f"temperature={temperature} must be above 0")
    model.eval()
    residual, hooks = [], []
    for block in model.blocks:
        hooks.append(block.register_forward_pre_hook(lambda _, inputs: residual.append(inputs[0])))
    hooks.append(model.final_norm.register_forward_pre_hook(lambda _, inputs: residual.append(inputs[0])))
    try:
        change = {"keep": True, "causal": causal, "temperature": temperature}
        with probing(model, [change] * len(model.blocks)) as probes:
            logits = model(ids)
            return Record([probe.weights for probe in probes], logits, residual)
    finally:
        for hook in hooks:
            hook.remove()
