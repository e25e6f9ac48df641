"""lm.claim and lm.measured: what they print, what they refuse, when they stop."""
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmcourse import claims
from lmcourse.claims import ClaimError, claim, measured


@pytest.fixture(autouse=True)
def gentle(monkeypatch):
    """Every test starts as on a reader's machine: not strict, nothing claimed yet."""
    monkeypatch.delenv("LMCOURSE_STRICT", raising=False)
    monkeypatch.setattr(claims, "made", [])


@pytest.fixture
def strict(monkeypatch):
    monkeypatch.setenv("LMCOURSE_STRICT", "1")


def test_a_claim_that_holds(capsys):
    claim("two is even", 2 % 2 == 0)
    assert claims.made[-1].held
    assert capsys.readouterr().out == "✓ two is even\n"
    assert claims.made == [claims.Made("two is even", True, False)]


def test_a_claim_that_fails_says_so_and_goes_on(capsys):
    claim("three is even", 3 % 2 == 0)
    assert not claims.made[-1].held
    assert capsys.readouterr().out == "✗ did not hold here: three is even\n"
    assert claims.made == [claims.Made("three is even", False, False)]


def test_a_claim_that_fails_stops_when_strict(strict):
    with pytest.raises(ClaimError, match="three is even"):
        claim("three is even", False)
    assert claims.made[0].held is False


def test_a_control_that_fails_is_what_we_want(capsys, strict):
    claim("sorted", True, control=False)
    assert claims.made[-1].held
    assert capsys.readouterr().out == "✓ sorted\n"
    assert claims.made[0].controlled


def test_a_control_that_holds_fails_the_claim(capsys, monkeypatch):
    claim("sorted", True, control=True)
    assert not claims.made[-1].held
    assert "the control held too" in capsys.readouterr().out
    monkeypatch.setenv("LMCOURSE_STRICT", "1")
    with pytest.raises(ClaimError, match="the control held too"):
        claim("sorted", True, control=np.True_)


@pytest.mark.parametrize("control", [True, False])
def test_a_control_never_saves_a_failed_claim(control, capsys):
    claim("no", False, control=control)
    assert not claims.made[-1].held
    assert "control" not in capsys.readouterr().out  # the claim itself failed; the control is not the reason


@pytest.mark.parametrize("yes", [True, np.True_, np.array(True), np.array([1, 2]).sum() == 3])
def test_truth_values(yes):
    claim("yes", yes)
    assert claims.made[-1].held


def test_truth_values_of_torch():
    torch = pytest.importorskip("torch")
    claim("yes", torch.ones(2).sum() == 2)
    assert claims.made[-1].held
    claim("no", torch.ones(2).sum() == 3)
    assert not claims.made[-1].held
    with pytest.raises(TypeError, match=r"shape \(2,\).*all.*any"):
        claim("which?", torch.ones(2) == 1)


@pytest.mark.parametrize("bad, why", [
    (None, "not None"), (1, "not 1"), ("True", "not 'True'"), ([True], "not"), (np.array([True]), r"shape \(1,\)"),
    (np.float64(1.0), "not 1.0|not np.float64"), (lambda: True, "not <function"),
])
def test_what_is_not_one_truth_value(bad, why):
    with pytest.raises(TypeError, match=why):
        claim("?", bad)
    if bad is not None:
        with pytest.raises(TypeError, match="control"):
            claim("?", True, control=bad)
    assert claims.made == []


@pytest.mark.parametrize("bad", ["", "  ", None, 3, "two\nlines"])
def test_a_statement_is_one_line(bad):
    with pytest.raises(TypeError, match="one line of text"):
        claim(bad, True)


@pytest.mark.parametrize("value, low, high, line", [
    (0.8666, 0.7, 1.0, "x ≈ 0.87 (must be 0.7 to 1.0)"),
    (0.0234, 0, 0.05, "x ≈ 0.023 (must be 0 to 0.05)"),
    (np.float32(0.5), 0, 1, "x ≈ 0.50 (must be 0 to 1)"),
    (123.4, 100, 200, "x ≈ 123 (must be 100 to 200)"),
    (-2.04, -3.0, -1.0, "x ≈ -2.0 (must be -3.0 to -1.0)"),
    (-0.001, -0.05, 0.2, "x ≈ 0.00 (must be -0.05 to 0.2)"),
    (7, 1, math.inf, "x ≈ 7.00 (must be 1 to inf)"),
])
def test_measured_prints_value_and_band(value, low, high, line, capsys, strict):
    measured("x", value, low, high)
    assert claims.made[-1].held
    assert capsys.readouterr().out == line + "\n"
    assert claims.made[0].held


def test_measured_outside_its_band(capsys, monkeypatch):
    measured("x", 1.004, 0.7, 1.0)
    assert not claims.made[-1].held
    assert capsys.readouterr().out == "✗ did not hold here: x ≈ 1.004 (must be 0.7 to 1.0)\n"
    monkeypatch.setenv("LMCOURSE_STRICT", "1")
    for value in (1.004, 0.69, math.nan, math.inf, -math.inf):
        with pytest.raises(ClaimError, match="must be 0.7 to 1.0"):
            measured("x", value, 0.7, 1.0)


@pytest.mark.parametrize("low, high", [(1, 1), (2, 1), (math.nan, 1), (0, math.nan)])
def test_measured_needs_a_band(low, high):
    with pytest.raises(ValueError, match="not below"):
        measured("x", 1, low, high)


@pytest.mark.parametrize("bad", [None, "1", True, np.ones(2), 1 + 2j])
def test_measured_needs_a_number(bad):
    with pytest.raises(TypeError, match="value must be one number"):
        measured("x", bad, 0, 1)


@given(st.floats(), st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_measured_holds_exactly_inside_the_band(value, low, high):
    if low < high:
        measured("x", value, low, high)
        assert claims.made[-1].held == (low <= value <= high)


@given(st.floats(0, 1), st.integers(-3, 4))
def test_measured_shows_about_two_digits(where, power):
    """What is printed is at most half a hundredth of the band away from the value, and never much longer."""
    width = 10.0 ** power
    shown = f"{where * width:.{claims._decimals(width)}f}"
    assert abs(float(shown) - where * width) <= max(width / 200, 0.5 if power > 2 else 0) * (1 + 1e-9)
    assert len(shown.replace(".", "").lstrip("0")) <= max(3, power + 1)


def test_no_torch_needed():
    code = "import sys; sys.modules['torch'] = None; import lmcourse.claims as c; c.claim('yes', True); c.measured('x', .5, 0, 1)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "✓ yes\nx ≈ 0.50 (must be 0 to 1)\n"
