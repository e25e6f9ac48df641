"""Remove from the built site what the theme copies there and no page loads (4 MB), and from its CSS the rules that no page uses: a page loads 28 kB
less (gzip). PurgeCSS in Node (purge.mjs) reads the pages and the scripts for what may be used.
"""
import re
import shutil
import subprocess
from pathlib import Path

from sphinx.errors import ExtensionError

UNUSED = ["scripts/fontawesome.js*", "scripts/*.map", "styles/*.map", "vendor/fontawesome", "locales", "sphinx-thebe.*", "*webpack-macros.html",
          "images/logo_*.svg", "play-solid.svg"]
ICON_FONT = re.compile(r'@font-face\{[^}]*Font Awesome[^}]*\}')


def purge(site: Path, sheet: str):
    """Keep of `sheet`, a path inside the site, what some page or script of the site may use; ExtensionError, with PurgeCSS's own words, if it cannot."""
    done = subprocess.run(["node", str(Path(__file__).parent / "purge.mjs"), sheet], cwd=site, capture_output=True, text=True, encoding="utf8")
    if done.returncode:
        raise ExtensionError(f"PurgeCSS in Node could not shorten {sheet}: {done.stderr.strip()}")


def prune(app, error):
    if error or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    for pattern in UNUSED:
        for path in static.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    sheet = static / "styles" / "pydata-sphinx-theme.css"
    sheet.write_text(re.sub(r"/\*# sourceMappingURL.*", "", ICON_FONT.sub("", sheet.read_text(encoding="utf8"))), encoding="utf8")
    purge(Path(app.outdir), sheet.relative_to(app.outdir).as_posix())
    (Path(app.outdir) / ".nojekyll").touch()         # GitHub Pages would hide _static and _sources


def setup(app):
    app.connect("build-finished", prune, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
