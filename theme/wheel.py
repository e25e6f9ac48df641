"""{lm-wheel}`words`: a link to the package's wheel, which lies in the book at _static/wheels/ (scripts/assets.py puts it there)."""
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxRole


class WheelRole(SphinxRole):
    def run(self):
        folder = Path(self.env.srcdir) / "_build" / "assets" / "wheels"
        wheels = sorted(folder.glob("lmcourse-*.whl"))
        if not wheels:
            message = self.inliner.reporter.error("there is no wheel in _build/assets/wheels; `make book` puts it there", line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        up = "../" * self.env.docname.count("/")
        return [nodes.reference(self.rawtext, self.text, refuri=f"{up}_static/wheels/{wheels[-1].name}", internal=True)], []


def setup(app):
    app.add_role("lm-wheel", WheelRole())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
