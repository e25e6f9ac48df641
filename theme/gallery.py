"""The page that shows every widget once, alive: each as it was first stored in a chapter, with a way there.

    ```{lm-gallery}
    ```
"""
import json

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from lmcourse.widgets.stored import is_ours, records

from .appendix import CHAPTERS, chapters
from .widgets import VIEW, node_of


def first_widgets() -> dict[str, tuple]:
    """class -> (chapter, its stored state), in the order in which a reader meets them."""
    found = {}
    for chapter in chapters():
        notebook = json.loads((CHAPTERS / f"{chapter.name}.ipynb").read_text(encoding="utf8"))
        stored = records(notebook)
        views = [output["data"][VIEW]["model_id"] for cell in notebook["cells"] for output in cell.get("outputs", []) if VIEW in output.get("data", {})]
        for record in (stored.get(view, {}) for view in views):
            if is_ours(record) and not record["state"].get("compact"):
                found.setdefault(record["state"]["code"].split("@")[0], (chapter, record["state"]))
    return found


class GalleryDirective(SphinxDirective):
    def run(self):
        result = []
        for name, (chapter, state) in first_widgets().items():
            self.env.note_dependency(str(CHAPTERS / f"{chapter.name}.ipynb"))
            section = nodes.section(ids=[f"widget-{nodes.make_id(name)}"])
            section += nodes.title("", name)
            self.state.document.note_implicit_target(section)
            way = nodes.reference("", chapter.title, internal=True, refuri=f"../{chapter.name}.html")
            line = nodes.paragraph()
            line += [nodes.Text(f"{state['described'].rstrip('.')}. From: "), way]
            section += [line, node_of(f"gallery-{name}", state)]
            result.append(section)
        return result


def setup(app):
    app.add_directive("lm-gallery", GalleryDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
