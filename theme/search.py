"""Excerpts for the search page. Sphinx fetches each found page and shows its text, chrome included; that fails on file://.

Here each page's own words are written once, as a small classic script that the search page loads when the page is found
(theme/assets/search.js): `lmcourseExcerpt("chapters/x", [["anchor", "words"], ...])`, one pair a section.
"""
import json
from pathlib import Path

from bs4 import BeautifulSoup

NOT_WORDS = "script, style, .headerlink, .katex-html, annotation, .toctree-wrapper, button"


def sections(body: str) -> list[tuple[str, str]]:
    """Return (anchor, words) of each section, each without the sections inside it."""
    soup = BeautifulSoup(body, "html.parser")
    for tag in soup.select(NOT_WORDS):
        tag.extract()
    found = [(tag.get("id", ""), tag.extract()) for tag in reversed(soup.find_all("section"))]      # inner ones first: they leave the outer
    return [(anchor, " ".join(tag.get_text(" ").split())) for anchor, tag in reversed(found)]


def excerpt(app, pagename, templatename, context, doctree):
    if doctree is None or app.builder.format != "html":
        return
    target = Path(app.outdir) / "_static" / "excerpts" / f"{pagename}.js"
    target.parent.mkdir(parents=True, exist_ok=True)
    words = json.dumps(sections(context["body"]), ensure_ascii=False)
    target.write_text(f"lmcourseExcerpt({json.dumps(pagename)}, {words});\n", encoding="utf8")


def search_page(app, pagename, templatename, context, doctree):
    if pagename == "search":
        app.add_js_file("search.js", loading_method="defer")


def setup(app):
    app.connect("html-page-context", excerpt)
    app.connect("html-page-context", search_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
