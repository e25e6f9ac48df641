"""PositionLab in the built pages: every score it shows is what lmcourse computes, for settings drawn anew."""
import random

import pytest

import lmcourse as lm
from explorer import find_page

np = pytest.importorskip("numpy")
pytest.importorskip("torch")


class Hand:
    """The first PositionLab of a page."""
    def __init__(self, page):
        self.page = page
        page.locator(".lm-widget[data-code^=PositionLab]").first.scroll_into_view_if_needed()
        page.wait_for_selector(".lm-position[data-state=ready]")
        self.root = page.locator(".lm-position").first

    def settle(self):
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def kind(self, name):
        self.root.locator(f".lm-position-switch input[value={name}]").check()
        self.settle()

    def slide(self, name, value):
        self.root.locator(f"input[data-trait={name}]").evaluate(
            "(input, value) => { input.value = value; input.dispatchEvent(new Event('input', {bubbles: true})); }", value)
        self.settle()

    def number(self, name):
        return float(self.root.get_attribute(f"data-{name}"))

    def row(self):
        """The scores of the query's row."""
        self.root.locator(".lm-position-numbers").evaluate("details => { details.open = true; }")
        self.settle()
        return self.root.locator("[data-score]").evaluate_all("rows => rows.map(row => +row.dataset.score)")

    def lab(self):
        """The same settings in Python."""
        names = ["kind", "position", "width", "head", "query", "key"]
        return lm.widgets.PositionLab(**self.root.evaluate("""(root, names) => { const model = lmcourseHost.models[root.closest('.lm-widget').dataset.id];
            return Object.fromEntries(names.map(name => [name, model.get(name)])); }""", names))


@pytest.mark.parametrize("kind", ["none", "sinusoidal", "rope", "alibi"])
@pytest.mark.parametrize("place", ["site_http", "site_file"])
def test_every_score_is_the_packages(visit, request, kind, place):
    seed = random.SystemRandom().randrange(10 ** 9)
    print("seed", seed)
    rng = random.Random(seed)
    with visit(request.getfixturevalue(place) + find_page("PositionLab")) as page:
        hand = Hand(page)
        hand.kind(kind)
        hand.slide("width", rng.randrange(4))
        hand.slide("position", rng.randrange(32))
        if kind == "alibi":
            hand.slide("head", rng.randrange(8))
        else:
            assert hand.root.locator("input[data-trait=head]").is_disabled()
        lab = hand.lab()
        scores, seen = lab.scores(), np.tri(32, dtype=bool)
        # the package keeps the angles of rotary positions in float32, the page in float64
        assert hand.row() == pytest.approx(scores[lab.position, :lab.position + 1].tolist(), abs=1e-5)
        assert [hand.number("low"), hand.number("high")] == pytest.approx([scores[seen].min(), scores[seen].max()], abs=1e-5)
        spread = max(np.ptp(np.diagonal(scores, -d)) for d in range(32))
        assert hand.number("spread") == pytest.approx(spread, abs=1e-5)
        assert ("every diagonal is even" in hand.root.locator(".lm-position-verdict").text_content()) == (kind != "sinusoidal")


def test_what_python_sets_is_drawn_and_a_click_picks_the_row(visit, site_http):
    with visit(site_http + find_page("PositionLab")) as page:
        hand = Hand(page)
        hand.root.evaluate("""root => { const model = lmcourseHost.models[root.closest('.lm-widget').dataset.id];
            model.set('kind', 'rope'); model.set('position', 5); model.save_changes(); }""")
        hand.settle()
        assert hand.root.locator(".lm-position-switch input:checked").get_attribute("value") == "rope" and len(hand.row()) == 6
        box = hand.root.locator(".lm-position-map").bounding_box()
        hand.root.locator(".lm-position-map").click(position={"x": 5, "y": 12.5 * box["height"] / 32})
        hand.settle()
        assert hand.root.get_attribute("data-position") == "12" and len(hand.row()) == 13


def test_keyboard_alone(visit, site_http):
    with visit(site_http + find_page("PositionLab")) as page:
        hand, press = Hand(page), page.keyboard.press
        hand.kind("none")
        hand.root.locator(".lm-position-switch input:checked").focus()
        press("ArrowRight")
        hand.settle()
        assert hand.root.get_attribute("data-kind") == "sinusoidal"
        hand.root.locator("input[data-trait=position]").focus()
        press("Home")
        press("ArrowRight")
        hand.settle()
        assert hand.root.get_attribute("data-position") == "1"


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_jumps_when_it_starts(visit, site_http, width):
    with visit(site_http + find_page("PositionLab"), width=width) as page:
        Hand(page)
        live = page.evaluate("document.querySelector('.lm-position').offsetHeight")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        still = page.evaluate("""() => { const box = document.querySelector('.lm-widget[data-code^="PositionLab@"]'), still = document.createElement('div');
            still.className = 'lm-still'; box.append(still); const height = still.offsetHeight; still.remove(); return height; }""")
        assert live == pytest.approx(still, abs=1)


@pytest.mark.parametrize("width", [360, 768, 1100, 1280, 1600])
def test_the_sentence_stands_below_map_and_chart(visit, site_http, width):
    """At every width the map, its legend, the chart and the sentence below them have each their own place."""
    with visit(site_http + find_page("PositionLab"), width=width, height=900) as page:
        root = Hand(page).root
        box = lambda name: root.locator(f".lm-position-{name}").first.bounding_box()          # noqa: E731
        bottom = lambda name: box(name)["y"] + box(name)["height"]                           # noqa: E731
        assert bottom("map") <= box("legend")["y"] + 1 and max(bottom("legend"), bottom("chart")) <= box("verdict")["y"] + 1
