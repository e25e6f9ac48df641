"""Who takes the step, and how long it is: AdamW or Muon, and the learning rate over the run."""
import math

import torch

from .muon import Muon


def optimizers(model, optimizer, lr, muon_lr, weight_decay):
    """"adamw": AdamW for everything (Loshchilov & Hutter, 2019). "muon": Muon for the blocks' matrices (of a Seq2Seq its
    decoder's: the encoder's gained nothing by it), AdamW for the rest."""
    if optimizer not in ("adamw", "muon"):
        raise ValueError(f"optimizer={optimizer!r} must be 'adamw' or 'muon'")
    matrices = [(n, p) for n, p in model.named_parameters() if p.dim() == 2 and n.startswith("blocks.")] if optimizer == "muon" else []
    if optimizer == "muon" and not matrices:
        raise ValueError(f"optimizer='muon' is for a model with blocks; {type(model).__name__} has none, take 'adamw'")
    inside = {id(p) for _, p in matrices}
    rest = [p for p in model.parameters() if id(p) not in inside]
    adamw = torch.optim.AdamW(rest, lr=lr, betas=(0.9, 0.98), weight_decay=weight_decay, fused=True)
    return [adamw, Muon(matrices, lr=muon_lr)] if matrices else [adamw]


SCHEDULES = {                                                           # share of the way (0 to 1) -> share of the highest lr
    "constant": lambda way: 1.0,
    "linear": lambda way: 1 - way,
    "cosine": lambda way: (1 + math.cos(math.pi * way)) / 2,            # Loshchilov & Hutter, 2017
    "wsd": lambda way: min(1.0, (1 - way) / 0.2),                       # warm-up, stable, decay in the last fifth (Hu et al., 2024)
}


def share_of_lr(step, steps, warmup, schedule):
    """The learning rate of step 0, 1, ... as a share of the highest: up in `warmup` steps, then as `schedule` says."""
    if schedule not in SCHEDULES:
        raise ValueError(f"schedule={schedule!r} must be one of {', '.join(SCHEDULES)}")
    up = min(1.0, (step + 1) / warmup) if warmup else 1.0
    return up * SCHEDULES[schedule](step / steps)
