"""Resolve the direct requirements anew and pin all that they bring: rewrites the lower part of requirements-book.txt and requirements.txt.

The upper part of each file is ours, pinned by hand. Each file is installed into an environment made for it and thrown away after;
requirements.txt is resolved under the book's pins, so that both agree. Local versions (torch's "+cpu") are cut off: the pins must
install from any registry.
"""
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BOOK, ALL = ROOT / "requirements-book.txt", ROOT / "requirements.txt"
LINE = "# what these bring"
TOOLS = {"pip", "lmcourse"}


def upper(path: Path) -> str:
    return path.read_text().split(LINE)[0].rstrip() + "\n"


def name(requirement: str) -> str:
    return requirement.split("==")[0].strip().lower().replace("_", "-")


def pinned(text: str) -> set[str]:
    return {name(line) for line in text.splitlines() if "==" in line and not line.startswith("#")}


def resolve(direct: str, under: Path | None) -> list[str]:
    """Install the direct requirements into a fresh environment; return `name==version` of all that is then there."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        wanted = folder / "wanted.txt"
        wanted.write_text("\n".join(line for line in direct.splitlines() if not line.startswith("-r")) + "\n" + (under.read_text() if under else ""))
        subprocess.run([sys.executable, "-m", "venv", str(folder / "env")], check=True)
        python = str(folder / "env" / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(wanted)], check=True)
        listed = subprocess.run([python, "-m", "pip", "freeze", "--all"], check=True, capture_output=True, text=True).stdout
    return sorted((line.split("+")[0] for line in listed.splitlines() if "==" in line and name(line) not in TOOLS), key=name)


def renew(path: Path, under: Path | None):
    direct = upper(path)
    known = pinned(direct) | (pinned(under.read_text()) if under else set())
    rest = [line for line in resolve(direct, under) if name(line) not in known]
    path.write_text("\n".join([direct, LINE, *rest]) + "\n")
    print(f"{path.name}: {len(pinned(direct))} asked for, {len(rest)} brought")


if __name__ == "__main__":
    renew(BOOK, None)
    renew(ALL, BOOK)
