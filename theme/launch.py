"""The public address of the book, which stands once, in _config.yml (`make address URL=...`), and is empty until the owner sets it.

While it is empty no address is made up anywhere: no Colab button, and the build says so. Set, it gives
- the Colab button, for an address on GitHub: Colab opens notebooks from GitHub alone. It opens the copy that the site serves (branch gh-pages);
- the address in that copy: the set-up cell's line `ADDRESS = ""` becomes the book's address, from which the cell installs the wheel.
"""
import json
from pathlib import Path

from theme.address import book, checked, colab, repository

BLANK = 'ADDRESS = ""'


def button(app, pagename, templatename, context, doctree):
    source = context.get("sourcename") or ""
    link = source.endswith(".ipynb") and colab(app.config.lmcourse_address, source)
    if link:
        context["header_buttons"].insert(0, {"type": "link", "url": link, "icon": "fas fa-rocket", "text": "Colab",
                                             "tooltip": "Open this notebook in Google Colab", "label": "launch-colab"})


def check(app, config):
    config.lmcourse_address = checked(config.lmcourse_address or "")
    if not config.lmcourse_address:
        print("No public address is set (make address URL=...): the pages have no Colab button.")
    elif not repository(config.lmcourse_address):
        print(f"The public address {config.lmcourse_address} is not on GitHub, where alone Colab opens notebooks: no Colab button.")


def fill(app, error):
    """Write the address into the notebooks that the site serves."""
    if error or app.builder.format != "html" or not app.config.lmcourse_address:
        return
    old, new = (json.dumps(text)[1:-1] for text in (BLANK, f'ADDRESS = "{book(app.config.lmcourse_address)}"'))
    for path in (Path(app.outdir) / "_sources").rglob("*.ipynb"):
        text = path.read_text(encoding="utf8")
        path.write_text(text.replace(old, new), encoding="utf8")


def setup(app):
    app.add_config_value("lmcourse_address", "", "html", types=(str,))
    app.connect("config-inited", check)
    app.connect("html-page-context", button, priority=900)
    app.connect("build-finished", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
