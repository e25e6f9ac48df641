"""LogitLab in the built pages: vector, logits, probabilities and scores are what lmcourse computes, for texts and settings drawn anew."""
import random

import pytest

import lmcourse as lm
from dequantised import unpacked
from explorer import find_page

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def pretrained():
    """course-gpt with the numbers that the page has: int8 times a scale."""
    model, tokenizer, _ = lm.pretrained("course-gpt")
    packed = lm.widgets.LogitLab().source.packed
    state = {name: torch.from_numpy(array.copy()) for name, array in unpacked(packed).items()}
    model.load_state_dict({**model.state_dict(), **state})
    return model.double(), tokenizer


class Hand:
    """The first LogitLab of a page."""
    def __init__(self, page):
        self.page = page
        page.locator(".lm-widget[data-code^=LogitLab]").first.scroll_into_view_if_needed()
        page.wait_for_selector(".lm-logits[data-state=ready]")
        self.root = page.locator(".lm-logits").first

    def settle(self):
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def type(self, label, text):
        self.root.get_by_label(label, exact=True).fill(text)
        self.settle()

    def temperature(self, power):
        self.root.locator("input[type=range]").evaluate(
            "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input', {bubbles: true})); }", power)
        self.settle()
        return float(self.root.locator("output").text_content())

    def table(self):
        """{id: (logit, probability)}"""
        return {int(i): (float(z), float(p)) for i, z, p in self.root.locator("tr[data-logit]").evaluate_all(
            "rows => rows.map(({dataset: d}) => [d.id, d.logit, d.probability])")}

    def parts(self):
        """({channel: product}, what the others sum to)"""
        parts = self.root.locator("tr[data-channel]").evaluate_all("rows => rows.map(({dataset: d}) => [d.channel, d.product])")
        return {int(c): float(x) for c, x in parts}, float(self.root.locator("tr[data-rest]").get_attribute("data-rest"))

    def scores(self):
        return [float(x) for x in self.root.locator("[data-score]").evaluate_all("found => found.map(({dataset: d}) => d.score)")]


def wanted(pretrained, text):
    """(ids, logits (T, V), vectors after the final norm (T, d), lengths of the vectors before it (T,))"""
    model, tokenizer = pretrained
    ids = [tokenizer.end_id, *tokenizer.encode(text)]
    record = lm.record(model, torch.tensor([ids]))
    with torch.no_grad():
        return ids, record.logits[0], model.final_norm(record.residual[-1][0]), record.residual[-1][0].norm(dim=-1)


def score(ids, logits):
    return logits[:-1].log_softmax(-1).gather(1, torch.tensor(ids)[1:, None]).sum().item()


@pytest.mark.parametrize("place", ["site_http", "site_file"])
def test_every_number_is_the_packages(visit, request, pretrained, place):
    seed = random.SystemRandom().randrange(10 ** 9)
    print("seed", seed)
    rng = random.Random(seed)
    model, _ = pretrained
    first, second = lm.world.stories(2, seed=seed).texts
    first, second = (" ".join(text.split()[:rng.randint(3, 40)]) for text in (first, second))
    with visit(request.getfixturevalue(place) + find_page("LogitLab")) as page:
        hand = Hand(page)
        hand.type("Text", first)
        hand.type("Another text, to compare", second)
        tau = hand.temperature(rng.uniform(-1, 0.69))
        ids, logits, vectors, lengths = wanted(pretrained, first)
        assert hand.root.locator(".lm-logits-chip").count() == len(ids)
        at = rng.randrange(len(ids))
        hand.root.locator(".lm-logits-chip").nth(at).click()
        hand.settle()
        assert hand.root.get_attribute("data-position") == str(at)
        table, p = hand.table(), (logits[at] / tau).softmax(-1)
        assert min(logits[at, list(table)]) >= logits[at].topk(len(table)).values[-1] - 1e-3
        for token, (z, share) in table.items():
            assert z == pytest.approx(logits[at, token].item(), abs=2e-3) and share == pytest.approx(p[token].item(), abs=2e-3 / tau)
        others = float(hand.root.locator("tr[data-others]").get_attribute("data-others"))
        assert others == pytest.approx(1 - p[list(table)].sum().item(), abs=2e-3 / tau)
        token = rng.choice(list(table))
        hand.root.locator(f".lm-logits-token[data-id='{token}']").click()
        hand.settle()
        parts, rest = hand.parts()
        products = vectors[at] * model.token_embedding.weight[token].detach()
        assert set(parts) <= set(products.abs().topk(len(parts) + 2).indices.tolist())
        for channel, product in parts.items():
            assert product == pytest.approx(products[channel].item(), abs=2e-3)
        assert sum(parts.values()) + rest == pytest.approx(logits[at, token].item(), abs=2e-3)
        assert f"length {lengths[at]:.1f}"[:-2] in hand.root.locator(".lm-logits-step").first.text_content()
        other_ids, other_logits, _, _ = wanted(pretrained, second)
        assert hand.scores() == pytest.approx([score(ids, logits), score(other_ids, other_logits)], abs=2e-2)
        top = score(ids, logits) > score(other_ids, other_logits)
        assert hand.root.locator(".lm-logits-scores").text_content().count("The text at the top is") == top


def test_too_long_and_empty_texts_are_said_and_a_message_moves_nothing(visit, site_http):
    with visit(site_http + find_page("LogitLab")) as page:
        hand = Hand(page)
        height = page.evaluate("document.querySelector('.lm-logits').offsetHeight")
        for label in ("Text", "Another text, to compare"):
            hand.type(label, "One night " * 100)
            assert hand.root.locator(".lm-message").text_content() == "Only the first 159 tokens are read."
            hand.type(label, " ")
            assert hand.root.locator(".lm-message").text_content() == "Type a text."
            assert page.evaluate("document.querySelector('.lm-logits').offsetHeight") == height
            hand.type(label, "One night")
            assert hand.root.locator(".lm-message").text_content() == ""


def test_keyboard_alone_and_what_python_sets_is_drawn(visit, site_http):
    with visit(site_http + find_page("LogitLab")) as page:
        hand, press = Hand(page), page.keyboard.press
        hand.root.locator(".lm-logits-chip").first.focus()
        press("Tab")
        press("Enter")
        hand.settle()
        assert hand.root.get_attribute("data-position") == "1"
        hand.root.locator(".lm-logits-token").nth(2).focus()
        chosen = page.evaluate("document.activeElement.dataset.id")
        press("Enter")
        hand.settle()
        assert hand.root.get_attribute("data-token") == chosen == page.evaluate("document.activeElement.dataset.id")   # the focus stays
        hand.root.locator("input[type=range]").focus()
        press("Home")
        hand.settle()
        assert hand.root.locator("output").text_content() == "0.1"
        hand.root.evaluate("""root => { const model = lmcourseHost.models[root.closest('.lm-widget').dataset.id];
            model.set('text', 'One winter Sam Bell'); model.set('position', 2); model.set('temperature', 2); model.save_changes(); }""")
        hand.settle()
        assert hand.root.locator(".lm-logits-chip[aria-pressed=true]").text_content() == "winter"
        assert hand.root.get_by_label("Text", exact=True).input_value() == "One winter Sam Bell" and hand.root.locator("output").text_content() == "2"


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_jumps_when_it_starts(visit, site_http, width):
    with visit(site_http + find_page("LogitLab"), width=width) as page:
        Hand(page)
        live = page.evaluate("document.querySelector('.lm-logits').offsetHeight")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        still = page.evaluate("""() => { const box = document.querySelector('.lm-widget[data-code^="LogitLab@"]'), still = document.createElement('div');
            still.className = 'lm-still'; box.append(still); const height = still.offsetHeight; still.remove(); return height; }""")
        assert live == pytest.approx(still, abs=1)
