"""How much each head behaves like a kind of head that is known by name, measured on random tokens that mean nothing."""
import torch

from .recording import record


def induction_pattern_score(attention, n):
    """attention (..., 2n, 2n) on n tokens and the same n again -> (...): the mean weight from each token of the second half
    to the token after its earlier occurrence, n - 1 places back (Olsson et al., 2022)."""
    return attention.diagonal(1 - n, -2, -1)[..., 1:].mean(-1)          # queries n to 2n - 1; the first of the diagonal is query n - 1


def previous_token_pattern_score(attention):
    """attention (..., T, T) -> (...): the mean weight from each token but the first to the one right before it."""
    return attention.diagonal(-1, -2, -1).mean(-1)


def head_scores(model, n=20, rows=16, seed=0, ids=None):
    """(induction, previous token), each (n_layers, n_heads), from 0 to 1, over `rows` of n random tokens said twice.

    ids    the tokens to draw from; all of the vocabulary if None (of the bundled model: its words, not its bytes)
    A head that spreads its look evenly scores about 1 / (1.5 n) and about ln(2n) / 2n. ValueError where 2n tokens do not
    fit, or where fewer than 2 tokens may be drawn.
    """
    c = model.config
    if not 2 <= n <= c.max_len // 2:
        raise ValueError(f"n={n} tokens said twice must be at least 4 and at most max_len={c.max_len} in all")
    pool = torch.arange(c.vocab_size) if ids is None else torch.tensor(sorted(set(ids)))
    if len(pool) < 2:
        raise ValueError(f"ids holds {len(pool)} different tokens; at least 2 are needed, and many more for a score that means something")
    drawn = pool[torch.randint(len(pool), (rows, n), generator=torch.Generator().manual_seed(seed))]                # (rows, n)
    attention = torch.stack(record(model, drawn.repeat(1, 2).to(next(model.parameters()).device)).attention).cpu()  # (L, rows, H, 2n, 2n)
    return induction_pattern_score(attention, n).mean(1), previous_token_pattern_score(attention).mean(1)
