"""A training step, as a ratio to Hugging Face's GPT-2 on the same weights and batch; its share of the machine's own speed at matrix
products, and the most memory the process held. One thread, interleaved, medians."""
import resource
import statistics
import sys

import torch
from generation_speed import cpu_seconds, pair

from lmcourse.training import loss_of

BUDGETS = {128: 1.5, 384: 1.25}
ROUNDS = 9


def peak(side=1024):
    """A large product of matrices: operations and a run of it, for the speed that nothing here can beat."""
    a, b = torch.randn(2, side, side)
    return 2 * side ** 3, lambda: a @ b


def operations(model, tokens, length):
    """Multiplications and additions of a step, forward and backward: 6 a weight and token, and attention's own products (Kaplan et al., 2020)."""
    c = model.config
    weights = sum(p.numel() for name, p in model.named_parameters() if p.dim() == 2 and not name.startswith("position"))
    return tokens * (6 * weights + 12 * c.n_layers * c.d_model * length)


def main():
    torch.set_num_threads(1)
    missed = False
    for d_model, budget in BUDGETS.items():
        ours, theirs = (model.train() for model in pair(d_model))
        for module in theirs.modules():                                 # no dropout on either side
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        optimizers = [torch.optim.AdamW(ours.parameters(), 1e-4, fused=True), torch.optim.AdamW(theirs.parameters(), 1e-4)]
        inputs, targets = torch.randint(0, 700, (16, 65)).split([64, 1], 1)[0], torch.randint(0, 700, (16, 64))
        labels = torch.cat([inputs[:, :1], targets[:, :-1]], 1)         # theirs shifts by itself

        def step(optimizer, loss):
            value = loss()
            optimizer.zero_grad(set_to_none=True)
            value.backward()
            optimizer.step()

        runs = [lambda: step(optimizers[0], lambda: loss_of(ours, inputs, targets)),
                lambda: step(optimizers[1], lambda: theirs(inputs, labels=labels).loss)]
        most, product = peak()
        runs.append(product)
        for run in runs:
            run()
        times = [[cpu_seconds(run) for run in runs] for _ in range(ROUNDS)]
        ratio = statistics.median(theirs / ours for ours, theirs, _ in times)
        share = statistics.median(operations(ours, inputs.numel(), 64) / mine / (most / best) for mine, _, best in times)
        print(f"training step, d={d_model}, 16 rows of 64: {ratio:.2f} times Hugging Face's (budget >= {budget}), "
              f"{1000 * min(mine for mine, _, _ in times):.0f} ms at best, {share:.0%} of the speed of one large matrix product; "
              f"{'holds' if ratio >= budget else 'FALLS SHORT'}", flush=True)
        missed |= ratio < budget
    print(f"peak memory of all this: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    return missed


if __name__ == "__main__":
    sys.exit(main())
