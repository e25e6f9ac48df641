"""BatchLab in the built pages: every place it shows is what lmcourse.training.batches makes, for settings drawn anew."""
import random

import pytest

import lmcourse as lm
from explorer import find_page

torch = pytest.importorskip("torch")
from lmcourse.training.batches import pack, pad  # noqa: E402


class Hand:
    """The first BatchLab of a page."""
    def __init__(self, page):
        self.page, box = page, page.locator(".lm-widget[data-code^=BatchLab]").first
        box.scroll_into_view_if_needed()
        page.wait_for_selector(".lm-batches[data-state=ready]")
        self.root = page.locator(".lm-batches").first
        self.rows = self.root.evaluate("root => lmcourseHost.models[root.closest('.lm-widget').dataset.id].get('rows')")

    def settle(self):
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def way(self, name):
        self.root.locator(f".lm-way input[value={name}]").check()
        self.settle()

    def slide(self, name, value):
        self.root.locator(f".lm-{name} input").evaluate(
            "(input, value) => { input.value = value; input.dispatchEvent(new Event('input', {bubbles: true})); }", value)
        self.settle()

    def tick(self, name, on):
        self.root.locator(f".lm-{name} input").set_checked(on)
        self.settle()

    def batches(self):
        """[batch][row] = [(input, target, text), ...], read row by row."""
        found = []
        while True:
            found.append([])
            for r in range(self.root.locator(".lm-grid-row").count()):
                self.root.locator(".lm-grid-row").nth(r).click()
                self.settle()
                found[-1].append([(int(i), int(t), d) for i, t, d in self.root.locator(".lm-place").evaluate_all(
                    "chips => chips.map(({dataset: d}) => [d.input, d.target, d.text])")])
            after = self.root.locator(".lm-turn .lm-button").last
            if after.is_disabled():
                return found
            after.click()
            self.settle()


def expected(rows, way, size, length, alike):
    """[batch] of (inputs, targets), made by the package."""
    if way == "pack":
        return list(zip(*(matrix.split(size) for matrix in pack(rows, length))))
    if alike:
        groups = lm.Batches(rows, size).groups
    else:
        groups = [[torch.tensor(row) for row in rows[at:at + size]] for at in range(0, len(rows), size)]
    if way == "right":
        return [pad(group) for group in groups]
    return [tuple(matrix.flip(1) for matrix in mirrored(group)) for group in groups]


def mirrored(group):
    """Padding on the left is padding on the right, seen in a mirror, with inputs and targets paired as they were."""
    sides = [torch.nn.utils.rnn.pad_sequence([side.flip(0) for side in sides], batch_first=True, padding_value=value)
             for sides, value in (([row[:-1] for row in group], 0), ([row[1:] for row in group], -100))]
    return sides


@pytest.mark.parametrize("way", ["right", "left", "pack"])
@pytest.mark.parametrize("place", ["site_http", "site_file"])
def test_every_place_is_the_packages(visit, request, way, place):
    seed = random.SystemRandom().randrange(10 ** 9)
    print("seed", seed)
    rng = random.Random(seed)
    with visit(request.getfixturevalue(place) + find_page("BatchLab")) as page:
        lab = Hand(page)
        lab.way(way)
        size, length, alike = rng.randint(1, 8), rng.randint(4, 30), rng.random() < 0.5
        lab.slide("size", size)
        if way == "pack":
            lab.slide("length", length)
        else:
            lab.tick("alike", alike)
        wanted, shown = expected(lab.rows, way, size, length, alike), lab.batches()
        assert len(shown) == len(wanted)
        for batch, (inputs, targets) in zip(shown, wanted):
            assert [[place[0] for place in row] for row in batch] == inputs.tolist()
            assert [[place[1] for place in row] for row in batch] == targets.tolist()
        padded = sum((targets == -100).sum().item() for _, targets in wanted)
        places = sum(targets.numel() for _, targets in wanted)
        assert [int(lab.root.get_attribute(f"data-{name}")) for name in ("padded", "places")] == [padded, places]
        assert f"{100 * padded / places:.1f} % ({padded} of {places} places)" in lab.root.locator(".lm-waste").text_content()


def test_the_mask_is_causal_and_keeps_texts_apart(visit, site_http):
    with visit(site_http + find_page("BatchLab")) as page:
        lab = Hand(page)
        lab.way("pack")
        lab.slide("length", 16)
        lab.root.locator(".lm-numbers").evaluate("details => { details.open = true; }")
        for apart in (False, True):
            lab.tick("apart", apart)
            for row in range(4):                                    # one that holds more than one text
                lab.root.locator(".lm-grid-row").nth(row).click()
                lab.settle()
                texts = lab.root.locator(".lm-place").evaluate_all("chips => chips.map(chip => chip.dataset.text)")
                if len(set(texts)) > 1:
                    break
            assert len(set(texts)) > 1
            sees = lab.root.locator("[data-sees]").evaluate_all("rows => rows.map(row => row.dataset.sees)")
            for i, places in enumerate(sees):
                assert [int(j) for j in places.split()] == [j for j in range(i + 1) if not apart or texts[j] == texts[i]]


def test_keyboard_alone(visit, site_http):
    with visit(site_http + find_page("BatchLab")) as page:
        lab, press = Hand(page), page.keyboard.press
        lab.root.locator(".lm-way input:checked").focus()
        lab.way("right")
        lab.root.locator(".lm-way input:checked").focus()
        press("ArrowRight")
        lab.settle()
        assert lab.root.get_attribute("data-way") == "left"
        lab.root.locator(".lm-grid-row").nth(1).focus()
        press("Enter")
        lab.settle()
        assert lab.root.get_attribute("data-row") == "1"
        assert page.evaluate("document.activeElement.dataset.row") == "1"      # the focus stays with the row
        lab.root.locator(".lm-place[tabindex='0']").focus()
        press("End")
        press("ArrowLeft")
        lab.settle()
        last = lab.root.locator(".lm-place").count() - 1
        assert lab.root.get_attribute("data-place") == str(last - 1)
        assert page.evaluate("document.activeElement.getAttribute('aria-selected')") == "true"


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_jumps_when_it_starts(visit, site_http, width):
    with visit(site_http + find_page("BatchLab"), width=width) as page:
        Hand(page)
        live = page.evaluate("document.querySelector('.lm-batches').offsetHeight")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        still = page.evaluate("""() => { const box = document.querySelector('.lm-widget[data-code^="BatchLab@"]'), still = document.createElement('div');
            still.className = 'lm-still'; box.append(still); const height = still.offsetHeight; still.remove(); return height; }""")
        assert live == pytest.approx(still, abs=1)
