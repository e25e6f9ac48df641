"""KaTeX's fonts, cut down to the letters that the book's formulas use: 60 kB of a page's first view become a few.

`theme/maths.py` tells which letters it set; fontTools does the cutting when the build is finished.
"""
import re
from html import unescape
from pathlib import Path

from fontTools import subset

seen: set[str] = set()                              # every character of every formula of this build


def note(formula: str):
    """Remember the characters of a formula's HTML (its MathML, which is read aloud, needs no font)."""
    visible = formula[formula.find('class="katex-html"'):]
    seen.update(unescape(re.sub(r"<[^>]*>", "", visible)))


def cut(app, error):
    """Rewrite the fonts in the built site."""
    if error or app.builder.format != "html":
        return
    for path in (Path(app.outdir) / "_static" / "vendor" / "katex" / "fonts").glob("*.woff2"):
        options = subset.Options(flavor="woff2", hinting=False, name_IDs=[])
        font = subset.load_font(str(path), options)
        cutter = subset.Subsetter(options)
        cutter.populate(text="".join(seen | {" "}))
        cutter.subset(font)
        subset.save_font(font, str(path), options)


def setup(app):
    app.connect("build-finished", cut)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
