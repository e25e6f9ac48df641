"""All widgets can stand on one page, among the book's own boxes: no style sheet reaches what another one is for."""
import re
from pathlib import Path

import pytest

from lmcourse.widgets import bundle

THEME = Path(__file__).resolve().parents[2] / "theme" / "assets"
USED = {widget: set(re.findall(r"lm-[a-z0-9-]+", bundle.module(widget))) for widget in bundle.widgets()}       # names of classes in its code


def selectors(sheet):
    """Each selector of a style sheet, without what stands in brackets: :is(th, td) and :not(...) make no rule a widget's own."""
    for group in re.findall(r"([^{};]+)\{", re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)):
        while "(" in group and not group.strip().startswith("@"):
            group = re.sub(r"\([^()]*\)", "", group)
        if not group.strip().startswith("@"):
            yield from map(str.strip, group.split(","))


def classes(selector):
    return set(re.findall(r"\.(lm-[a-z0-9-]+)", selector))


@pytest.mark.parametrize("widget", bundle.widgets())
def test_a_widgets_style_reaches_no_other_widget(widget):
    """Each rule needs a class that no other widget has, or names the widget's own code."""
    found = list(selectors(bundle.own_style(widget)))
    assert len(found) > 15 and any(classes(each) & USED[widget] for each in found)
    reached = {(each, other) for each in found if f'"{widget}@"' not in each for other in USED if other != widget and classes(each) <= USED[other]}
    assert not reached


def test_the_books_own_style_reaches_no_widget():
    """A claim's box and the explorer's once had the same name, and on a phone the explorer's words left their boxes."""
    names = {name for sheet in THEME.glob("*.css") for each in selectors(sheet.read_text(encoding="utf8")) for name in classes(each)}
    assert len(names) > 10 and {widget: names & used for widget, used in USED.items() if names & used} == {}
