"""What makes the book's HTML beside Jupyter Book and sphinx-book-theme: one Sphinx extension, one idea a file.

pages.py    every page's last touch: no script that the page does not need, no address but our own, the theme's accessibility faults mended
maths.py    formulas, typeset when the book is built
fonts.py    the formulas' fonts, cut down to the letters in use
prune.py    what the theme copies and no page loads is removed from the built site
search.py   excerpts for the search page, which work on file:// too
launch.py   the public address: the buttons for Colab, Kaggle and ModelScope, and the address in the notebooks that the site serves
address.py  what follows from that address, without Sphinx
wheel.py    the link to the package's wheel
widgets.py  widgets without a kernel: code and weights put in once
places.py   where the widgets stand, and the ways from one to another
quiz.py     quizzes: questions in Markdown become ones that answer
appendix.py the pages that follow from the chapters: claims, source map, errata, glossary, run times
gallery.py  the page that shows every widget once
chapter_links.py  titles of chapters in the text become links
"""
import importlib.util
import zlib
from pathlib import Path

PARTS = ["maths", "fonts", "prune", "search", "launch", "wheel", "widgets", "quiz", "appendix", "gallery", "chapter_links"]
HERE = Path(__file__).parent


def fingerprint() -> int:
    """A number that changes with the extension's code, so that Sphinx reads all pages again after a change to it."""
    return zlib.crc32(b"".join(path.read_bytes() for path in sorted([*HERE.glob("*.py"), *HERE.glob("*.mjs")])))


def setup(app):
    for name in PARTS:
        if importlib.util.find_spec(f"theme.{name}"):
            app.setup_extension(f"theme.{name}")
    app.add_css_file("icons.css", priority=900)
    app.add_css_file("course.css", priority=901)
    app.add_js_file("page.js", loading_method="defer")
    return {"env_version": fingerprint(), "parallel_read_safe": True, "parallel_write_safe": True}
