"""Muon: momentum whose matrix is made orthogonal before each step (Jordan et al., 2024)."""
import torch


def orthogonalise(matrices, steps=5):
    """The nearest thing to an orthogonal matrix, for a stack of them (N, R, C) with R <= C: all singular values go to
    about 1, by five steps of a quintic Newton-Schulz iteration. bfloat16 where the device is fast at it."""
    x = matrices.bfloat16() if matrices.device.type == "cuda" else matrices
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        a = x @ x.mT                                                    # (N, R, R)
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x             # (N, R, C)
    return x.to(matrices.dtype)


class Muon(torch.optim.Optimizer):
    """For the matrices inside the blocks; everything else belongs to AdamW.

    A matrix whose name ends in `qkv.weight` holds three, each of which is orthogonalised for itself. Matrices of one
    shape are handled in one batch, which on a CPU is most of the speed. `params` are pairs (name, parameter).
    """
    def __init__(self, params, lr=0.05, momentum=0.95):
        named = list(params)
        super().__init__([p for _, p in named], {"lr": lr, "momentum": momentum})
        self.shapes = {}                                                # (rows, columns) -> [(parameter, parts, tall)]
        for name, p in named:
            if p.dim() != 2:
                raise ValueError(f"{name} has shape {tuple(p.shape)}; Muon is for matrices")
            parts = p.shape[0] // p.shape[1] if name.endswith("qkv.weight") and p.shape[0] % p.shape[1] == 0 else 1
            rows, columns = p.shape[0] // parts, p.shape[1]
            self.shapes.setdefault((min(rows, columns), max(rows, columns)), []).append((p, parts, rows > columns))

    @torch.no_grad()
    def step(self):
        lr, momentum = self.param_groups[0]["lr"], self.param_groups[0]["momentum"]
        for members in self.shapes.values():
            directions, counts = [], []
            for p, parts, tall in members:
                state = self.state[p]
                if not state:
                    state["momentum"] = torch.zeros_like(p)
                state["momentum"].lerp_(p.grad, 1 - momentum)
                direction = p.grad.lerp(state["momentum"], momentum).view(parts, -1, p.shape[1])    # Nesterov
                directions.append(direction.mT if tall else direction)
                counts.append(parts)
            updates = orthogonalise(torch.cat(directions)).split(counts)                            # (N, rows, columns)
            for (p, parts, tall), update in zip(members, updates):
                scale = max(1.0, p.shape[0] / parts / p.shape[1]) ** 0.5                            # tall matrices step further
                p.add_((update.mT if tall else update).reshape(p.shape), alpha=-lr * scale)
