"""Formulas are typeset when the book is built, by KaTeX in Node: the page holds MathML (read aloud) and HTML (seen), and no script.

One Node process a build, over its standard input and output; it ends when the build does. (sphinxcontrib-katex does the same over a socket,
which was refused now and then on a busy machine, and left its process behind.) A formula that KaTeX does not understand is a warning, so an error.
"""
import json
import subprocess
from functools import cache
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from theme.fonts import note

HERE = Path(__file__).parent
logger = logging.getLogger(__name__)


class Katex:
    """Node with KaTeX, started at the first formula."""

    def __init__(self):
        self.process = None

    def html(self, latex: str, display: bool) -> str:
        """Return the formula as HTML; raise ValueError with KaTeX's own words if it is none."""
        if self.process is None:
            self.process = subprocess.Popen(["node", str(HERE / "katex.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf8")
        self.process.stdin.write(json.dumps({"latex": latex, "display": display}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise ExtensionError("KaTeX in Node ended without an answer (its words stand above); are node and node_modules there?")
        answer = json.loads(line)
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer["html"]

    def close(self):
        if self.process is not None:
            self.process.communicate()
            self.process = None


katex = Katex()


@cache
def typeset(latex: str, display: bool) -> str:
    return katex.html(latex, display)


def formula(node, display: bool) -> str:
    try:
        html = typeset(node.astext(), display)
        note(html)
        return html
    except ValueError as error:
        logger.warning("KaTeX does not understand %r: %s", node.astext(), error, location=node)
        return ""


def visit_math(self, node):
    self.body.append(self.starttag(node, "span", "", CLASS="math") + formula(node, display=False) + "</span>")
    raise nodes.SkipNode


def visit_displaymath(self, node):
    self.body.append(self.starttag(node, "div", CLASS="math"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(formula(node, display=True) + "</div>\n")
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("lmcourse_katex", (visit_math, None), (visit_displaymath, None))
    app.add_css_file("vendor/katex/katex.min.css")
    app.connect("build-finished", lambda app, error: katex.close())
    return {"parallel_read_safe": True, "parallel_write_safe": False}      # parallel writers would share one pipe
