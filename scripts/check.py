"""Run the tests, all kinds or the named ones, each by its own runner; say at the end which failed.

usage: check.py [quick | units] [notebooks] [javascript] [pages]      (run it with the test environment's Python: scripts/environment.py)

Everything runs from a folder outside the repository: what is tested is the installed wheel, not the checkout.
"""
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
from notebooks import SETTINGS, TIMEOUT, chapters  # noqa: E402

TESTS = ROOT / "tests"
PYTEST = [sys.executable, "-P", "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), "-p", "no:cacheprovider", "-q"]
PARALLEL = ["-n", "2", "--dist", "loadfile"]


def quick() -> list[list[str]]:
    return [[*PYTEST, *PARALLEL, "-m", "not site and not slow", str(TESTS)]]


def units() -> list[list[str]]:
    return [[*PYTEST, *PARALLEL, "-m", "not site", str(TESTS)]]


def notebooks() -> list[list[str]]:
    """Every stored output is what the code gives (nbval, strict); what a training measured is told by tests/sanitize.cfg."""
    files = [str(path) for path in chapters([])]
    flags = ["--nbval", "--nbval-cell-timeout", str(TIMEOUT), "--nbval-sanitize-with", str(TESTS / "sanitize.cfg"), "--nbval-current-env"]
    return [[*PYTEST, *PARALLEL, *flags, *files]] if files else []


def javascript() -> list[list[str]]:
    files = sorted(str(path) for path in (TESTS / "js").rglob("*.test.*js"))
    return [["node", "--test", "--test-concurrency=2", *files]] if files else []


def pages() -> list[list[str]]:
    return [[*PYTEST, "-n", "2", "-m", "site", str(TESTS)]]


EVERYTHING = ["units", "notebooks", "javascript", "pages"]
KINDS = {"quick": quick, "units": units, "notebooks": notebooks, "javascript": javascript, "pages": pages}


def main():
    kinds = sys.argv[1:] or EVERYTHING
    if unknown := set(kinds) - set(KINDS):
        raise SystemExit(f"there is no kind of test {unknown.pop()!r}; there are {', '.join(KINDS)}")
    folder = Path(sys.prefix) / "run"                  # beside the test environment: the working folder, and what hypothesis remembers
    folder.mkdir(exist_ok=True)
    environment = {**os.environ, **SETTINGS, "LMCOURSE_FROM_WHEEL": "1"}
    environment.pop("PYTHONPATH", None)
    if not shutil.which("node") and "javascript" in kinds:
        raise SystemExit("node is missing; `make test` installs it where the machine has none (requirements-node.txt)")
    said = []
    for kind in kinds:
        for command in KINDS[kind]():
            print(f"\n===== {kind}", flush=True)
            start = time.perf_counter()
            code = subprocess.run(command, cwd=folder, env=environment).returncode
            said.append((kind, code, time.perf_counter() - start))
    print()
    for kind, code, seconds in said:
        print(f"{kind}: {'passed' if code == 0 else f'FAILED (exit status {code})'} in {seconds:.0f} s")
    sys.exit(any(code for _, code, _ in said))


if __name__ == "__main__":
    main()
