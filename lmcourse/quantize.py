"""Weights on a grid: eight bits a number and one scale a row, chosen so that float16 holds every product exactly.

So a model that was snapped to the grid once is the same model in a float16 file, in torch, and in a page that carries
only the eight bits and the scales. Needs numpy alone.
"""
import numpy as np

LEVELS = 127


def snap(matrix):
    """Nearest grid point of each row of `matrix` (R, C): (q int8 (R, C), scale float32 (R,)); the value is q * scale.

    A scale has four significant bits and q has seven, so their product has eleven, as float16 does. Snapping what was
    snapped changes nothing. Raises ValueError for what is no matrix, is not finite, or leaves float16's range.
    """
    matrix = np.asarray(matrix, np.float32)
    if matrix.ndim != 2:
        raise ValueError(f"a matrix has two dimensions; this has shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise ValueError("the matrix has a number that is not finite (nan or inf)")
    while True:
        scale = _four_bits(np.abs(matrix).max(1) / LEVELS)                          # (R,)
        q = np.clip(np.rint(matrix / scale[:, None]), -LEVELS, LEVELS)
        snapped = (q * scale[:, None]).astype(np.float32)
        if np.array_equal(snapped, matrix):
            break
        matrix = snapped                                # the largest number moved a little: look for its scale again
    if not np.array_equal(snapped.astype(np.float16).astype(np.float32), snapped):
        raise ValueError(f"numbers up to {np.abs(snapped).max():.3g} with steps of {scale.min():.3g} leave the range of float16")
    return q.astype(np.int8), scale


def unsnap(q, scale):
    """The matrix of numbers that `snap` stands for: float32 (R, C)."""
    return q.astype(np.float32) * scale[:, None]


def _four_bits(x):
    """Each number rounded to four significant bits; 0 becomes 1, since any scale will do for a row of zeros."""
    mantissa, exponent = np.frexp(np.where(x > 0, x, 1.0))                          # mantissa in [0.5, 1)
    return np.ldexp(np.rint(mantissa * 16) / 16, exponent).astype(np.float32)
