"""Random numbers that a page and Python share: the same seed, the same draws, the same text."""
import torch


class Draws:
    """Numbers in [0, 1) from a seed: mulberry32 (T. Ettinger, public domain), 32 bits of state. js/draws.js gives the very same.

    Give one to `generate(..., seed=Draws(3))`, and Sample draws what DecodingLab draws in the page. Good enough to choose words; not
    for cryptography, nor for experiments that need more than some millions of numbers.
    """
    def __init__(self, seed):
        self.state = seed % 2 ** 32

    def next(self):
        """The next number, a multiple of 2 ** -32."""
        self.state = (self.state + 0x6D2B79F5) % 2 ** 32
        t = _times(self.state ^ self.state >> 15, self.state | 1)
        t ^= (t + _times(t ^ t >> 7, t | 61)) % 2 ** 32
        return (t ^ t >> 14) / 2 ** 32

    def choose(self, p):
        """Probabilities (B, V) -> ids (B,), one draw a row: laid end to end in the order of their ids, which token does the draw fall on?"""
        ends = p.double().cumsum(-1)                                    # (B, V)
        at = torch.tensor([[self.next()] for _ in p], dtype=ends.dtype, device=p.device) * ends[:, -1:]
        return torch.searchsorted(ends, at, right=True)[:, 0]


def _times(a, b):
    """The low 32 bits of a product, as JavaScript's Math.imul."""
    return a * b % 2 ** 32
