"""Build the wheel of `lmcourse` from a clean copy of its sources: no leftovers get in, none stay behind, same sources give same bytes.

usage: wheel.py FOLDER      (needs setuptools: run it with .venv/bin/python)
"""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ["pyproject.toml", "README.md", "LICENSE", "lmcourse"]


def build(folder: Path) -> Path:
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "source"
        copy.mkdir()
        for name in SOURCES:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", ".*"))
            else:
                shutil.copy2(source, copy / name)
        environment = dict(os.environ, SOURCE_DATE_EPOCH="315619200")     # 1980-01-02: the earliest day a zip file can hold
        subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps",
                        "--no-build-isolation", "--wheel-dir", temporary, str(copy)], check=True, env=environment)
        [built] = Path(temporary).glob("*.whl")
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("lmcourse-*.whl"):
            old.unlink()
        return Path(shutil.copy2(built, folder))


if __name__ == "__main__":
    print(build(Path(sys.argv[1])))
