"""What many layers do to a signal and to its gradient: a deep stack as small as can be."""
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn as nn

NORMS = ("layer", "rms", "document")
PLACES = ("before", "after", "none")


def drawn(seed, *shape):
    """Numbers of variance 1, evenly from -√3 to √3, float64: the same on every machine and in the page (mulberry32, a
    generator whose state only counts, so that all can be made at once)."""
    a = np.uint32(seed) + np.arange(1, 1 + int(np.prod(shape)), dtype=np.uint32) * np.uint32(0x6D2B79F5)
    t = (a ^ (a >> np.uint32(15))) * (a | np.uint32(1))
    t = (t + (t ^ (t >> np.uint32(7))) * (t | np.uint32(61))) ^ t
    even = (t ^ (t >> np.uint32(14))) / 2 ** 32
    return torch.from_numpy((2 * even - 1) * 3 ** 0.5).reshape(shape)


class AddedNorm(nn.Module):
    """x + normalize(x), which document 000 calls LayerNorm, and which is none. (..., d) -> (..., d)"""
    def __init__(self, d):
        super().__init__()
        self.norm = nn.LayerNorm(d)

    def forward(self, x):
        return x + self.norm(x)


class DeepStack(nn.Module):
    """`layers` times one matrix and a ReLU, F(x) = relu(W x), with or without residual and norm. (..., d) -> (..., d)

    residual   x + F(x) instead of F(x)
    place      "before": F reads norm(x) (pre-norm); "after": the result is normalised (post-norm; Vaswani et al., 2017); "none"
    norm       "layer" (Ba et al., 2016), "rms" (Zhang & Sennrich, 2019) or "document", x + normalize(x)
    scale      standard deviation of the weights, times √d      seed   of the weights

    `stack.streams(x)` is the list of what goes in and what comes out of each layer. ValueError for another place or norm.
    """
    def __init__(self, d=32, layers=48, residual=True, place="before", norm="layer", scale=1.0, seed=1):
        super().__init__()
        for name, value, allowed in (("place", place, PLACES), ("norm", norm, NORMS)):
            if value not in allowed:
                raise ValueError(f"{name}={value!r} must be one of {', '.join(allowed)}")
        made = {"layer": nn.LayerNorm, "rms": lambda d: nn.RMSNorm(d, eps=1e-5), "document": AddedNorm}[norm]
        self.residual, self.place = residual, place
        self.weights = nn.ParameterList((drawn(seed, layers, d, d) * scale / d ** 0.5).float().unbind())
        self.norms = nn.ModuleList(made(d) for _ in range(layers if place != "none" else 0))

    def streams(self, x):
        found = [x]
        for i, weight in enumerate(self.weights):
            read = self.norms[i](x) if self.place == "before" else x
            written = (read @ weight.mT).relu()
            x = x + written if self.residual else written
            x = self.norms[i](x) if self.place == "after" else x
            found.append(x)
        return found

    def forward(self, x):
        return self.streams(x)[-1]


@dataclass
class Depth:
    """At depth 0 (the input), 1, ...: signal, the root mean square of the stream; gradient, that of the derivative of a
    random mix of the outputs with respect to the stream at that depth (about 1 at the last)."""
    signal: list
    gradient: list


def by_depth(stack, x, seed=0):
    """The Depth of a DeepStack for inputs x (n, d), in float64. seed: of the mix. It says how the stack is before training, no more."""
    streams = deepcopy(stack).double().streams(x.double().requires_grad_())
    gradients = torch.autograd.grad(streams[-1], streams, drawn(seed, *x.shape))
    return Depth(*([z.detach().square().mean().sqrt().item() for z in found] for found in (streams, gradients)))
