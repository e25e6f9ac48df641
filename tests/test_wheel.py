"""`make test` tests the wheel, in an environment outside the repository, under the pins."""
import importlib.metadata
import os
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import lmcourse

ROOT = Path(__file__).resolve().parent.parent
in_make = pytest.mark.skipif("LMCOURSE_FROM_WHEEL" not in os.environ, reason="only `make test` and `make quick` install the wheel")


@in_make
def test_lmcourse_is_the_wheel_and_not_the_checkout():
    assert ROOT not in Path(lmcourse.__file__).resolve().parents
    assert "site-packages" in Path(lmcourse.__file__).parts


@in_make
def test_installed_versions_are_the_pins():
    for name in ("requirements.txt", "requirements-book.txt"):
        for line in (ROOT / name).read_text().splitlines():
            if match := re.fullmatch(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.]+)", line):
                assert importlib.metadata.version(match[1]).partition("+")[0] == match[2], line


@in_make
def test_extras_are_satisfied():
    for text in importlib.metadata.requires("lmcourse"):
        requirement = Requirement(text)
        if requirement.marker and not any(requirement.marker.evaluate({"extra": extra}) for extra in ("course", "test")):
            continue
        assert requirement.specifier.contains(importlib.metadata.version(requirement.name).partition("+")[0], prereleases=True), text


def test_dependencies_are_floors():
    """A pin or a ceiling would make pip replace what Colab has."""
    text = (ROOT / "pyproject.toml").read_text()
    block = re.search(r"^dependencies = \[(.*?)\]", text, re.S | re.M).group(1)
    wanted = re.findall(r'"([^"]+)"', block)
    assert wanted and all(re.fullmatch(r"[a-z0-9-]+>=[\d.]+", line) for line in wanted)
