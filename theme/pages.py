"""The last touch on every page, after the templates: remove what the page does not need, make every address local, mend accessibility, mark the
sentences that cells printed.

It is the template bridge (`template_bridge` in _config.yml, Sphinx's own hook for rendering), so each page passes exactly once. The rules are text
for text: if a new version of the theme writes something else, the tests of the built pages (tests/site) fail, not the reader's page.
"""
import re

from sphinx.jinja2glue import BuiltinTemplateLoader

SCRIPT = re.compile(r"[ \t]*<script\b([^>]*)>(.*?)</script>\n?", re.S)
LINK = re.compile(r'[ \t]*<link\b[^>]*href="([^"]*)"[^>]*>\n?')
PRINTED = re.compile(r'(<div class="output stream[^>]*><div class="highlight"><pre>(?:<span></span>)?)(.*?)(</pre>)', re.S)
SENTENCE = re.compile(r"^(?:[✓✗»] .*|.* ≈ .*\(must be .*\))$", re.M)

# A script whose tag or text holds the key is kept only on pages that hold the value; "" never.
SCRIPTS = {
    "fontawesome.js": "",                        # 529 KB; theme/assets/icons.css draws the dozen icons instead
    "thebe": "",                                 # Jupyter Book loads it unasked, and twice
    "kernelName": "",                            # thebe's too
    "searchtools.js": 'id="search-results"',     # the index of the whole book belongs to the search page alone
    "language_data.js": 'id="search-results"',
    "searchindex.js": 'id="search-results"',
    "design-tabs.js": "sd-tab-set",
    "togglebutton": "toggle",
    "toggleHint": "toggle",
    "toggleOpenOnPrint": "toggle",
    "clipboard": "highlight",
    "copybutton.js": "highlight",
}
STYLES = {
    "thebe": "",
    "katex": 'class="katex',
    "togglebutton": "toggle",
    "sphinx-design": 'class="sd-',
}
# The stored outputs of lmcourse.interpret.bertviz name d3 at a host that works anywhere; the same file lies in _static/vendor.
VENDOR = {r"https?://cdnjs\.cloudflare\.com/ajax/libs/d3/[\d.]+/d3\.min\.js": "d3.min.js"}
# The theme's own faults that axe-core finds, and duties of a page that nobody owns.
MENDED = [
    ("no flash of the other theme", r'localStorage\.getItem\("theme"\) \|\| "\w*"',
     'localStorage.getItem("theme") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")'),
    ("duplicate viewport", r'<meta name="viewport" content="width=device-width, initial-scale=1"\s*/>\s*', ""),
    ("place for advertisements", r'<div class="sidebar-primary-item">\s*<div id="ethical-ad-placement".*?</div></div>', ""),
    ("version banner", r'<div class="pst-async-banner-revealer.*?</div>', ""),
    ("icons are decoration", r'<i class="(fa[^"]*)"', r'<i aria-hidden="true" class="\1"'),
    ("icons are decoration", r'<span class="(fa-solid[^"]*)"', r'<span aria-hidden="true" class="\1"'),
    # the accessible name must hold the visible words: here they are "Search Ctrl+K"
    ("label and content", r'(<button class="btn search-button-field[^>]*?) title="Search" aria-label="Search"', r"\1"),
    ("name of a button", r'title="Toggle (primary|secondary) sidebar"', r'title="Toggle \1 sidebar" aria-label="Toggle \1 sidebar"'),
    ("outside all landmarks", r'<button type="button" class="btn rounded-pill" id="pst-back-to-top">.*?</button>', ""),
    ("empty header", r'<header id="pst-header" class="bd-header navbar navbar-expand-lg bd-navbar d-print-none">\s*</header>',
     '<div id="pst-header"></div>'),
    ("outside all landmarks", r'<div id="pst-primary-sidebar" class', '<div id="pst-primary-sidebar" role="complementary" aria-label="The book" class'),
    ("empty corner of a table", r"<th></th>", "<td></td>"),
    ("the visible words are the name", r'<summary aria-label="Toggle hidden content">', "<summary>"),
    ("a list holds items", r'(<div class="citation" id="[^"]*") role="doc-biblioentry"', r'\1 role="listitem"'),
    ("opens a new window", r'(<a href="[^"]*_sources/[^"]*") target="_blank"', r"\1 download"),
]


def wanted(rules: dict[str, str], text: str, html: str) -> bool:
    """May this tag stay on this page?"""
    return all(place and place in html for key, place in rules.items() if key in text)


def lean(html: str) -> str:
    """Drop scripts and styles that this page does not need, and second copies."""
    body = html[html.find("<body"):]
    seen = set()

    def script(match):
        tag, text = match.groups()
        if "application/" in tag:                   # data, not code
            return match.group()
        key = (tag, text)
        if key in seen or not wanted(SCRIPTS, tag + text, body_without_scripts):
            return ""
        seen.add(key)
        return match.group()

    body_without_scripts = SCRIPT.sub("", body)
    html = SCRIPT.sub(script, html)
    return LINK.sub(lambda match: match.group() if wanted(STYLES | SCRIPTS, match.group(1), body_without_scripts) else "", html)


def local(html: str, vendor: str) -> str:
    """Point scripts that other hosts serve at our copies; `vendor` is the way from this page to them, with a slash."""
    for pattern, name in VENDOR.items():
        html = re.sub(pattern, vendor + name, html)
    return html


def mended(html: str) -> str:
    for _, pattern, replacement in MENDED:
        html = re.sub(pattern, replacement, html, flags=re.S)
    return html


def sentences(html: str) -> str:
    """Claims, measured numbers and what a model wrote are sentences: marked, so that a narrow screen may wrap them. Tables stay as printed."""
    return PRINTED.sub(lambda match: match[1] + SENTENCE.sub(r'<span class="lm-printed">\g<0></span>', match[2]) + match[3], html)


class Pages(BuiltinTemplateLoader):
    """Sphinx's template loader, with the last touch."""

    def render(self, template, context):
        html = super().render(template, context)
        if not template.endswith(".html"):
            return html
        return sentences(mended(local(lean(html), context["pathto"]("_static/vendor/", 1))))
