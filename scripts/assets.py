"""Gather the files that pages load and that no Python package brings, into _build/assets (Sphinx copies it to _static).

Third-party files come from node_modules (`npm ci`, pinned in package-lock.json), the wheel from `make wheel`.
"""
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES, ASSETS = ROOT / "node_modules", ROOT / "_build" / "assets"
FILES = {                                           # below node_modules -> below _static/vendor
    "katex/dist/katex.min.css": "katex/katex.min.css",
    "katex/LICENSE": "katex/LICENSE",
    "d3/dist/d3.min.js": "d3.min.js",               # bertviz's, loaded only where a page shows it
    "d3/LICENSE": "d3.LICENSE",
}


def gather() -> int:
    """Copy all of it anew; return the number of files."""
    shutil.rmtree(ASSETS, ignore_errors=True)
    jobs = [(MODULES / source, ASSETS / "vendor" / target) for source, target in FILES.items()]
    jobs += [(font, ASSETS / "vendor/katex/fonts" / font.name) for font in (MODULES / "katex/dist/fonts").glob("*.woff2")]
    jobs += [(wheel, ASSETS / "wheels" / wheel.name) for wheel in (ROOT / "_build/wheel").glob("*.whl")]
    for source, target in jobs:
        if not source.is_file():
            raise SystemExit(f"assets: {source.relative_to(ROOT)} is missing; `make book` installs and builds it first")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    return len(jobs)


if __name__ == "__main__":
    print(f"{gather()} files for the pages are in {ASSETS.relative_to(ROOT)}")
