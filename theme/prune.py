"""Remove from the built site what the theme copies there and no page loads (4 MB), and the rules for a thousand icons from its CSS."""
import re
import shutil
from pathlib import Path

UNUSED = ["scripts/fontawesome.js*", "scripts/*.map", "styles/*.map", "vendor/fontawesome", "locales", "sphinx-thebe.*", "*webpack-macros.html",
          "images/logo_*.svg", "play-solid.svg"]
ICON_RULE = re.compile(r'(?:\.fa-[\w-]+(?::before)?,?)+\{content:"\\[0-9a-f]+"\}')
ICON_FONT = re.compile(r'@font-face\{[^}]*Font Awesome[^}]*\}')


def prune(app, error):
    if error or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    for pattern in UNUSED:
        for path in static.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    sheet = static / "styles" / "pydata-sphinx-theme.css"
    css = sheet.read_text(encoding="utf8")
    sheet.write_text(re.sub(r"/\*# sourceMappingURL.*", "", ICON_FONT.sub("", ICON_RULE.sub("", css))), encoding="utf8")
    (Path(app.outdir) / ".nojekyll").touch()         # GitHub Pages would hide _static and _sources


def setup(app):
    app.connect("build-finished", prune, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
