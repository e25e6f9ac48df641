"""What holds of every built page, over http and from a file: nothing leaves, nothing fails, everyone can read it."""
from pathlib import Path

import pytest
from cut_off import cut_off
from first_view import BUDGET, first_view

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(params=["http", "file"])
def address(request):
    return request.getfixturevalue(f"site_{request.param}")


def test_nothing_leaves_and_nothing_fails(visit, address, built_page):
    with visit(address + built_page) as page:
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")       # what loads when it comes near, loads now
        page.wait_for_load_state("networkidle")
        assert page.title()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accessible(visit, site_http, built_page, theme):
    with visit(site_http + built_page, theme=theme) as page:
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        page.add_script_tag(path=AXE)
        found = page.evaluate("tags => axe.run(document, {runOnly: tags})", WCAG)
        assert found["passes"], "axe-core looked at nothing"
        said = [f"{rule['id']} ({rule['impact']}): {rule['help']}\n    " + "\n    ".join(node["html"][:200] for node in rule["nodes"][:5])
                for rule in found["violations"]]
        assert not said, "\n".join(said)


def test_fits_a_phone(visit, site_http, built_page):
    with visit(site_http + built_page, width=360, height=740) as page:
        width = page.evaluate("document.documentElement.scrollWidth")
        wide = page.evaluate("""[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > 361
            && !e.closest('pre, .pst-scrollable-table-container, .katex-display, .output')).slice(0, 5).map(e => e.outerHTML.slice(0, 160))""")
        assert width <= 360, f"{width} px wide\n" + "\n".join(wide)
        assert cut_off(page, "body") == []


def test_weight(visit, site_http, built_page, record_property):
    """The first view of a page, scripts and styles and fonts included."""
    with visit("about:blank") as page:
        counted = first_view(page, site_http + built_page)
    record_property("first_view_gzip", sum(counted.values()))
    assert built_page in counted
    largest = sorted(counted.items(), key=lambda item: -item[1])[:6]
    assert sum(counted.values()) <= BUDGET, f"{sum(counted.values())} bytes: {largest}"


def test_headings_and_language(visit, site_http, built_page):
    with visit(site_http + built_page) as page:
        assert page.evaluate("document.documentElement.lang") == "en"
        assert page.locator("main h1:visible").count() == 1
        images = page.locator("main img:not([alt]), main img[alt='']").count()
        assert images == 0, "every figure needs a text alternative"
