"""Claims that run: a sentence, the condition that makes it true, and a broken variant that makes it false.

No torch here: anything with one element and a dtype (numpy, torch) is understood.
"""
from __future__ import annotations

import math
import numbers
import os
from dataclasses import dataclass


class ClaimError(AssertionError):
    """A claim, or a measurement outside its band, while LMCOURSE_STRICT=1."""


@dataclass(frozen=True)
class Made:
    """One claim or measurement of this process. `controlled`: a broken variant was tried too."""
    statement: str
    held: bool
    controlled: bool = False


made: list[Made] = []  # everything claimed in this process, in order; the book's claims page reads it


def claim(statement: str, holds, control=None) -> None:
    """Print `✓ statement` if `holds` is true and `control` is false; say so if not.

    statement: one sentence that could be wrong.
    holds: bool, numpy.bool_ or a boolean array or tensor without dimensions.
    control: the same condition computed on a deliberately broken variant. It must be False: a condition
        that also holds for the broken variant proves nothing, so then the claim fails.

    Returns nothing, so that a cell ends with the printed line. With the environment variable LMCOURSE_STRICT=1 a claim
    that fails raises ClaimError. TypeError if `holds` or `control` is anything but one truth value.
    """
    _sentence(statement, "statement")
    truth, broken_too = _truth(holds, "holds"), control is not None and _truth(control, "control")
    why = statement
    if truth and broken_too:
        why = f"{statement} (the control held too: the broken variant passes the same test, so the test proves nothing)"
    _settle(statement, truth and not broken_too, f"✓ {statement}", why, controlled=control is not None)


def measured(name: str, value, low: float, high: float) -> None:
    """Print `name ≈ 0.87 (must be 0.7 to 1.0)` for a number that training made; fail outside the band.

    Such a number differs a little from machine to machine, so the tests skip what stands between `≈` and the
    bracket, and the band does the checking. Both ends belong to the band.
    name: what was measured, with its unit. value: a number, or an array or tensor without dimensions.
    low, high: the band, printed as given.

    Returns nothing. With LMCOURSE_STRICT=1 a value outside the band (or NaN) raises ClaimError.
    TypeError if one of the three is not a number, ValueError unless low < high.
    """
    _sentence(name, "name")
    number, floor, ceiling = _number(value, "value"), _number(low, "low"), _number(high, "high")
    if not floor < ceiling:
        raise ValueError(f"low={low} is not below high={high}: a band needs room between its ends")
    held = floor <= number <= ceiling  # NaN compares as False
    # Two decimals of the band's size are enough inside it; outside more, or 1.004 would read "1.00 (must be .. to 1.0)".
    shown = f"{number:z.{_decimals(ceiling - floor)}f}" if held else f"{number:.6g}"
    line = f"{name} ≈ {shown} (must be {_scalar(low)} to {_scalar(high)})"
    _settle(line, held, line, line)


def _settle(statement: str, held: bool, good: str, bad: str, controlled: bool = False) -> None:
    made.append(Made(statement, held, controlled))
    if held:
        print(good)
    elif os.environ.get("LMCOURSE_STRICT") == "1":
        raise ClaimError(f"did not hold: {bad}")
    else:
        print(f"✗ did not hold here: {bad}")


def _sentence(text, what: str) -> None:
    if not isinstance(text, str) or not text.strip() or "\n" in text:
        raise TypeError(f"{what} must be one line of text, not {text!r}")


def _scalar(x):
    """The Python number inside an array or tensor without dimensions; anything else as it is."""
    if getattr(x, "shape", None) == () and hasattr(x, "item"):
        return x.item()
    return x


def _truth(x, what: str) -> bool:
    value = _scalar(x)
    if isinstance(value, bool):
        return value
    shape = getattr(x, "shape", None)
    if shape is not None and tuple(shape) != ():
        raise TypeError(f"{what} must be one truth value, not {type(x).__name__} of shape {tuple(shape)}: "
                        "say whether you mean .all() or .any()")
    hint = ": did the comparison forget to return?" if x is None else ": compare it with something first"
    raise TypeError(f"{what} must be True or False, not {x!r}{hint}")


def _number(x, what: str) -> float:
    value = _scalar(x)
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        return float(value)
    shape = getattr(x, "shape", None)
    shown = repr(x) if shape is None else f"{type(x).__name__} of shape {tuple(shape)}"
    raise TypeError(f"{what} must be one number, not {shown}")


def _decimals(width: float) -> int:
    """How many decimals show two digits in a band so wide: 0.3 -> 2, 0.05 -> 3, 100 -> 0."""
    if not math.isfinite(width):
        return 2
    return max(0, 2 - math.ceil(math.log10(width) - 1e-9))
