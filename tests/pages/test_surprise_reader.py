"""SurpriseReader in the built pages: the model's surprise is lmcourse's, the grammar's is the world's, for texts drawn anew."""
import math
import random

import pytest

import lmcourse as lm
from explorer import find_page

torch = pytest.importorskip("torch")
STRANGE = ["Emoji 🎉🧠 between.", "她有一把红色的钥匙。", "naïve café — 100 %", "<|endoftext|> is only text", "a", "To be, or not to be"]


@pytest.fixture(scope="module")
def pretrained():
    found = lm.pretrained("course-gpt")
    return found._replace(model=found.model.double())


class Hand:
    """The first SurpriseReader of a page."""
    def __init__(self, page):
        self.page = page
        page.locator(".lm-widget[data-code^=SurpriseReader]").first.scroll_into_view_if_needed()
        page.wait_for_selector(".lm-reader[data-state=ready]")
        self.root = page.locator(".lm-reader").first
        self.stories, self.surprises = (self.root.evaluate(
            f"root => lmcourseHost.models[root.closest('.lm-widget').dataset.id].get('{name}')") for name in ("stories", "surprises"))

    def settle(self):
        self.page.mouse.move(0, 0)
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def type(self, text):
        self.root.locator(".lm-input").fill(text)
        self.settle()

    def tick(self, on):
        self.root.get_by_label("count the end").set_checked(on)
        self.settle()

    def tokens(self):
        """([-ln q], [-ln p or None])"""
        pairs = self.root.locator(".lm-surprise").evaluate_all("chips => chips.map(({dataset: d}) => [d.surprise, d.least])")
        return [float(q) for q, _ in pairs], [float(p) if p else None for _, p in pairs]

    def totals(self):
        cells = self.root.locator(".lm-totals td[data-of]").evaluate_all(
            "cells => cells.map(cell => [cell.dataset.of, cell.parentElement.dataset.measure, cell.dataset.value])")
        return {(of, measure): float(value) for of, measure, value in cells if value}


def losses(pretrained, text, ended):
    """-ln q of each token, as lmcourse computes it."""
    ids = [pretrained.tokenizer.end_id, *pretrained.tokenizer.encode(text)]
    row = [*ids, pretrained.tokenizer.end_id] if ended else ids
    return lm.evaluation.token_losses(pretrained.model, row).tolist()


@pytest.mark.parametrize("place", ["site_http", "site_file"])
def test_surprises_and_totals(visit, request, pretrained, place):
    seed = random.SystemRandom().randrange(10 ** 9)
    print("seed", seed)
    rng = random.Random(seed)
    with visit(request.getfixturevalue(place) + find_page("SurpriseReader")) as page:
        hand = Hand(page)
        drawn = lm.world.stories(1, seed=rng.randrange(10 ** 6)).texts[0]
        for text in (drawn, rng.choice(STRANGE), " ".join(drawn.split()[:rng.randint(2, 20)]) + " " + rng.choice(STRANGE)):
            ended = rng.random() < 0.5
            print(repr(text), ended)
            hand.tick(ended)
            hand.type(text)
            expected = losses(pretrained, text, ended)
            assert hand.tokens()[0] == pytest.approx(expected, abs=1e-3)
            totals, n = hand.totals(), len(expected)
            assert totals["model", "text"] == pytest.approx(sum(expected), abs=1e-3 * n)
            assert totals["model", "token"] == pytest.approx(sum(expected) / n, abs=1e-3)
            assert totals["model", "perplexity"] == pytest.approx(math.exp(sum(expected) / n), rel=2e-3)
            assert totals["model", "character"] == pytest.approx(sum(expected) / math.log(2) / len(text), rel=2e-3)


def test_the_grammars_surprise(visit, site_http, pretrained):
    with visit(site_http + find_page("SurpriseReader")) as page:
        hand = Hand(page)
        for i, (story, known) in enumerate(zip(hand.stories, hand.surprises)):
            hand.root.get_by_role("button", name=f"story {i + 1}").click()
            hand.settle()
            assert hand.root.locator(".lm-input").input_value() == story
            model, grammar = hand.tokens()
            assert grammar == pytest.approx(known, abs=1e-5)
            assert hand.totals()["grammar", "text"] == pytest.approx(sum(known), abs=1e-3)
        hand.root.locator(".lm-way input[value=difference]").check()
        hand.settle()
        shown = hand.root.locator(".lm-surprise .lm-amount").all_text_contents()
        assert [float(x.replace("−", "-")) for x in shown] == pytest.approx([q - p for q, p in zip(model, grammar)], abs=0.0501)
        words = hand.stories[0].split()
        hand.type(" ".join(words[:5]) + " zebra")
        grammar = hand.tokens()[1]
        assert grammar[:5] == pytest.approx(hand.surprises[0][:5], abs=1e-5) and set(grammar[5:]) == {None}
        assert ("grammar", "text") not in hand.totals()
        hand.type("zebra")
        assert hand.root.locator(".lm-way input[value=grammar]").is_disabled()


def test_ten_thousand_characters_are_cut_and_empty_is_a_hint(visit, site_http, pretrained):
    with visit(site_http + find_page("SurpriseReader")) as page:
        hand = Hand(page)
        hand.tick(False)
        hand.root.locator(".lm-input").evaluate("(input) => { input.value = 'key '.repeat(2500); input.dispatchEvent(new Event('input')); }")
        hand.settle()
        assert len(hand.tokens()[0]) == pretrained.model.config.max_len - 1
        assert "left out" in hand.root.locator(".lm-message").text_content()
        hand.type("")
        assert "Type a text" in hand.root.locator(".lm-message").text_content()


def test_keyboard_alone(visit, site_http):
    with visit(site_http + find_page("SurpriseReader")) as page:
        hand, press = Hand(page), page.keyboard.press
        hand.root.locator(".lm-surprise[tabindex='0']").focus()
        press("Home")
        press("ArrowRight")
        hand.settle()
        assert hand.root.get_attribute("data-place") == "1"
        assert page.evaluate("document.activeElement.getAttribute('aria-selected')") == "true"
        hand.root.locator(".lm-way input:checked").focus()
        press("ArrowRight")
        hand.settle()
        assert hand.root.locator(".lm-way input:checked").get_attribute("value") == "grammar"


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_jumps_when_it_starts(visit, site_http, width):
    with visit(site_http + find_page("SurpriseReader"), width=width) as page:
        Hand(page)
        live = page.evaluate("document.querySelector('.lm-reader').offsetHeight")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        still = page.evaluate("""() => { const box = document.querySelector('.lm-widget[data-code^="SurpriseReader@"]'), still = document.createElement('div');
            still.className = 'lm-still'; box.append(still); const height = still.offsetHeight; still.remove(); return height; }""")
        assert live == pytest.approx(still, abs=1)
