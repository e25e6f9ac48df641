"""A chapter's title in italics, *Self-attention*, becomes a link to that chapter where the book has it; before it is written it stays a title."""
from docutils import nodes


def link_titles(app, doctree, docname):
    here = {title.astext(): name for name, title in app.env.titles.items() if name.startswith("chapters/") and name != docname}
    for title in list(doctree.findall(nodes.emphasis)):
        target = here.get(title.astext())
        if target and not isinstance(title.parent, (nodes.reference, nodes.title)):
            link = nodes.reference("", "", refuri=app.builder.get_relative_uri(docname, target), internal=True)
            title.replace_self(link)
            link += title


def setup(app):
    app.connect("doctree-resolved", link_titles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
