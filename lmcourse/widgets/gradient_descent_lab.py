"""How SGD, momentum and Adam walk down a loss of two parameters."""
from __future__ import annotations

from lmcourse.widgets.base import Widget
from lmcourse.widgets.traits import Choice, Number, Numbers

SIDE = 2                                                            # the map shows -2 to 2 both ways
SURFACES = {                                                        # the loss at (x, y); r is the steepness ratio
    "valley": lambda x, y, r: (x * x + r * y * y) / 2,
    "rosenbrock": lambda x, y, r: (1 - x) ** 2 + r * (y + 1 - x * x) ** 2,
    "two_minima": lambda x, y, r: (x * x - 1) ** 2 + 0.3 * x + r * y * y / 2,
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

        from lmcourse.plots import COLOURS, drawing
        grid = np.linspace(-SIDE, SIDE, 120)
        loss = SURFACES[self.surface](grid[None, :], grid[:, None], self.steepness)
        above = loss - loss.min() + 1e-6
        with drawing(2.9, 2.7) as (figure, axes):
            axes.contourf(grid, grid, above, levels=np.sort(above.max() / 2.4 ** np.arange(12)), cmap="Blues_r", alpha=0.6,
                          norm="log", extend="min")
            for name, colour, line in zip(OPTIMIZERS, COLOURS[1:], ("o-", "s--", "^:")):
                if self.optimizer in (name, "all"):
                    axes.plot(*zip(*self._path(name)), line, color=colour, markersize=3, label=name)
            axes.set(xlim=(-SIDE, SIDE), ylim=(-SIDE, SIDE), xlabel="first parameter", ylabel="second parameter")
            axes.legend()
        return figure

    def _path(self, optimizer):
        """[(x, y)] after 0, 1, ... steps of torch's own optimizer, for the picture."""
        import torch
        at, path = torch.tensor(self.start, dtype=torch.float64, requires_grad=True), [tuple(self.start)]
        make = {"sgd": lambda: torch.optim.SGD([at], self.lr), "momentum": lambda: torch.optim.SGD([at], self.lr, self.momentum),
                "adam": lambda: torch.optim.Adam([at], self.lr, (self.momentum, 0.999))}
        stepper = make[optimizer]()
        for _ in range(self.steps):
            stepper.zero_grad()
            SURFACES[self.surface](*at, self.steepness).backward()
            stepper.step()
            if at.abs().max() >= 1e6:
                break
            path.append(tuple(at.tolist()))
        return path
