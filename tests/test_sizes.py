"""Sizes that keep the course small: files, package, notebooks, checkpoints; and what a stored notebook may not hold."""
import ast
import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "lmcourse"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
CLASSIC = "classic-widgets"           # the tag of the one section that builds its own control
IGNORED = re.compile(r"NBVAL_IGNORE_OUTPUT")


def code_files():
    places = [PACKAGE, ROOT / "theme", ROOT / "scripts", ROOT / "benchmarks", ROOT / "grading"]
    return [path for place in places for path in sorted(place.rglob("*")) if path.suffix in {".py", ".js", ".mjs"} and "__pycache__" not in path.parts]


def lines(path: Path) -> int:
    return path.read_text(encoding="utf8").count("\n")


def test_no_file_is_longer_than_350_lines():
    long = {str(path.relative_to(ROOT)): lines(path) for path in code_files() if lines(path) > 350}
    assert not long


def lines_of_code(path: Path) -> int:
    """Lines that do something: docstrings, which the rules want long, comments and empty lines do not count."""
    text = path.read_text(encoding="utf8")
    words = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node, clean=False) is not None:
            words |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return sum(n not in words and not line.strip().startswith("#") and line.strip() != "" for n, line in enumerate(text.splitlines(), 1))


def test_the_package_is_small():
    python = sum(map(lines_of_code, PACKAGE.rglob("*.py")))
    assert 1000 < python <= 5000, f"lmcourse has {python} lines of Python"


def test_lines_of_code_are_counted(tmp_path):
    (tmp_path / "x.py").write_text('"""Two\nlines."""\n\n# a comment\ndef f():\n    """Words."""\n    x = """a\n    b"""\n    return x\n')
    assert lines_of_code(tmp_path / "x.py") == 4


def test_checkpoints_are_small():
    weights = sum(path.stat().st_size for path in PACKAGE.rglob("*.safetensors"))
    assert weights <= 10_000_000, f"{weights / 1e6:.1f} MB of weights"


def cells(notebook: Path):
    return json.loads(notebook.read_text(encoding="utf8"))["cells"]


def tags(cell) -> set[str]:
    return set(cell["metadata"].get("tags", []))


def test_notebook_is_small(notebook):
    assert notebook.stat().st_size <= 400_000, f"{notebook.stat().st_size / 1000:.0f} kB"


def test_notebook_is_executed_in_order(notebook):
    code = [cell for cell in cells(notebook) if cell["cell_type"] == "code" and "".join(cell["source"]).strip()]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))


def test_notebook_holds_no_error_and_no_warning(notebook):
    for number, cell in enumerate(cells(notebook)):
        for output in cell.get("outputs", []):
            assert output["output_type"] != "error" or "raises-exception" in tags(cell), f"cell {number} stores an error"
            assert output.get("name") != "stderr" or "stderr" in tags(cell), f"cell {number} stores what went to stderr: {output['text']}"


def test_notebook_ignores_few_outputs(notebook):
    code = [cell for cell in cells(notebook) if cell["cell_type"] == "code"]
    ignoring = [cell for cell in code if "nbval-ignore-output" in tags(cell) or IGNORED.search("".join(cell["source"]))]
    assert len(ignoring) * 10 <= len(code)


def test_notebook_stores_no_classic_widget(notebook):
    """A stored view is one of ours (anywidget), but in the section that is tagged; a classic one needs 3.6 MB of script in the page."""
    content = json.loads(notebook.read_text(encoding="utf8"))
    state = content["metadata"].get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    for number, cell in enumerate(content["cells"]):
        for output in cell.get("outputs", []):
            view = output.get("data", {}).get(WIDGET_VIEW)
            if view and CLASSIC not in tags(cell):
                model = state.get(view["model_id"], {})
                assert model.get("model_module") == "anywidget", f"cell {number} stores a {model.get('model_name', 'widget without state')}"


def test_notebook_stores_no_code_and_no_bytes_of_a_widget(notebook):
    state = json.loads(notebook.read_text(encoding="utf8"))["metadata"].get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    for name, model in state.items():
        if model.get("model_module") == "anywidget":
            assert "_esm" not in model["state"] and not model.get("buffers"), f"{name} stores code or bytes; names are enough"


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:                                    # an unpacked archive, no clone
        skip = {".venv", "_build", "node_modules", ".git", "__pycache__"}
        return [path for path in ROOT.rglob("*") if path.is_file() and not skip & set(path.relative_to(ROOT).parts)]
    return [path for path in (ROOT / name for name in listed.stdout.split("\0") if name) if path.is_file()]


def test_no_machine_path_and_no_registry_host():
    """What names one machine or one registry works for nobody else."""
    names = ["/wo" "rk/", "/ro" "ot/", "/tm" "p/w", "/ho" "me/[a-z]", "/Us" "ers/[A-Za-z]", r"registry\.np" "mjs", r"py" r"pi\.org", r"pythonho" "sted",
             r"deb\.deb" "ian", r"Use" r"rs\\\\"]
    pattern = re.compile("|".join(names))
    files = tracked()
    assert len(files) > 20
    found = []
    for path in files:
        try:
            text = path.read_text(encoding="utf8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match.group()}" for match in pattern.finditer(text)]
    assert not found


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-book.txt", "requirements-node.txt"])
def test_every_requirement_is_pinned(name):
    wanted = [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith(("#", "-r "))]
    assert wanted and all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+( ;.*)?", line) for line in wanted)


def test_npm_assets_are_pinned():
    package = json.loads((ROOT / "package.json").read_text())
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for name, version in (package["dependencies"] | package["devDependencies"]).items():
        assert re.fullmatch(r"[\d.]+", version) and lock[f"node_modules/{name}"]["version"] == version
    assert all("integrity" in entry and "resolved" not in entry for name, entry in lock.items() if name)
