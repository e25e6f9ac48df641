"""The gallery: every widget of the package stands there once, and starts, over http and from a file."""
import random
import re
from pathlib import Path

import pytest
from cut_off import cut_off

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


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_cut_off(visit, site_http, width):
    """As the widgets open, no text runs out of a box that hides what runs out."""
    with visit(site_http + PAGE, width=width, height=900) as page:
        boxes = page.locator(".lm-widget[data-code]")
        for number in range(boxes.count()):
            boxes.nth(number).scroll_into_view_if_needed()
            page.wait_for_function("n => document.querySelectorAll('.lm-widget[data-code]')[n].dataset.state === 'alive'", arg=number)
            boxes.nth(number).locator("[data-state=ready]").first.wait_for(state="attached")
        assert cut_off(page, ".lm-figure") == []


def test_each_leads_to_its_chapter(site):
    text = (site / PAGE).read_text(encoding="utf8")
    for name, pages in places().items():
        section = text[text.index(f'id="widget-{name.lower()}"'):]
        chapter = re.search(r'href="(?:\.\./)?((?:[\w-]+/)?[\w-]+)\.html"', section).group(1)
        assert chapter in pages or f"appendix/{chapter}" in pages


CHANGE = """([id, draw]) => { const model = lmcourseHost.models[id], limits = model.get('limits') || {}, names = Object.keys(limits).filter((name) => limits[name].choice && name !== 'mind');
    if (!names.length) return null;                                 // a second mind is 23 MB
    const name = names[Math.floor(draw * names.length)], others = limits[name].choice.filter((value) => value !== model.get(name));
    model.set(name, others[0]);
    return [name, others[0]]; }"""


@pytest.mark.parametrize("kind", ["http", "file"])
def test_a_link_to_one_of_many_sets_that_one(visit, request, kind):
    """The button's own address, opened anew and followed in an open page, sets the one widget whose it is."""
    address, seed = request.getfixturevalue(f"site_{kind}") + PAGE, random.SystemRandom().randrange(10**9)
    print("seed", seed)
    rng = random.Random(seed)

    def wake(page, id):
        page.locator(f".lm-widget[data-id={id}]").scroll_into_view_if_needed()
        page.wait_for_selector(f".lm-widget[data-id={id}][data-state=alive]")

    with visit(address) as page:
        ids = page.locator(".lm-widget[data-code]").evaluate_all("all => all.map(box => box.dataset.id)")
        assert len(ids) > 10 and all(id.startswith("gallery-") for id in ids)
        linked = []
        for id in rng.sample(ids, len(ids)):
            wake(page, id)
            if len(linked) < 3 and (changed := page.evaluate(CHANGE, [id, rng.random()])):
                page.locator(f".lm-widget[data-id={id}]").get_by_role("button", name="Link to this figure").click()
                hash_ = page.evaluate("location.hash")
                assert hash_.startswith(f"#{id}?") and f"{changed[0]}=" in hash_
                linked.append((id, *changed, hash_))
            if len(linked) == 3:
                break
        assert len(linked) == 3
    value = lambda page, id, name: page.evaluate("([id, name]) => lmcourseHost.models[id].get(name)", [id, name])  # noqa: E731
    with visit(address + linked[0][3]) as page:
        page.wait_for_selector(f".lm-widget[data-id={linked[0][0]}][data-state=alive]")
        assert page.locator(f".lm-widget[data-id={linked[0][0]}]").evaluate("box => Math.abs(box.getBoundingClientRect().top) < innerHeight")
        for number, (id, name, changed, _) in enumerate(linked):
            wake(page, id)
            assert (value(page, id, name) == changed) == (number == 0), id
        for id, name, changed, hash_ in linked[1:]:
            page.evaluate("hash => { location.hash = hash; }", hash_)
            page.wait_for_function("([id, name, value]) => lmcourseHost.models[id].get(name) === value", arg=[id, name, changed])
