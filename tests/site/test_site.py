"""The site as a whole: what is in it, what must not be, and what a reader does with it."""
import json
import re
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MARKERS = ["BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"]
OTHER_HOST = re.compile(r"""(?:src|data-src|srcset)\s*=\s*["']?(?:https?:)?//|<link[^>]+rel=["'](?:stylesheet|preload|icon|preconnect|dns-prefetch)["'][^>]+href=["'](?:https?:)?//""")


def built(site: Path, *suffixes):
    return [path for path in site.rglob("*") if path.suffix in suffixes]


def test_no_solution_in_the_pages(site):
    pages = built(site, ".html", ".js", ".ipynb", ".md")
    assert pages
    assert not [(path.name, marker) for path in pages for marker in MARKERS if marker in path.read_text(encoding="utf8", errors="replace")]


def test_only_pages_of_the_contents(site):
    """A Markdown file or a notebook that _toc.yml does not name is no page."""
    named = set(re.findall(r"(?:root|file):\s*(\S+)", (ROOT / "_toc.yml").read_text()))
    pages = {str(path.relative_to(site).with_suffix("")) for path in built(site, ".html") if "_static" not in path.parts}
    assert pages - {"genindex", "search", "py-modindex"} == named


def test_no_address_of_another_host_in_tags_and_styles(site):
    faults = [(path.name, match.group()) for path in built(site, ".html") for match in OTHER_HOST.finditer(path.read_text(encoding="utf8"))]
    faults += [(path.name, match.group()) for path in built(site, ".css")
               for match in re.finditer(r"(?:@import|url\()\s*[\"']?(?:https?:)?//[^)\s]*", path.read_text(encoding="utf8"))]
    assert not faults


def test_the_wheel_lies_in_the_book_and_is_whole(site):
    [wheel] = (site / "_static" / "wheels").glob("lmcourse-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        held = {name: archive.read(name) for name in archive.namelist() if name.startswith("lmcourse/")}
    sources = [path for path in (ROOT / "lmcourse").rglob("*") if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")]
    assert {str(path.relative_to(ROOT)): path.read_bytes() for path in sources} == held


def test_links_lead_somewhere(site):
    """Every link inside the book has its page and its anchor."""
    texts = {path: path.read_text(encoding="utf8") for path in built(site, ".html") if "_static" not in path.parts}
    dead = []
    for path, text in texts.items():
        for link in re.findall(r'<a\b[^>]*?href="([^"]+)"', text):
            if re.match(r"[a-z]+:", link):
                continue
            name, _, anchor = link.partition("#")
            target = (path.parent / name.partition("?")[0]).resolve() if name else path
            if not target.is_file() or anchor and target in texts and not re.search(rf'\bid="{re.escape(anchor)}"', texts[target]):
                dead.append(f"{path.relative_to(site)}: {link}")
    assert not dead, "\n".join(dead)


@pytest.mark.parametrize("kind", ["http", "file"])
def test_search_shows_the_words_around_the_word(visit, request, kind):
    address = request.getfixturevalue(f"site_{kind}")
    with visit(address + "search.html?q=licence") as page:
        excerpt = page.locator("#search-results li .search-excerpt").first
        excerpt.wait_for()
        entries = page.locator("#search-results ul.search > li")
        page.wait_for_function("document.querySelector('#search-results .search-summary').innerText.includes('found')")
        assert entries.count() == page.locator("#search-results .search-excerpt").count()
        text = " ".join(page.locator("#search-results .search-excerpt").all_inner_texts()).lower()
        assert "licence" in text
        assert not re.search(r"skip to main|toggle|previous|contents", text), "the page's chrome is in the excerpt"


def test_a_search_for_nothing_known_says_so(visit, site_http):
    with visit(site_http + "search.html?q=zyxwvutsrq") as page:
        page.get_by_text("did not match any documents").wait_for()


def test_search_dialog_by_keyboard(visit, site_http):
    with visit(site_http + "index.html") as page:
        page.wait_for_load_state("networkidle")
        page.keyboard.press("Control+k")
        page.locator("#pst-search-dialog input").fill("licence")
        page.keyboard.press("Enter")
        page.locator("#search-results li .search-excerpt").first.wait_for()
        assert "q=licence" in page.url


def test_skip_link_is_first_and_moves_to_the_text(visit, site_http):
    with visit(site_http + "index.html") as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
        assert page.evaluate("document.activeElement.getBoundingClientRect().top >= 0"), "the skip link is not visible when it has the focus"
        page.keyboard.press("Enter")
        assert page.url.endswith("#main-content")


def test_focus_is_visible(visit, site_http):
    with visit(site_http + "index.html") as page:
        page.keyboard.press("Tab")
        seen = 0
        for _ in range(12):
            page.keyboard.press("Tab")
            width = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
            seen += 1
            assert width >= 2, page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        assert seen == 12


def test_light_and_dark_by_the_button(visit, site_http):
    with visit(site_http + "index.html") as page:
        page.wait_for_load_state("networkidle")
        themes = []
        for _ in range(3):
            themes.append(page.evaluate("document.documentElement.dataset.theme"))
            page.locator(".theme-switch-button:visible").first.click()
        assert set(themes) == {"light", "dark"}


def test_contents_open_on_a_phone(visit, site_http):
    with visit(site_http + "index.html", width=360, height=740) as page:
        page.wait_for_load_state("networkidle")
        contents = page.locator("nav.bd-docs-nav")
        assert not contents.is_visible()
        page.locator(".primary-toggle").click()
        contents.get_by_role("link", name="Notices").click()
        page.wait_for_url("**/notices.html")


def test_no_address_is_made_up(site):
    """While the public address is empty there is no Colab link, and the served notebooks hold no address in its place."""
    address = re.search(r'lmcourse_address: "(.*)"', (ROOT / "_config.yml").read_text()).group(1)
    pages = [path for path in built(site, ".html") if "colab.research" in path.read_text(encoding="utf8")]
    assert bool(pages) <= bool(address)
    for path in (site / "_sources").rglob("*.ipynb"):
        source = "".join("".join(cell["source"]) for cell in json.loads(path.read_text())["cells"])
        assert address or not re.search(r'^ADDRESS = "[^"]', source, re.M)


def test_titles_of_chapters_are_links(site):
    """A chapter's title in italics, or among those needed before, leads to the chapter; no page leads to itself that way."""
    pages = {path: path.read_text(encoding="utf8") for path in site.glob("chapters/*/*.html")}
    titles = {re.sub(r"<[^>]+>", "", re.search(r"<h1>(.*?)(?:<a\b|</h1>)", text, re.S)[1]): path for path, text in pages.items()}
    linked = 0
    for path, text in pages.items():
        for before, said, after in re.findall(r"(<a [^>]*>)?<em>([^<]+)</em>(</a>)?", text):
            if (target := titles.get(said)) and target != path:
                assert before and after, f"{path.name}: {said} is no link"
                assert (path.parent / re.search(r'href="([^"#]+)"', before)[1]).resolve() == target
                linked += 1
            elif target == path:
                assert not before, f"{path.name} leads to itself"
        for names in re.findall(r"<strong>Before this:</strong>(.*?)·", text, re.S):
            assert not [name for name in re.split(", *", re.sub(r"<a .*?</a>", "", names, flags=re.S).strip()) if name in titles], names
            linked += names.count("<a ")
    assert linked > 40


@pytest.mark.parametrize("chapter, width, scrolls", [("concepts/tokens", 360, True), ("concepts/tokens", 1280, False), ("algorithm/training", 1280, True)])
def test_what_cells_say_can_be_read(visit, site_http, chapter, width, scrolls):
    """Claims and measured numbers wrap where they are too long for the screen; tables never do; figures stay 480 px wide where there is room for less."""
    with visit(f"{site_http}chapters/{chapter}.html", width=width, height=740) as page:
        boxes = page.evaluate("""[...document.querySelectorAll('.output.stream pre')].map(pre => ({wide: pre.scrollWidth - pre.clientWidth,
            said: [...pre.querySelectorAll('.lm-printed')].map(line => [line.textContent, line.getBoundingClientRect().right - pre.getBoundingClientRect().right])}))""")
        said = [line for box in boxes for line in box["said"]]
        assert len([text for text, _ in said if text.startswith("✓ ")]) > 5 and any("(must be" in text for text, _ in said)
        assert all(right < 1 for _, right in said) and any(box["wide"] > 0 for box in boxes) == scrolls
        figures = page.evaluate("[...document.querySelectorAll('.cell_output a.image-reference img')].map(img => img.getBoundingClientRect().width)")
        assert figures and all(each >= (479 if width == 360 else 320) for each in figures), figures
