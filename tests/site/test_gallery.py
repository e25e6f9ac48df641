"""The gallery: every widget of the package stands there once, and starts, over http and from a file."""
import re
from pathlib import Path

import pytest

from lmcourse.widgets import bundle

ROOT = Path(__file__).resolve().parents[2]
PAGE = "chapters/appendix/gallery.html"


def places() -> dict[str, set]:
    """class -> pages that show it: the notebooks of the contents, then the pages of Markdown below chapters/."""
    text, found = (ROOT / "_toc.yml").read_text(), {}
    for file in re.findall(r"file: (chapters/\S+)", text):
        for suffix, pattern in (("ipynb", r'"code": "(\w+)@[0-9a-f]{64}"'), ("md", r"^```\{lm-widget\} (\w+)")):
            path = ROOT / f"{file}.{suffix}"
            for name in re.findall(pattern, path.read_text(encoding="utf8"), re.M) if path.is_file() else []:
                found.setdefault(name, set()).add(file.removeprefix("chapters/"))
    return found


@pytest.mark.parametrize("kind", ["http", "file"])
def test_every_widget_is_there_and_alive(visit, request, kind):
    with visit(request.getfixturevalue(f"site_{kind}") + PAGE) as page:
        boxes = page.locator(".lm-widget[data-code]")
        names = [code.split("@")[0] for code in boxes.evaluate_all("all => all.map(box => box.dataset.code)")]
        assert len(names) > 3 and len(set(names)) == len(names) and set(names) <= set(bundle.widgets())
        assert set(names) == set(places()) and "OneSentence" in names
        for number, name in enumerate(names):
            boxes.nth(number).scroll_into_view_if_needed()
            page.wait_for_function("n => document.querySelectorAll('.lm-widget[data-code]')[n].dataset.state", arg=number)
            assert boxes.nth(number).get_attribute("data-state") == "alive", name


def test_each_leads_to_its_chapter(site):
    text = (site / PAGE).read_text(encoding="utf8")
    for name, pages in places().items():
        section = text[text.index(f'id="widget-{name.lower()}"'):]
        chapter = re.search(r'href="(?:\.\./)?((?:[\w-]+/)?[\w-]+)\.html"', section).group(1)
        assert chapter in pages or f"appendix/{chapter}" in pages
