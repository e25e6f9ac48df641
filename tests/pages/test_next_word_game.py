"""NextWordGame in the built page: what everybody pays is what lmcourse computes, for guesses drawn anew in each run."""
import math
import random

import pytest

import lmcourse as lm
from explorer import find_page

torch = pytest.importorskip("torch")


class Hand:
    def __init__(self, page):
        self.page, box = page, page.locator(".lm-widget[data-code^=NextWordGame]").first
        box.scroll_into_view_if_needed()
        page.wait_for_selector(".lm-game[data-state=ready]")
        self.root = page.locator(".lm-game").first
        self.stories, self.words = self.root.evaluate("""root => { const model = lmcourseHost.models[root.closest('.lm-widget').dataset.id];
            return [model.get('stories').map(each => ({...each, table: Object.fromEntries(each.table.map((entries, k) => [model.get('names')[k], entries]))})), model.get('words')]; }""")
        self.settle()

    def settle(self):
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def place(self):
        found = self.root.get_attribute("data-place")
        return int(found) if found else None

    def guess(self, word, sure):
        self.root.locator(f"input[data-trait=sure][value='{sure}']").check()
        field = self.root.locator(".lm-game-input")
        field.fill(word)
        field.press("Enter")
        self.settle()

    def means(self):
        rows = self.root.locator(".lm-game-bars li").evaluate_all("rows => rows.map(({dataset: d}) => [d.name, d.mean === '' ? null : +d.mean])")
        return dict(rows)

    def heard(self):
        rows = self.root.locator(".lm-game-table tr[data-name]").evaluate_all("rows => rows.map(({dataset: d}) => [d.name, +d.log, +d.rank])")
        return {name: (log, rank) for name, log, rank in rows}


LIVE = {"GPT": "course-gpt", "LSTM": "course-lstm"}                 # what runs in the page


def by_model(name, story):
    """log q of each word of a story, and its rank, as lmcourse computes them."""
    model, tokenizer, _ = lm.pretrained(name)
    row = tokenizer.rows([lm.world.render(story)])[0][:-1]
    with torch.no_grad():
        log_q = model(torch.tensor([row]))[0].log_softmax(-1)
    return [(log_q[i, row[i + 1]].item(), int((log_q[i] > log_q[i, row[i + 1]]).sum()) + 1) for i in range(len(row) - 1)]


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_everybody_pays_what_lmcourse_computes(visit, request, scheme):
    seed = random.SystemRandom().randrange(10 ** 9)
    print("seed", seed)
    rng = random.Random(seed)
    with visit(request.getfixturevalue(f"site_{scheme}") + find_page("NextWordGame")) as page:
        hand = Hand(page)
        story, paid = hand.stories[0], []
        exact = {name: by_model(model, story["words"]) for name, model in LIVE.items()}
        assert not set(LIVE) & set(story["table"]) and list(hand.means()) == ["You", "bigram", "LSTM", "GPT", "the world"]
        for k, place in enumerate(story["places"]):
            assert hand.place() == place
            came, sure = story["words"][place], rng.choice([0.3, 0.6, 0.9, 0.99])
            said = rng.choice([came, came.upper(), rng.choice(hand.words)])
            hand.guess(said, sure)
            right, V = said.lower() == came.lower(), len(hand.words)
            paid.append({"You": -math.log(sure if right else (1 - sure) / (V - 1)), **{name: -told[place][0] for name, told in exact.items()},
                         **{name: -entries[k][0] for name, entries in story["table"].items()}})
            heard = hand.heard()
            for name, told in exact.items():
                assert heard[name][0] == pytest.approx(told[place][0], abs=1e-3) and abs(heard[name][1] - told[place][1]) <= 1, name
            for name, entries in story["table"].items():
                assert heard[name] == (pytest.approx(entries[k][0], abs=1e-6), entries[k][1])
            for name, mean in hand.means().items():
                assert mean == pytest.approx(sum(each[name] for each in paid) / len(paid), abs=1e-3), name
            assert came in hand.root.locator(".lm-game-verdict").text_content()
        assert hand.place() is None and hand.root.locator(".lm-game-end").is_visible()
        bits = hand.root.locator(".lm-game-bars li .lm-game-number").first.text_content()
        hand.root.locator("input[data-trait=unit][value=nats]").check()
        hand.settle()
        nats = hand.root.locator(".lm-game-bars li .lm-game-number").first.text_content()
        assert float(bits) * math.log(2) == pytest.approx(float(nats), abs=0.011)
        hand.root.locator(".lm-game-kinds").evaluate("details => { details.open = true; }")
        hand.settle()
        for kind in {story["kinds"][place] for place in story["places"]}:
            some = [each["You"] for each, place in zip(paid, story["places"]) if story["kinds"][place] == kind]
            shown = hand.root.locator(f'.lm-game-bykind td[data-kind="{kind}"][data-name=You]').get_attribute("data-mean")
            assert float(shown) == pytest.approx(sum(some) / len(some), abs=1e-5)
        hand.root.locator(".lm-game-next").click()
        hand.settle()
        assert hand.place() == hand.stories[1]["places"][0]


def test_the_exact_world_is_the_worlds_own(visit, site_http):
    with visit(site_http + find_page("NextWordGame")) as page:
        for story in Hand(page).stories:
            for place, (log_q, _, _) in zip(story["places"], story["table"]["the world"]):
                q = lm.world.next_word([lm.world.END, *story["words"][:place]])
                assert math.exp(log_q) == pytest.approx(q[story["words"][place]], abs=1e-3)


def test_what_is_no_word_costs_nothing_and_a_button_is_a_guess(visit, site_http):
    with visit(site_http + find_page("NextWordGame")) as page:
        hand = Hand(page)
        first = hand.place()
        hand.guess("elephant" * 1000, 0.6)
        assert "is none of the" in hand.root.locator(".lm-message").text_content() and hand.place() == first
        hand.guess("", 0.6)
        assert "Type a word" in hand.root.locator(".lm-message").text_content() and hand.place() == first
        hand.root.locator(".lm-game-chip").first.click()
        hand.settle()
        assert hand.place() != first and hand.root.get_attribute("data-guessed") == "1"
        hand.root.get_by_role("button", name="I don't know").click()
        hand.settle()
        assert hand.root.get_attribute("data-guessed") == "2"
        assert page.evaluate("document.activeElement.className") == "lm-game-input"
        page.wait_for_timeout(400)
        assert "came" in hand.root.locator(".lm-spoken").text_content()


def test_state_set_from_outside_is_shown(visit, site_http):
    with visit(site_http + find_page("NextWordGame")) as page:
        hand = Hand(page)
        place = hand.stories[1]["places"][0]
        hand.root.evaluate("""(root, place) => { const model = lmcourseHost.models[root.closest('.lm-widget').dataset.id];
            model.set('story', 1); model.set('guesses', [[1, place, '', 0.6]]); }""", place)
        hand.settle()
        assert hand.place() == hand.stories[1]["places"][1]
        assert hand.means()["You"] == pytest.approx(math.log(len(hand.words)), abs=1e-6)


def test_a_link_sets_the_state_and_no_weights(visit, site_http):
    address = site_http + find_page("NextWordGame")
    with visit(address) as page:
        name = page.evaluate("document.querySelector('.lm-widget[data-code^=NextWordGame]').dataset.id")
    with visit(f"{address}#{name}?story=1&unit=nats&lstm=nothing") as page:
        hand = Hand(page)
        assert hand.place() == hand.stories[1]["places"][0] and hand.root.locator("input[data-trait=unit][value=nats]").is_checked()
        hand.guess("key", 0.6)
        assert set(LIVE) < set(hand.heard())


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_jumps_when_it_starts(visit, site_http, width):
    with visit(site_http + find_page("NextWordGame"), width=width) as page:
        before = page.evaluate("""() => { const probe = document.createElement('div'); probe.className = 'lm-still';
            const box = document.querySelector('.lm-widget[data-code^=NextWordGame]'); box.append(probe); const height = probe.offsetHeight; probe.remove(); return height; }""")
        hand = Hand(page)
        height = hand.root.evaluate("root => root.offsetHeight")
        assert height == pytest.approx(before, abs=1)
        assert hand.root.locator(".lm-game-chips").evaluate("room => room.scrollHeight <= room.clientHeight"), "suggestions are cut through"
        for word in ("the", "key", "was"):
            hand.guess(word, 0.6)
        assert hand.root.evaluate("root => root.offsetHeight") == pytest.approx(height, abs=1)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
