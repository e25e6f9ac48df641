"""The gallery: every widget of the package stands there once, and starts, over http and from a file."""
import re
from pathlib import Path

import pytest

from lmcourse.widgets import bundle

ROOT = Path(__file__).resolve().parents[2]
PAGE = "chapters/appendix/gallery.html"


def stored_classes() -> set[str]:
    """The widgets that the chapters of the contents show, read off their notebooks."""
    files = re.findall(r"file: (chapters/(?!appendix)\S+)", (ROOT / "_toc.yml").read_text())
    return {name for file in files for name in re.findall(r'"code": "(\w+)@[0-9a-f]{64}"', (ROOT / f"{file}.ipynb").read_text(encoding="utf8"))}


@pytest.mark.parametrize("kind", ["http", "file"])
def test_every_widget_is_there_and_alive(visit, request, kind):
    with visit(request.getfixturevalue(f"site_{kind}") + PAGE) as page:
        boxes = page.locator(".lm-widget[data-code]")
        names = [code.split("@")[0] for code in boxes.evaluate_all("all => all.map(box => box.dataset.code)")]
        assert len(names) > 3 and len(set(names)) == len(names) and set(names) <= set(bundle.widgets())
        assert set(names) == stored_classes()
        for number, name in enumerate(names):
            boxes.nth(number).scroll_into_view_if_needed()
            page.wait_for_function("n => document.querySelectorAll('.lm-widget[data-code]')[n].dataset.state", arg=number)
            assert boxes.nth(number).get_attribute("data-state") == "alive", name


def test_each_leads_to_its_chapter(site):
    text = (site / PAGE).read_text(encoding="utf8")
    for name in stored_classes():
        section = text[text.index(f'id="widget-{name.lower()}"'):]
        chapter = re.search(r'href="\.\./([\w-]+/[\w-]+\.html)"', section).group(1)
        assert f'data-code="{name}@' in (site / "chapters" / chapter).read_text(encoding="utf8")
