"""Installing the course on Colab replaces nothing that Colab has preinstalled.

An environment is made that looks to pip like Colab's: for each package of colab-constraints.txt its name and version,
no code. pip itself then says, in a dry run, what it would install there. Preinstalled packages cost no download, so
torch is not fetched; what is new (bertviz and what it brings) is looked up in the package index.
Not Colab itself: the Python is the one that runs the tests.
"""
import json
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

Requirement = pytest.importorskip("packaging.requirements").Requirement

HERE = Path(__file__).resolve().parent
COLAB_PYTHON = "3.13"


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def colab() -> dict[str, str]:
    """{package: version} of what is preinstalled."""
    lines = (HERE / "colab-constraints.txt").read_text(encoding="utf-8").splitlines()
    return {plain(name): version for name, version in (line.split("==") for line in lines if line and not line.startswith("#"))}


def asked(extra: str | None) -> list[Requirement]:
    """What `pip install lmcourse` or `lmcourse[extra]` asks for: the installed wheel's word, else pyproject.toml's."""
    try:
        everything = [Requirement(line) for line in metadata.requires("lmcourse") or []]
        return [one for one in everything if one.marker is None or one.marker.evaluate({"extra": extra or ""})]
    except metadata.PackageNotFoundError:
        project = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        return [Requirement(line) for line in project["dependencies"] + project["optional-dependencies"].get(extra, [])]


@pytest.fixture(scope="module")
def looks_like_colab(tmp_path_factory):
    """The Python of an environment in which pip finds the packages of the constraints file, and no other."""
    home = tmp_path_factory.mktemp("colab") / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    packages = next(home.glob("lib/python*/site-packages"), None) or home / "Lib" / "site-packages"
    for name, version in colab().items():
        info = packages / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "INSTALLER").write_text("pip\n")
        (info / "RECORD").write_text("")
    return next(path for path in (home / "bin" / "python", home / "Scripts" / "python.exe") if path.exists())


@pytest.fixture(scope="module")
def would_install(looks_like_colab):
    """would_install(requirements) -> {package: version} that pip would put into that environment."""
    def ask(requirements) -> dict[str, str]:
        command = [sys.executable, "-m", "pip", "--python", str(looks_like_colab), "install", "--dry-run", "--quiet", "--report", "-",
                   "--disable-pip-version-check", "--only-binary", ":all:", *map(str, requirements)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout[done.stdout.index("{"):])
        return {plain(one["metadata"]["name"]): one["metadata"]["version"] for one in report["install"]}
    return ask


def bare(requirement: Requirement) -> str:
    """The requirement without its marker: `extra == "course"` is decided already."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"


def test_the_package_alone_brings_nothing(would_install):
    requirements = asked(None)
    assert len(requirements) >= 5  # we did read them
    assert would_install(map(bare, requirements)) == {}


def test_with_the_course_extra_nothing_is_replaced(would_install):
    new = would_install(map(bare, asked("course")))
    assert "bertviz" in new  # the extra was asked for, and pip did look
    assert new.keys() & colab().keys() == set(), {name: f"{colab()[name]} -> {new[name]}" for name in new.keys() & colab().keys()}
    print("new on Colab:", ", ".join(f"{name} {version}" for name, version in sorted(new.items())))


@pytest.mark.parametrize("greedy, replaced", [("ipywidgets>=8", "ipywidgets"), ("numpy>=2.2", "numpy"), ("urllib3>=2.6", "urllib3")])
def test_control_a_package_that_asks_too_much_is_caught(would_install, greedy, replaced):
    """The known mistakes of other courses; the same question as above has the other answer."""
    new = would_install([*map(bare, asked(None)), greedy])
    assert replaced in new.keys() & colab().keys()
    assert new[replaced] != colab()[replaced]


@pytest.mark.parametrize("extra", [None, "course"])
def test_each_requirement_admits_what_is_there(extra):
    """The same without an index: no direct requirement excludes Colab's version, and none has a ceiling there."""
    there, seen = colab(), 0
    for requirement in asked(extra):
        version = there.get(plain(requirement.name))
        if version is None:
            continue
        seen += 1
        assert requirement.specifier.contains(version, prereleases=True), f"Colab has {requirement.name} {version}, asked for {requirement}"
        assert all(part.operator == ">=" for part in requirement.specifier), f"{requirement} is not a floor"
    assert seen >= 5


def test_python_of_colab_is_admitted():
    SpecifierSet = pytest.importorskip("packaging.specifiers").SpecifierSet
    try:
        wanted = metadata.metadata("lmcourse")["Requires-Python"]
    except metadata.PackageNotFoundError:
        wanted = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    assert SpecifierSet(wanted).contains(f"{COLAB_PYTHON}.0")
