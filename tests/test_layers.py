"""Who may import whom in lmcourse (DESIGN.md, Layout), read from the sources: a lazy import inside a function counts too."""
import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "lmcourse"
# part -> the parts of ours that it may import (itself always); a part is a module or a folder directly below lmcourse
MAY = {
    "world": set(), "tokenizers": {"tokenizers_wordpiece"}, "tokenizers_wordpiece": {"tokenizers"}, "corpora": {"packaged"}, "claims": set(), "plots": set(), "quantize": set(), "packaged": {"versions"},
    "versions": set(),
    "models": {"tokenizers", "quantize"},          # a checkpoint holds its tokenizer, and snapped weights
    "smollm2": {"models", "tokenizers", "packaged", "versions"},
    "pretrained_models": {"models", "tokenizers", "packaged", "smollm2"},
    "training": {"models"}, "generation": {"models"}, "adaptation": {"models"}, "interpret": {"models", "versions"}, "checks": {"models"},
    "evaluation": {"models", "generation", "versions"},
    "widgets": {"models", "tokenizers", "generation", "interpret", "plots", "quantize", "packaged"},       # DecodingLab shows what generation does
}
TORCH_FREE = ["lmcourse", "lmcourse.world", "lmcourse.claims", "lmcourse.tokenizers", "lmcourse.quantize", "lmcourse.models.layouts",
              "lmcourse.widgets.bundle", "lmcourse.widgets.weights", "lmcourse.widgets.stored"]


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(path: Path, name: str) -> set[str]:
    """The absolute names of all modules that a file imports; `name` is its own, e.g. "lmcourse.models.attention"."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[:len(package) - node.level + 1] if node.level else []
            module = ".".join(base + ([node.module] if node.module else []))
            found |= {f"{module}.{alias.name}" for alias in node.names} | {module}
        elif isinstance(node, ast.Call) and "import_module" in ast.dump(node.func) and node.args and isinstance(node.args[0], ast.Constant):
            found.add(str(node.args[0].value))
    return found


def files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_every_part_has_a_place():
    assert {part(path) for path in files()} - {"__init__"} <= set(MAY), "a new part of lmcourse needs its line in MAY, and in DESIGN.md"


@pytest.mark.parametrize("path", [path for path in files() if path != PACKAGE / "__init__.py"], ids=module)
def test_imports_go_down(path):
    ours = {name.split(".")[1] for name in imported(path, module(path)) if re.match(r"lmcourse\.\w", name)} - {part(path)}
    ours &= {part(other) for other in files()} | set(MAY)          # `from lmcourse import __version__` is no part
    assert ours <= MAY[part(path)], f"{module(path)} imports {sorted(ours - MAY[part(path)])}"


def test_nothing_of_the_package_knows_grading_theme_or_tests():
    for path in files():
        assert not {name.split(".")[0] for name in imported(path, module(path))} & {"grading", "theme", "tests", "scripts", "nbgrader"}, path


def test_the_reader_sees_every_kind_of_import(tmp_path):
    """The control: a file that breaks the rule in four ways is caught in each."""
    source = "import lmcourse.widgets\nfrom ..training import fit\nfrom lmcourse import interpret\ndef f():\n    from lmcourse.generation.cache import Cache\n"
    path = tmp_path / "world.py"
    path.write_text(source)
    names = imported(path, "lmcourse.world.stories")
    assert {"lmcourse.widgets", "lmcourse.training", "lmcourse.interpret", "lmcourse.generation.cache"} <= names


@pytest.mark.parametrize("name", TORCH_FREE)
def test_works_without_torch(name):
    """In a process in which torch cannot be imported."""
    code = f"import sys; sys.modules['torch'] = sys.modules['transformers'] = None; import {name}; print({name}.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == name, done.stderr
