"""Chapters lead to each other: a chapter's title in italics, *Self-attention*, or named after "Before this:", is a link where the book has that
chapter; before it is written it stays a title."""
import re

from docutils import nodes


def link_titles(app, doctree, docname):
    here = {title.astext(): app.builder.get_relative_uri(docname, name) for name, title in app.env.titles.items()
            if name.startswith("chapters/") and name != docname}
    for title in list(doctree.findall(nodes.emphasis)):
        if title.astext() in here and not isinstance(title.parent, (nodes.reference, nodes.title)):
            link = nodes.reference("", "", refuri=here[title.astext()], internal=True)
            title.replace_self(link)
            link += title
    for before in list(doctree.findall(nodes.strong)):
        needed = before.next_node(nodes.Text, descend=False, siblings=True) if before.astext() == "Before this:" else None
        if needed is not None:
            needed.parent.replace(needed, list(linked(needed, here)))


def linked(text, here):
    """The nodes of "Tokens, Learning objectives · 25 min to read": names before the first dot that are chapters become links."""
    names, dot, rest = text.astext().partition("·")
    for part in re.split(r"(^\s+|[,;]\s+|\s+$)", names):
        yield nodes.reference("", part, refuri=here[part], internal=True) if part in here else nodes.Text(part)
    yield nodes.Text(dot + rest)


def setup(app):
    app.connect("doctree-resolved", link_titles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
