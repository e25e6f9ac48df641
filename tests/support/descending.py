"""What GradientDescentLab should show: torch's own optimizers on torch's own gradients, in float64."""
import torch

SURFACES = {
    "valley": lambda x, y, r: (x ** 2 + r * y ** 2) / 2,
    "rosenbrock": lambda x, y, r: (1 - x) ** 2 + r * (y + 1 - x ** 2) ** 2,
    "two_minima": lambda x, y, r: (x ** 2 - 1) ** 2 + 0.3 * x + r * y ** 2 / 2,
}


def by_torch(lab, optimizer):
    """[(x, y)] after 0, 1, ... `lab.steps` steps."""
    at = torch.tensor(lab.start, dtype=torch.float64, requires_grad=True)
    if optimizer == "adam":
        stepper = torch.optim.Adam([at], lr=lab.lr, betas=(lab.momentum, 0.999), eps=1e-8)
    else:
        stepper = torch.optim.SGD([at], lr=lab.lr, momentum=lab.momentum if optimizer == "momentum" else 0)
    path = [at.detach().tolist()]
    for _ in range(lab.steps):
        stepper.zero_grad()
        SURFACES[lab.surface](*at, lab.steepness).backward()
        stepper.step()
        path.append(at.detach().tolist())
    return path
