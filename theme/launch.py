"""The public address of the book, which stands once, in _config.yml (`make address URL=...`), and is empty until the owner sets it.

While it is empty no address is made up anywhere: no such button, and the build says so. Set, it gives
- the button that opens a chapter in Colab, on Kaggle or on ModelScope, for an address on GitHub, from where they take notebooks. They open the copy
  that the site serves (branch gh-pages);
- the address in that copy: the set-up cell's line `ADDRESS = ""` becomes the book's address, from which the cell installs the wheel.
"""
import json
from pathlib import Path

from theme.address import book, checked, launchers, repository

BLANK = 'ADDRESS = ""'


def buttons(app, pagename, templatename, context, doctree):
    source = context.get("sourcename") or ""
    links = launchers(app.config.lmcourse_address, source) if source.endswith(".ipynb") else {}
    if links:
        context["header_buttons"].insert(0, {"type": "group", "icon": "fas fa-rocket", "tooltip": "Run this notebook", "label": "launch-buttons", "buttons": [
            {"type": "link", "url": url, "text": service, "tooltip": f"Open this notebook in {service}"}
            for service, url in links.items()]})


def check(app, config):
    config.lmcourse_address = checked(config.lmcourse_address or "")
    if not config.lmcourse_address:
        print("No public address is set (make address URL=...): the pages have no button for Colab, Kaggle or ModelScope.")
    elif not repository(config.lmcourse_address):
        print(f"The public address {config.lmcourse_address} is not on GitHub, from where Colab, Kaggle and ModelScope take notebooks: no button for them.")


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
    app.connect("html-page-context", buttons, priority=900)
    app.connect("build-finished", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
