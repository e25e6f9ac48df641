"""The first cell of a chapter says which package is too old, and how to mend it."""
from importlib import metadata

import pytest

import lmcourse as lm


def test_what_is_installed_here_is_enough():
    assert lm.check_versions() is None


def test_old_and_missing_packages_are_named_with_the_line_to_install(monkeypatch):
    monkeypatch.setattr(metadata, "requires", lambda name: ["torch>=99", "no-such-package>=1", "numpy>=1.0", "peft>=9; extra == 'x'"])
    with pytest.raises(ImportError, match=r"torch is version .*needs >=99; no-such-package is missing.*pip install 'torch>=99' 'no-such-package>=1'$"):
        lm.check_versions()
