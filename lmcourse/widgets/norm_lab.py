"""What LayerNorm, RMSNorm and a formula that is neither make of a few numbers, and of a signal that passes many layers."""
from __future__ import annotations

from lmcourse.widgets.base import Widget
from lmcourse.widgets.traits import Choice, Number, Numbers

WIDTH, INPUTS = 32, 8
NAMES = {"layer": "LayerNorm", "rms": "RMSNorm", "document": "x + normalize(x)"}


class NormLab(Widget):
    """Two views: a small vector, normalised step by step in three ways; and a deep stack, the size of its signal and gradient by depth.

    view: "vector" or "depth".
    x: the vector, 4 to 8 numbers from -10 to 10.       eps: ε, 1e-8 to 1.
    gain, bias: γ from -3 to 3 and β from -5 to 5, the same for every number here (a trained layer has one of each for every number).
    residual: "on" or "off".    place: where a layer of the stack normalises, "before", "after" or "none".
    norm: "layer" (Ba et al., 2016), "rms" (Zhang & Sennrich, 2019) or "document" (x + normalize(x)).
    layers: 1 to 48.            scale: standard deviation of the weights times √32, 0.1 to 2.      seed: of the weights, 0 to 999.

    The stack is `lmcourse.interpret.DeepStack`. Every argument is a trait. ValueError outside these ranges.
    """
    _shown = ("view", "x", "residual", "place", "norm", "layers")
    view = Choice("vector", "depth")
    x = Numbers([3.0, -1.0, 4.0, 1.0, -5.0, 6.0], 4, 8, -10, 10)
    eps = Number(1e-5, 1e-8, 1)
    gain = Number(1.0, -3, 3)
    bias = Number(0.0, -5, 5)
    residual = Choice("on", "off")
    place = Choice("before", "after", "none")
    norm = Choice("layer", "rms", "document")
    layers = Number(48, 1, 48)
    scale = Number(1.0, 0.1, 2)
    seed = Number(1, 0, 999)

    def outputs(self):
        """{norm: its output (n,)} for "layer", "rms" and "document", by torch, float64."""
        import torch
        import torch.nn.functional as F
        x = torch.tensor(self.x, dtype=torch.float64)
        size = (len(x),)
        return {"layer": F.layer_norm(x, size, eps=self.eps) * self.gain + self.bias, "rms": F.rms_norm(x, size, eps=self.eps) * self.gain,
                "document": x + F.layer_norm(x, size, eps=self.eps)}

    def depth(self):
        """The `interpret.depth.Depth` of the stack as it is set."""
        from lmcourse.interpret.depth import DeepStack, by_depth, drawn
        stack = DeepStack(WIDTH, self.layers, self.residual == "on", self.place, self.norm, self.scale, self.seed)
        return by_depth(stack, drawn(self.seed + 1000, INPUTS, WIDTH), self.seed + 2000)

    def _describe(self):
        if self.view == "vector":
            return f"The numbers {', '.join(f'{v:g}' for v in self.x)}, and what LayerNorm, RMSNorm and x + normalize(x) make of them"
        norm = NAMES[self.norm]
        where = {"none": "without a norm", "before": f"with {norm} before the layer's matrix", "after": f"with {norm} after it"}[self.place]
        return f"Size of signal and gradient by depth in a stack of {self.layers} layers, residual {self.residual}, {where}"

    def _figure(self):
        from lmcourse.plots import COLOURS, DASHES, HATCHES, drawing
        with drawing(5.6, 3.4) as (figure, axes):
            if self.view == "vector":
                shown = {"x": self.x} | {NAMES[name]: out.tolist() for name, out in self.outputs().items()}
                for i, (name, values) in enumerate(shown.items()):
                    axes.bar([n + 1 + 0.2 * (i - 1.5) for n in range(len(values))], values, 0.18, label=name, edgecolor=COLOURS[i],
                             facecolor="none" if i else COLOURS[i], hatch=HATCHES[i])
                axes.set(xlabel="number of the vector", ylabel="value")
            else:
                depth = self.depth()
                for i, name in enumerate(("signal", "gradient")):
                    axes.semilogy(getattr(depth, name), DASHES[i], color=COLOURS[i], label=name)
                axes.set(xlabel="depth (layers)", ylabel="root mean square")
            axes.legend()
        return figure
