"""NormLab in the built pages: every number it shows is what torch and lmcourse compute, for settings drawn anew."""
import random

import numpy as np
import pytest

import lmcourse as lm
from explorer import find_page

torch = pytest.importorskip("torch")
F = torch.nn.functional


class Hand:
    """The first NormLab of a page."""
    def __init__(self, page):
        self.page = page
        page.locator(".lm-widget[data-code^=NormLab]").first.scroll_into_view_if_needed()
        page.wait_for_selector(".lm-norm[data-state=ready]")
        self.root = page.locator(".lm-norm").first

    def settle(self):
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def choose(self, trait, value):
        self.root.locator(f"input[name$='-{trait}'][value={value}]").check()
        self.settle()

    def slide(self, selector, value):
        self.root.locator(selector).evaluate(
            "(input, value) => { input.value = value; input.dispatchEvent(new Event('input', {bubbles: true})); }", value)
        self.settle()

    def lines(self):
        """{row of the table: its numbers}."""
        return dict(self.root.locator("[data-line]").evaluate_all("rows => rows.map(row => [row.dataset.line, JSON.parse(row.dataset.values)])"))

    def lab(self):
        """The same settings in Python."""
        names = ["view", "x", "eps", "gain", "bias", "residual", "place", "norm", "layers", "scale", "seed"]
        return lm.widgets.NormLab(**self.root.evaluate("""(root, names) => { const model = lmcourseHost.models[root.closest('.lm-widget').dataset.id];
            return Object.fromEntries(names.map(name => [name, model.get(name)])); }""", names))


@pytest.fixture
def rng():
    seed = random.SystemRandom().randrange(10 ** 9)
    print("seed", seed)
    return random.Random(seed)


@pytest.mark.parametrize("place", ["site_http", "site_file"])
def test_every_number_of_the_vector_is_torchs(visit, request, place, rng):
    with visit(request.getfixturevalue(place) + find_page("NormLab")) as page:
        hand = Hand(page)
        hand.choose("view", "vector")
        for _ in range(rng.randrange(3)):
            hand.root.get_by_label(rng.choice(["One number more", "One number fewer"])).click()
            hand.settle()
        n = len(hand.lab().x)
        wanted = [rng.randint(-100, 100) / 10 for _ in range(n)]
        for i, value in enumerate(wanted):
            if i % 2:
                hand.slide(f"input[data-number='{i}']", value)
            else:
                hand.root.locator(f"input[data-typed='{i}']").fill(str(value))
        hand.slide("input[data-trait=eps]", rng.randint(-16, 0) / 2)
        hand.slide("input[data-trait=gain]", rng.randint(-30, 30) / 10)
        hand.slide("input[data-trait=bias]", rng.randint(-50, 50) / 10)
        lab, lines = hand.lab(), hand.lines()
        assert lab.x == pytest.approx(wanted)
        outs = {name: out.numpy() for name, out in lab.outputs().items()}
        x, names = np.array(lab.x), ["layer", "rms", "document"]
        columns = [x, x - x.mean(), *(outs[name] for name in names)]
        for i in range(n):
            assert lines[f"x{i}"] == pytest.approx([column[i] for column in columns], abs=1e-6)
        for line, of in (("mean", np.mean), ("spread", np.std), ("size", lambda v: np.sqrt((v ** 2).mean()))):
            assert lines[line] == pytest.approx([of(column) for column in columns], abs=1e-6)
        for line, altered in (("doubled", 2 * x), ("shifted", x + 1)):
            unit = F.layer_norm(torch.tensor(altered), (n,), eps=lab.eps).numpy()
            again = [lab.gain * unit + lab.bias, lab.gain * F.rms_norm(torch.tensor(altered), (n,), eps=lab.eps).numpy(), altered + unit]
            assert lines[line][2:] == pytest.approx([np.abs(new - outs[name]).max() for new, name in zip(again, names)], abs=1e-6)
        shown = hand.root.locator("tr[data-line=size] td").all_text_contents()
        assert [float(text.replace("−", "-")) for text in shown] == pytest.approx(lines["size"], abs=0.0051)


@pytest.mark.parametrize("residual", ["on", "off"])
@pytest.mark.parametrize("place", ["site_http", "site_file"])
def test_every_depth_is_the_packages(visit, request, place, residual, rng):
    with visit(request.getfixturevalue(place) + find_page("NormLab")) as page:
        hand = Hand(page)
        hand.choose("view", "depth")
        hand.choose("residual", residual)
        hand.choose("place", rng.choice(["none", "before", "after"]))
        hand.choose("norm", rng.choice(["layer", "rms", "document"]))
        hand.slide("input[data-trait=layers]", rng.randint(1, 48))
        hand.slide("input[data-trait=scale]", rng.randint(2, 40) / 20)
        hand.root.get_by_role("button", name="Another network").click()
        hand.root.locator(".lm-norm-read").evaluate("details => { details.open = true; }")
        hand.settle()
        lab = hand.lab()
        shown = hand.root.locator("[data-depth]").evaluate_all("rows => rows.map(row => JSON.parse(row.dataset.depth))")
        wanted = lab.depth()
        assert [row[0] for row in shown] == pytest.approx(wanted.signal, rel=1e-6)
        assert [row[1] for row in shown] == pytest.approx(wanted.gradient, rel=1e-6)


def test_what_python_sets_is_drawn(visit, site_http):
    with visit(site_http + find_page("NormLab")) as page:
        hand = Hand(page)
        hand.root.evaluate("""root => { const model = lmcourseHost.models[root.closest('.lm-widget').dataset.id];
            for (const [name, value] of [['view', 'depth'], ['place', 'after'], ['norm', 'rms'], ['residual', 'off']]) model.set(name, value); model.save_changes(); }""")
        hand.settle()
        assert hand.root.locator(".lm-norm-formula").text_content() == "Each layer: RMSNorm(F(x))"
        assert [hand.root.locator(f"input[name$='-{name}']:checked").get_attribute("value") for name in ("residual", "place", "norm")] == ["off", "after", "rms"]
        hand.choose("norm", "document")
        assert "(F(x) + normalize(F(x)))" in hand.root.locator(".lm-norm-formula").text_content()


def test_a_number_out_of_bounds_is_cut_with_a_message(visit, site_http):
    with visit(site_http + find_page("NormLab")) as page:
        hand = Hand(page)
        hand.choose("view", "vector")
        hand.root.locator("input[data-typed='0']").fill("1e9")
        hand.settle()
        assert hand.lab().x[0] == 10 and "from -10 to 10" in hand.root.locator(".lm-norm-note").text_content()
        hand.root.locator("input[data-typed='0']").fill("")
        hand.settle()
        assert hand.lab().x[0] == 10
        hand.root.locator("input[data-typed='1']").fill("2.5")
        hand.settle()
        assert hand.lab().x[1] == 2.5 and hand.root.locator(".lm-norm-note").text_content() == ""


def test_keyboard_alone_and_what_is_spoken(visit, site_http):
    with visit(site_http + find_page("NormLab")) as page:
        hand, press = Hand(page), page.keyboard.press
        hand.choose("view", "vector")
        before = hand.lab().x
        hand.root.locator("input[data-number='0']").focus()
        press("ArrowRight")
        hand.settle()
        assert hand.lab().x[0] == pytest.approx(before[0] + 0.1)
        press("Tab")                                                    # the field beside it
        assert page.evaluate("document.activeElement.dataset.typed") == "0"
        press("ArrowDown")
        hand.settle()
        assert hand.lab().x[0] == pytest.approx(before[0])
        hand.root.get_by_role("button", name="All + 1").focus()
        press("Enter")
        hand.settle()
        assert hand.lab().x == pytest.approx([v + 1 for v in before])
        page.wait_for_function("document.querySelector('.lm-norm .lm-spoken').textContent.includes('LayerNorm 0.00 and 1.00')")
        hand.root.locator("input[name$='-view']:checked").focus()
        press("ArrowRight")
        hand.settle()
        assert hand.root.get_attribute("data-view") == "depth"
        page.wait_for_function("document.querySelector('.lm-norm .lm-spoken').textContent.startsWith('Each layer: ')")


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_jumps(visit, site_http, width):
    with visit(site_http + find_page("NormLab"), width=width) as page:
        hand = Hand(page)
        height = "document.querySelector('.lm-norm').offsetHeight"
        live = page.evaluate(height)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        still = page.evaluate("""() => { const box = document.querySelector('.lm-widget[data-code^="NormLab@"]'), still = document.createElement('div');
            still.className = 'lm-still'; box.append(still); const height = still.offsetHeight; still.remove(); return height; }""")
        assert live == pytest.approx(still, abs=1)
        for view, change in (("vector", lambda: hand.root.get_by_label("One number more").click()), ("depth", lambda: hand.choose("place", "after"))):
            hand.choose("view", view)
            change()
            hand.settle()
            assert page.evaluate(height) == live, view
            inside = hand.root.locator(".lm-norm-body:not([hidden])").evaluate(
                "body => [...body.children].map(part => Math.max(...[...part.children].map(child => child.getBoundingClientRect().bottom)) - body.getBoundingClientRect().bottom)")
            assert max(inside) <= 0, (view, inside)                     # nothing hangs out below
