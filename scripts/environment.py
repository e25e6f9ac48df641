"""The environment in which notebooks and tests run: made once, outside the repository, with the wheel installed and the checkout unseen.

usage: environment.py WHEEL       prints the path of its Python on standard output, everything else on standard error

It lies in $XDG_CACHE_HOME/lmcourse (or ~/.cache/lmcourse), its name holds a hash of the requirements and of the Python that made it: other
requirements make another one. The wheel is installed with its extras and *without* an index: a dependency that the pins
do not satisfy is an error, not a download.
"""
import contextlib
import hashlib
import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ["requirements.txt", "requirements-book.txt"]


def folder() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lmcourse"
    text = "".join((ROOT / name).read_text() for name in REQUIREMENTS) + sys.version + platform.machine()
    return cache / f"env-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


@contextlib.contextmanager
def locked(path: Path):
    """One process at a time: two `make test` beside each other share the environment."""
    import fcntl
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def pip(python: Path, *arguments: str):
    subprocess.run([str(python), "-m", "pip", "--disable-pip-version-check", *arguments], check=True, stdout=sys.stderr)


def prepare(wheel: Path) -> Path:
    """Return the environment's Python, with exactly this wheel installed."""
    home = folder()
    python, ready, installed = home / "bin/python", home / "ready", home / "wheel.sha256"
    with locked(home.with_suffix(".lock")):
        if not ready.exists():
            print(f"making the test environment in {home} (once; torch is large)", file=sys.stderr)
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True, stdout=sys.stderr)
            pip(python, "install", "--quiet", "-r", str(ROOT / "requirements.txt"))
            pip(python, "check")     # here and not later: scripts/weights.py adds packages without what they ask for, on purpose
            ready.touch()
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        if not installed.exists() or installed.read_text() != digest:
            installed.unlink(missing_ok=True)
            pip(python, "uninstall", "--quiet", "--yes", "lmcourse")
            pip(python, "install", "--quiet", "--no-index", f"{wheel.resolve()}[course,test]")
            installed.write_text(digest)
    return python


if __name__ == "__main__":
    print(prepare(Path(sys.argv[1])))
