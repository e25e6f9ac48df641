"""Where a token stands: added to its vector (sinusoids), turned into queries and keys (rope), or taken off the scores (alibi)."""
import torch


def rope_angles(d_head, max_len, base=10_000.0):
    """cos and sin of position * frequency, each (max_len, d_head / 2). Su et al., 2021."""
    frequency = base ** (-torch.arange(0, d_head, 2) / d_head)          # (d_head / 2,)
    angle = torch.arange(max_len)[:, None] * frequency                  # (max_len, d_head / 2)
    return angle.cos(), angle.sin()


def sinusoids(max_len, d_model, base=10_000.0):
    """(max_len, d_model): sin and cos of position * frequency in turn, slower from pair to pair. Vaswani et al., 2017."""
    frequency = base ** (-torch.arange(0, d_model, 2) / d_model)        # (d_model / 2,)
    angle = torch.arange(max_len)[:, None] * frequency                  # (max_len, d_model / 2)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(1)[:, :d_model]


def alibi_bias(n_heads, n_queries, n_keys, device=None):
    """(H, T, S), added to the scores: minus distance times a slope, one a head, from 2^(-8/H) to 2^-8. Press et al., 2022.

    With more keys than queries the queries are the last ones, as with a cache.
    """
    slope = 2.0 ** (-8.0 * torch.arange(1, n_heads + 1, device=device) / n_heads)           # (H,)
    query = torch.arange(n_keys - n_queries, n_keys, device=device)
    distance = (query[:, None] - torch.arange(n_keys, device=device)).clamp(min=0)          # (T, S)
    return -slope[:, None, None] * distance


def rotate(x, cos, sin):
    """Turns each pair (x[i], x[i + d/2]) of a query or key (..., T, d_head) by its position's angle."""
    a, b = x.chunk(2, -1)                                               # (..., T, d_head / 2) each
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)        # (..., T, d_head)
