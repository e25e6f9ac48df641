"""The page that shows every widget once, alive: each as it was first stored in a chapter, or as a page of Markdown holds it, with a way there.

    ```{lm-gallery}
    ```
"""
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from .appendix import CHAPTERS
from .places import first_widgets, page_widgets
from .widgets import node_of, page_node


class GalleryDirective(SphinxDirective):
    def run(self):
        stored = first_widgets()
        result = [self._section(name, state["described"], node_of(f"gallery-{name}", state), chapter.title, f"{chapter.name}.ipynb")
                  for name, (chapter, state) in stored.items()]
        for name, (page, title, options, given) in page_widgets().items():
            if name not in stored:
                node = page_node(self.env.app, name, given, options, f"gallery-{name}")
                result.append(self._section(name, options.get("alt") or node["described"], node, title, page))
        return result

    def _section(self, name, described, widget, title, file):
        """A widget under its name, with what it shows and where it comes from; `file` is below chapters/."""
        self.env.note_dependency(str(CHAPTERS / file))
        section = nodes.section(ids=[f"widget-{nodes.make_id(name)}"])
        section += nodes.title("", name)
        self.state.document.note_implicit_target(section)
        way = nodes.reference("", title, internal=True, refuri=f"../{file.rsplit('.', 1)[0]}.html")
        line = nodes.paragraph()
        line += [nodes.Text(f"{described.rstrip('.')}. From: "), way]
        section += [line, widget]
        return section


def setup(app):
    app.add_directive("lm-gallery", GalleryDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
