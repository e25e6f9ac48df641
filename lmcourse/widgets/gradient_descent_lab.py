"""How SGD, momentum and Adam walk down a loss of two parameters."""
from __future__ import annotations

import math

from lmcourse.widgets.base import Widget
from lmcourse.widgets.traits import Choice, Number, Numbers

SIDE = 2                                                            # the map shows -2 to 2 both ways
# loss and gradient at (x, y); r is the steepness ratio
SURFACES = {
    "valley": (lambda x, y, r: (x * x + r * y * y) / 2, lambda x, y, r: (x, r * y)),
    "rosenbrock": (lambda x, y, r: (1 - x) ** 2 + r * (y + 1 - x * x) ** 2,
                   lambda x, y, r: (-2 * (1 - x) - 4 * r * x * (y + 1 - x * x), 2 * r * (y + 1 - x * x))),
    "two_minima": (lambda x, y, r: (x * x - 1) ** 2 + 0.3 * x + r * y * y / 2,
                   lambda x, y, r: (4 * x * (x * x - 1) + 0.3, r * y)),
}
OPTIMIZERS = ("sgd", "momentum", "adam")


class GradientDescentLab(Widget):
    """A loss surface as a map, the path of an optimizer on it from a start that the reader drags, and the loss of each step.

    surface: "valley" ((x² + r y²) / 2), "rosenbrock" ((1 - x)² + r (y + 1 - x²)²; Rosenbrock, 1960, moved so that its minimum is (1, 0))
        or "two_minima" ((x² - 1)² + 0.3 x + r y² / 2).
    steepness: r above, 1 to 100.      optimizer: "sgd", "momentum", "adam", or "all" for the three together.
    lr: learning rate, > 0.            momentum: β of momentum and β₁ of Adam, from 0 to 0.9999; Adam's β₂ is 0.999.
    steps: 1 to 200.                   start: (x, y), each from -2 to 2.

    The steps are those of torch.optim.SGD and torch.optim.Adam, in float64. Every argument is a trait. ValueError outside these ranges.
    """
    _shown = ("surface", "optimizer", "lr", "momentum", "steps", "start")
    surface = Choice(*SURFACES)
    steepness = Number(10.0, 1, 100)
    optimizer = Choice(*OPTIMIZERS, "all")
    lr = Number(0.1, 0, open=True)
    momentum = Number(0.9, 0, 0.9999)
    steps = Number(40, 1, 200)
    start = Numbers([-1.6, 1.2], 2, 2, -SIDE, SIDE)

    def _describe(self):
        return (f"Map of a loss of two parameters ({self.surface}) with the path of {self.optimizer} "
                f"at learning rate {self.lr:g}, {self.steps} steps")

    def _figure(self):
        import numpy as np

        from lmcourse.plots import COLOURS, canvas, style
        figure, axes = canvas(2.9, 2.7)
        value = SURFACES[self.surface][0]
        grid = np.linspace(-SIDE, SIDE, 120)
        loss = value(grid[None, :], grid[:, None], self.steepness)
        above = loss - loss.min() + 1e-6
        with style():
            axes.contourf(grid, grid, above, levels=np.sort(above.max() / 2.4 ** np.arange(12)), cmap="Blues_r", alpha=0.6,
                          norm="log", extend="min")
            for name, colour, line in zip(OPTIMIZERS, COLOURS[1:], ("o-", "s--", "^:")):
                if self.optimizer in (name, "all"):
                    axes.plot(*zip(*self._path(name)), line, color=colour, markersize=3, label=name)
            axes.set(xlim=(-SIDE, SIDE), ylim=(-SIDE, SIDE), xlabel="first parameter", ylabel="second parameter")
            axes.legend()
        return figure

    def _path(self, optimizer):
        """[(x, y)] after 0, 1, ... steps, as the page computes them, for the picture."""
        gradient, at, beta = SURFACES[self.surface][1], list(self.start), self.momentum
        path, mean, square = [tuple(at)], [0.0, 0.0], [0.0, 0.0]
        for step in range(1, self.steps + 1):
            for i, g in enumerate(gradient(*at, self.steepness)):
                if optimizer == "adam":
                    mean[i], square[i] = beta * mean[i] + (1 - beta) * g, 0.999 * square[i] + 0.001 * g * g
                    root = math.sqrt(square[i] / (1 - 0.999 ** step))
                    at[i] -= self.lr * mean[i] / (1 - beta ** step) / (root + 1e-8)
                else:
                    mean[i] = (beta if optimizer == "momentum" else 0) * mean[i] + g
                    at[i] -= self.lr * mean[i]
            if max(map(abs, at)) >= 1e6:
                break
            path.append(tuple(at))
        return path
