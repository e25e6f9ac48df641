"""AttentionStepper in the built page: every number it shows is what lm.attention computes, for numbers drawn anew."""
import random
import re

import pytest

import lmcourse as lm
from explorer import SITE

torch = pytest.importorskip("torch")
PAGE = "chapters/algorithm/self-attention.html"


class Hand:
    """The first AttentionStepper of a page."""
    def __init__(self, page):
        self.page = page
        page.locator(".lm-widget[data-code^=AttentionStepper]").first.scroll_into_view_if_needed()
        page.wait_for_selector(".lm-stepper[data-state=ready]")
        self.root = page.locator(".lm-stepper").first

    def settle(self):
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def cell(self, matrix, row, column):
        return self.root.locator(f'[data-matrix="{matrix}"][data-row="{row}"][data-column="{column}"]')

    def fill(self, matrix, numbers):
        for i, line in enumerate(numbers):
            for j, number in enumerate(line):
                self.cell(matrix, i, j).fill(str(number))
        self.settle()

    def read(self, matrix):
        """The matrix as the page holds it, and that what is written is the same, rounded."""
        cells = self.root.locator(f'[data-matrix="{matrix}"]').evaluate_all(
            "cells => cells.map(cell => [+cell.dataset.row, +cell.dataset.column, +cell.dataset.value, cell.value ?? cell.textContent])")
        rows = [[cell[2] for cell in cells if cell[0] == i] for i in range(1 + max(cell[0] for cell in cells))]
        for _, _, value, written in cells:
            written = written.replace("−", "-").replace("∞", "inf")
            assert float(written) == pytest.approx(value, abs=0.0051, rel=0.006)
        return torch.tensor(rows, dtype=torch.float64)

    def told(self):
        return self.root.locator(".lm-stepper-told").text_content()


@pytest.mark.parametrize("place", ["site_http", "site_file"])
def test_every_number_is_the_packages(visit, request, place):
    seed = random.SystemRandom().randrange(10 ** 9)
    print("seed", seed)
    rng = random.Random(seed)
    with visit(request.getfixturevalue(place) + PAGE) as page:
        hand, words = Hand(page), ["one", "two", "three", "four", "five", "six"][:rng.randint(3, 6)]
        hand.root.get_by_label("Words, 3 to 6").fill(" ".join(words))
        hand.settle()
        drawn = {}
        for name, rows, columns in (("vectors", len(words), 3), ("w_q", 3, 2), ("w_k", 3, 2), ("w_v", 3, 2)):
            drawn[name] = [[round(rng.uniform(-2, 2), 2) for _ in range(columns)] for _ in range(rows)]
            hand.fill(name, drawn[name])
            assert hand.read(name).tolist() == drawn[name]
        q, k, v = (torch.tensor(drawn["vectors"], dtype=torch.float64) @ torch.tensor(drawn[w], dtype=torch.float64) for w in ("w_q", "w_k", "w_v"))
        assert all(torch.allclose(hand.read(name), wanted) for name, wanted in (("q", q), ("k", k), ("v", v), ("scores", q @ k.T)))
        for causal in (True, False):
            for scaled in (True, False):
                hand.root.get_by_label("causal mask").set_checked(causal)
                hand.root.get_by_label("divide by √d").set_checked(scaled)
                hand.settle()
                output, weights = lm.attention(q if scaled else q * 2 ** 0.5, k, v, causal=causal, return_weights=True)
                assert torch.allclose(hand.read("weights"), weights) and torch.allclose(hand.read("output"), output)
                assert torch.equal(hand.read("masked").isinf(), torch.ones_like(weights).triu(1).bool() & causal)
        row = rng.randrange(len(words))
        hand.root.locator(f".lm-stepper-queries input[value='{row}']").check()
        hand.settle()
        assert {int(r) for r in hand.root.locator(".lm-followed").evaluate_all("cells => cells.map(cell => cell.dataset.row)")} == {row}
        parts = hand.root.locator(".lm-stepper-part").all_text_contents()
        assert len(parts) == len(words) + 1 and [part.startswith(word) for part, word in zip(parts, words)] == [True] * len(words)


def test_a_number_says_how_it_was_made(visit, site_http):
    with visit(site_http + PAGE) as page:
        hand = Hand(page)
        for matrix in ("q", "k", "v", "scores", "output"):
            shape = hand.read(matrix).shape
            row, column = random.randrange(shape[0]), random.randrange(shape[1])
            hand.cell(matrix, row, column).focus()
            hand.settle()
            terms, result = hand.told().replace("−", "-").split(": ")[1].split(" = ")
            terms = [[float(x.strip("()")) for x in term.split("·")] for term in terms.split(" + ")]
            assert sum(a * b for a, b in terms) == pytest.approx(float(result), abs=0.06)
            framed = hand.root.locator(".lm-made-from").evaluate_all("cells => cells.map(cell => +cell.dataset.value)")
            assert sorted(round(x, 1) for x in framed) == pytest.approx(sorted(round(x, 1) for term in terms for x in term), abs=0.11)
        hand.cell("masked", 0, 3).focus()
        hand.settle()
        assert "may not see" in hand.told()
        hand.cell("weights", 1, 1).hover()
        hand.settle()
        assert re.search(r"e\^.* / \(e\^.* \+ e\^.*\) = 0\.\d\d", hand.told())


def test_keyboard_alone(visit, site_http):
    with visit(site_http + PAGE) as page:
        hand, press = Hand(page), page.keyboard.press
        where = "(({matrix, row, column}) => [matrix, +row, +column])(document.activeElement.dataset)"
        hand.cell("vectors", 0, 0).focus()
        for key, place in (("ArrowDown", [1, 0]), ("ArrowRight", [1, 1]), ("ArrowUp", [0, 1]), ("ArrowLeft", [0, 0]), ("ArrowLeft", [0, 0])):
            press(key)
            assert page.evaluate(where) == ["vectors", *place]
        page.keyboard.type("-2.5")
        hand.settle()
        assert hand.read("vectors")[0, 0] == -2.5
        press("ArrowLeft")                                              # the caret moves, not the place
        assert page.evaluate(where) == ["vectors", 0, 0]
        press("Tab")                                                    # one stop a table
        assert page.evaluate(where) == ["w_q", 0, 0]
        press("Tab")
        assert page.evaluate(where) == ["q", 0, 0]
        press("ArrowDown")
        hand.settle()
        assert "Queries Q, met → 1" in hand.told()
        hand.root.get_by_text("Step back").focus()
        for stage in ("weights", "masked"):
            press("Enter")
            hand.settle()
            assert hand.root.get_attribute("data-stage") == stage
        assert not hand.cell("output", 0, 0).is_visible() and hand.cell("masked", 0, 0).is_visible()


def test_what_is_no_number_is_not_taken(visit, site_http):
    with visit(site_http + PAGE) as page:
        hand = Hand(page)
        before = hand.read("output")
        for text in ("", "x", "11", "1e2"):
            hand.cell("w_v", 0, 0).fill(text)
            hand.settle()
            assert "Not taken" in hand.told() and torch.equal(hand.read("output"), before)
        hand.cell("q", 0, 0).focus()
        hand.settle()
        assert hand.cell("w_v", 0, 0).input_value() == "1" and "Not taken" not in hand.told()
        field = hand.root.get_by_label("Words, 3 to 6")
        for text in ("one two", "a b c d e f g", "incomprehensible a b"):
            field.fill(text)
            hand.settle()
            assert "Not taken" in hand.told() and hand.root.get_attribute("data-words") == "4"


def test_python_sets_and_the_page_follows(visit, site_http):
    with visit(site_http + PAGE) as page:
        hand = Hand(page)
        hand.root.evaluate("""root => { const model = lmcourseHost.models[root.closest('.lm-widget').dataset.id];
            model.set('w_q', [[1, 2], [3, 4], [5, 6]]); model.set('row', 1); model.set('stage', 'scores'); model.save_changes(); }""")
        hand.settle()
        assert hand.cell("w_q", 2, 1).input_value() == "6" and hand.root.get_attribute("data-row") == "1"
        assert torch.allclose(hand.read("q"), hand.read("vectors") @ torch.tensor([[1., 2], [3, 4], [5, 6]], dtype=torch.float64))


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_jumps_when_it_starts(visit, site_http, width):
    with visit(site_http + PAGE, width=width) as page:
        Hand(page)
        live = page.evaluate("document.querySelector('.lm-stepper').offsetHeight")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        still = page.evaluate("""() => { const box = document.querySelector('.lm-widget[data-code^="AttentionStepper@"]'), still = document.createElement('div');
            still.className = 'lm-still'; box.append(still); const height = still.offsetHeight; still.remove(); return height; }""")
        assert live == pytest.approx(still, abs=1)
