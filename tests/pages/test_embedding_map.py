"""EmbeddingMap in the built pages: neighbours, analogies and places are numpy's, for words drawn anew in each run."""
import base64
import random

import numpy as np
import pytest

import lmcourse as lm
from explorer import find_page

torch = pytest.importorskip("torch")


class Hand:
    """One EmbeddingMap of the page."""
    def __init__(self, page, which):
        self.page, box = page, page.locator(".lm-widget[data-code^=EmbeddingMap]").nth(which)
        box.scroll_into_view_if_needed()
        self.root = box.locator(".lm-embedding")
        box.locator(".lm-embedding[data-state=ready]").wait_for()
        self.traits = self.root.evaluate("""root => { const model = lmcourseHost.models[root.closest('.lm-widget').dataset.id];
            return Object.fromEntries(['words', 'tables', 'model_name', 'shown'].map(name => [name, model.get(name)])); }""")

    def settle(self):
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def choose(self, trait, value):
        self.root.locator(f"input[data-trait={trait}][value='{value}']").check()
        self.settle()

    def write(self, which, word):
        field = self.root.locator(".lm-embedding-field").nth(which)
        field.fill(word)
        field.press("Enter")
        self.settle()

    def answers(self):
        return self.root.locator(".lm-embedding-list li:not([hidden])").evaluate_all("rows => rows.map(({dataset: d}) => [d.word, +d.cosine])")

    def unit(self, name):
        if name == self.traits["model_name"]:
            model, tokenizer, _ = lm.pretrained("course-gpt")
            rows = model.token_embedding.weight.detach().double().numpy()[[tokenizer.ids["Ġ" + word] for word in self.traits["words"]]]
        else:
            rows = np.frombuffer(base64.b64decode(self.traits["tables"][name]["rows"]), np.int8).reshape(len(self.traits["words"]), -1).astype(float)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def agree(shown, words, cosines, without):
    order = [i for i in np.argsort(-cosines) if i not in without][:8]
    assert [cosine for _, cosine in shown] == pytest.approx(cosines[order], abs=1e-5)
    for word, cosine in shown:
        assert cosine == pytest.approx(cosines[words.index(word)], abs=1e-5) and words.index(word) not in without


@pytest.mark.parametrize("scheme", ["http", "file"])
@pytest.mark.parametrize("which", [0, 1])
def test_the_page_shows_what_numpy_computes(visit, request, scheme, which):
    seed = random.SystemRandom().randrange(10 ** 9)
    print("seed", seed)
    rng = random.Random(seed)
    with visit(request.getfixturevalue(f"site_{scheme}") + find_page("EmbeddingMap")) as page:
        hand = Hand(page, which)
        words = hand.traits["words"]
        for name in [*hand.traits["tables"], *filter(None, [hand.traits["model_name"]])]:
            if which:
                hand.choose("shown", name)
            unit = hand.unit(name)
            hand.choose("mode", "neighbours")
            for word in rng.sample(words, 3):
                hand.write(0, word)
                agree(hand.answers(), words, unit @ unit[words.index(word)], {words.index(word)})
            hand.choose("mode", "analogy")
            three = rng.sample(words, 3)
            for k, word in enumerate(three):
                hand.write(1 + k, word)
            a, b, c = map(words.index, three)
            target = unit[a] - unit[b] + unit[c]
            cosines = unit @ (target / np.linalg.norm(target))
            agree(hand.answers(), words, cosines, {a, b, c})
            hand.root.get_by_label("let the three words").check()
            hand.settle()
            agree(hand.answers(), words, cosines, set())
            hand.root.get_by_label("let the three words").uncheck()
            places(hand, unit)


def places(hand, unit):
    """The map's two directions are the principal components, each with one of two signs."""
    if not hand.root.locator(".lm-embedding-numbers").get_attribute("open"):
        hand.root.locator(".lm-embedding-numbers").evaluate("details => { details.open = true; }")
    hand.settle()
    at = np.array(hand.root.locator(".lm-embedding-table tr[data-word]").evaluate_all("rows => rows.map(({dataset: d}) => [+d.x, +d.y])"))
    left, sizes, _ = np.linalg.svd(unit - unit.mean(0), full_matrices=False)
    for k in (0, 1):
        exact = left[:, k] * sizes[k]
        exact *= np.sign(exact[np.abs(exact).argmax()])
        assert at[:, k] == pytest.approx(exact, abs=1e-4)
    assert float(hand.root.get_attribute("data-share")) == pytest.approx((sizes[:2] ** 2).sum() / (sizes ** 2).sum(), abs=1e-5)


def test_by_keyboard_and_what_is_no_word(visit, site_http):
    with visit(site_http + find_page("EmbeddingMap")) as page:
        hand = Hand(page, 1)
        hand.choose("mode", "neighbours")
        hand.write(0, "elephant" * 1000)
        assert "is not among these" in hand.root.locator(".lm-message").text_content()
        hand.write(0, "GARDEN")
        assert hand.root.locator(".lm-message").text_content() == ""
        first = hand.answers()[0][0]
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == first
        page.keyboard.press("Enter")
        hand.settle()
        assert "garden" in [word for word, _ in hand.answers()] or first in hand.root.locator(".lm-embedding-title").text_content()
        page.wait_for_timeout(600)
        assert first in hand.root.locator(".lm-spoken").text_content()


def test_a_point_on_the_map_is_pressed(visit, site_http):
    with visit(site_http + find_page("EmbeddingMap")) as page:
        hand = Hand(page, 0)
        canvas = hand.root.locator("canvas.lm-embedding-map")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        page.mouse.click(box["x"] + 3, box["y"] + 3)                    # a corner: nothing there
        before = hand.root.locator(".lm-embedding-title").text_content()
        assert "king" in before
        for x in range(60, int(box["width"]), 12):
            page.mouse.click(box["x"] + x, box["y"] + box["height"] / 2)
        hand.settle()
        assert hand.root.locator(".lm-embedding-title").text_content() != before


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_jumps_when_it_starts(visit, site_http, width):
    with visit(site_http + find_page("EmbeddingMap"), width=width) as page:
        box = page.locator(".lm-widget[data-code^=EmbeddingMap]").first
        before = page.evaluate("""() => { const probe = document.createElement('div'); probe.className = 'lm-still';
            const box = document.querySelector('.lm-widget[data-code^=EmbeddingMap]'); box.append(probe); const height = probe.offsetHeight; probe.remove(); return height; }""")
        box.scroll_into_view_if_needed()
        page.locator(".lm-embedding[data-state=ready]").first.wait_for()
        assert page.locator(".lm-embedding").first.evaluate("root => root.offsetHeight") == pytest.approx(before, abs=1)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
