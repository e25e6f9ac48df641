"""GradientDescentLab in the built pages: every step it shows is torch's, for settings drawn anew."""
import random

import pytest
from descending import SURFACES, by_torch

import lmcourse as lm
from explorer import find_page

pytest.importorskip("torch")
NAMES = ["surface", "steepness", "optimizer", "lr", "momentum", "steps", "start"]


class Hand:
    """The first GradientDescentLab of a page."""
    def __init__(self, page):
        self.page = page
        page.locator(".lm-widget[data-code^=GradientDescentLab]").first.scroll_into_view_if_needed()
        page.wait_for_selector(".lm-descent[data-state=ready]")
        self.root = page.locator(".lm-descent").first

    def settle(self):
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def choose(self, value):
        self.root.locator(f".lm-descent-switch input[value={value}]").check()
        self.settle()

    def slide(self, name, value):
        self.root.locator(f"input[data-trait={name}]").evaluate(
            "(input, value) => { input.value = value; input.dispatchEvent(new Event('input', {bubbles: true})); }", value)
        self.settle()

    def click(self, x, y):
        """Put the start at (x, y) of the map."""
        box = self.root.locator(".lm-descent-map").bounding_box()
        self.root.locator(".lm-descent-map").click(position={"x": box["width"] * (0.5 + x / 4), "y": box["height"] * (0.5 - y / 4)}, force=True)
        self.settle()

    def start(self):
        return self.lab().start

    def lab(self):
        """The same settings in Python."""
        return lm.widgets.GradientDescentLab(**self.root.evaluate("""(root, names) => {
            const model = lmcourseHost.models[root.closest('.lm-widget').dataset.id];
            return Object.fromEntries(names.map(name => [name, model.get(name)])); }""", NAMES))

    def paths(self):
        """{optimizer: [[step, x, y, loss], ...]}, from "Read the numbers"."""
        self.root.locator(".lm-descent-numbers").evaluate("details => { details.open = true; }")
        self.settle()
        self.settle()
        rows = self.root.locator("[data-path]").evaluate_all("rows => rows.map(({dataset: d}) => [d.path, JSON.parse(d.numbers)])")
        found = {}
        for name, numbers in rows:
            found.setdefault(name, []).append(numbers)
        return found


@pytest.mark.parametrize("surface", list(SURFACES))
@pytest.mark.parametrize("place", ["site_http", "site_file"])
def test_every_step_is_torchs(visit, request, surface, place):
    seed = random.SystemRandom().randrange(10 ** 9)
    print("seed", seed)
    rng = random.Random(seed)
    with visit(request.getfixturevalue(place) + find_page("GradientDescentLab")) as page:
        hand = Hand(page)
        hand.choose(surface)
        hand.choose("all")
        wanted = {"lr": rng.uniform(-3, -1.5), "momentum": round(rng.uniform(0, 0.95), 2), "steps": rng.randint(1, 80), "steepness": rng.uniform(0, 1.2)}
        for name, value in wanted.items():
            hand.slide(name, value)
        x, y = rng.uniform(-1.4, 1.4), rng.uniform(-1.4, 1.4)
        hand.click(x, y)
        lab = hand.lab()
        assert lab.lr == pytest.approx(10 ** wanted["lr"], rel=0.02) and lab.steepness == pytest.approx(10 ** wanted["steepness"], rel=0.02)
        assert [lab.momentum, lab.steps] == [wanted["momentum"], wanted["steps"]] and lab.start == pytest.approx([x, y], abs=0.02)
        paths = hand.paths()
        assert list(paths) == ["sgd", "momentum", "adam"]
        for name, shown in paths.items():
            steps = by_torch(lab, name)
            gone = next((i for i, at in enumerate(steps) if not max(map(abs, at)) < 1e6), None)
            assert len(shown) == (len(steps) if gone is None else gone)
            assert [row[1:3] for row in shown] == [pytest.approx(at, rel=1e-6, abs=1e-9) for at in steps[:gone]]
            assert [row[3] for row in shown] == [pytest.approx(SURFACES[surface](*at, lab.steepness), rel=1e-6, abs=1e-9) for at in steps[:gone]]
            row = hand.root.locator(f"tr[data-optimizer={name}]")
            assert float(row.get_attribute("data-loss")) == float(shown[-1][3])
            assert ("diverges" in row.text_content()) == (gone is not None)


def test_one_optimizer_alone_and_the_rate_at_which_it_is_thrown_out(visit, site_http):
    with visit(site_http + find_page("GradientDescentLab")) as page:
        hand = Hand(page)
        hand.choose("valley")
        hand.choose("sgd")
        hand.slide("steepness", 1)
        hand.slide("steps", 200)
        assert "SGD 2/L = 0.2," in hand.root.locator(".lm-descent-limits").text_content()
        assert hand.root.locator("input[data-trait=momentum]").is_disabled()
        for power, fate in ((-0.72, "reaches the minimum"), (-0.5, "diverges")):          # 0.191 and 0.316
            hand.slide("lr", power)
            assert fate in hand.root.locator("tr[data-optimizer=sgd]").text_content()
        assert list(hand.paths()) == ["sgd"]


def test_keyboard_alone(visit, site_http):
    with visit(site_http + find_page("GradientDescentLab")) as page:
        hand, press = Hand(page), page.keyboard.press
        hand.click(0.5, 0.5)
        hand.root.locator(".lm-descent-handle").focus()
        for key in ("ArrowRight", "Shift+ArrowUp", "ArrowLeft", "ArrowLeft", "ArrowDown"):
            before = hand.start()
            press(key)
            hand.settle()
            dx, dy = {"ArrowRight": (0.05, 0), "Shift+ArrowUp": (0, 0.25), "ArrowLeft": (-0.05, 0), "ArrowDown": (0, -0.05)}[key]
            assert hand.start() == pytest.approx([before[0] + dx, before[1] + dy])
        assert str(hand.start()[0]) in hand.root.locator(".lm-descent-handle").get_attribute("aria-label")
        for _ in range(20):
            press("Shift+ArrowRight")
        hand.settle()
        assert hand.start()[0] == 2                                  # and not further
        hand.choose("sgd")
        hand.root.locator(".lm-descent-switch input[value=sgd]").focus()
        press("ArrowRight")
        hand.settle()
        assert hand.lab().optimizer == "momentum"
        hand.root.locator("input[data-trait=steps]").focus()
        press("Home")
        hand.settle()
        assert hand.lab().steps == 1


def test_what_python_sets_is_drawn(visit, site_http):
    with visit(site_http + find_page("GradientDescentLab")) as page:
        hand = Hand(page)
        hand.root.evaluate("""root => { const model = lmcourseHost.models[root.closest('.lm-widget').dataset.id];
            model.set('surface', 'two_minima'); model.set('optimizer', 'adam'); model.set('steps', 9); model.save_changes(); }""")
        hand.settle()
        assert hand.root.locator(".lm-descent-switch input:checked").evaluate_all("found => found.map(input => input.value)") == ["two_minima", "adam"]
        assert len(hand.paths()["adam"]) == 10


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_jumps_and_nothing_is_cut_off(visit, site_http, width):
    with visit(site_http + find_page("GradientDescentLab"), width=width) as page:
        hand = Hand(page)
        height = "document.querySelector('.lm-descent').offsetHeight"
        live = page.evaluate(height)
        still = page.evaluate("""() => {
            const box = document.querySelector('.lm-widget[data-code^="GradientDescentLab@"]'), still = document.createElement('div');
            still.className = 'lm-still'; box.append(still); const height = still.offsetHeight; still.remove(); return height; }""")
        assert live == pytest.approx(still, abs=1)
        for surface in SURFACES:
            hand.choose(surface)
            for rate in (-4, -1, 1):
                hand.slide("lr", rate)
                hand.choose("all")
                assert page.evaluate(height) == live
                crowded = hand.root.evaluate("""root => [...root.querySelectorAll('.lm-descent-limits, .lm-descent-hint, .lm-descent-result :is(th, td)')]
                    .filter(node => node.scrollHeight > node.clientHeight + 1 || node.scrollWidth > node.clientWidth + 1).map(node => node.textContent)""")
                assert crowded == []
        outside = hand.root.evaluate("""root => { const edge = root.getBoundingClientRect().right;
            return [...root.querySelectorAll('.lm-descent-switches')].filter(node => node.getBoundingClientRect().right > edge).length; }""")
        assert outside == 0 and page.evaluate("document.documentElement.scrollWidth") <= width
