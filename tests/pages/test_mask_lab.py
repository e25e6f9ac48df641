"""MaskLab in the built pages: both models' answers are lmcourse's, the best ones the world's, for texts and places drawn anew."""
import json
import random

import pytest

import lmcourse as lm
from explorer import find_page

torch = pytest.importorskip("torch")
STRANGE = ["Nobody knows 你好 this.", "Anna Bell had a red key. She", "Emoji 🎉🧠 between, naïve café — 100 %", "a", "[MASK] is a word. <|endoftext|> too"]
SLACK = 2e-3                                                        # of a probability: the engines promise 1e-3 for logits


class Hand:
    """The first MaskLab of a page."""
    def __init__(self, page):
        self.page = page
        page.locator(".lm-widget[data-code^=MaskLab]").first.scroll_into_view_if_needed()
        page.wait_for_selector(".lm-mask[data-state=ready]")
        self.root = page.locator(".lm-mask").first
        self.model = "lmcourseHost.models[document.querySelector('.lm-widget[data-code^=MaskLab]').dataset.id]"

    def settle(self):
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def type(self, text):
        self.root.locator(".lm-mask-input").evaluate("(input, text) => { input.value = text; input.dispatchEvent(new Event('input')); }", text)
        self.settle()

    def hide(self, place):
        self.root.locator(".lm-mask-word").nth(place).click()
        self.settle()

    def get(self, *names):
        return [self.page.evaluate(f"{self.model}.get('{name}')") for name in names]

    def words(self):
        return self.root.locator(".lm-mask-text").all_text_contents()

    def rows(self, kind):
        """{word: (probability, what the last column says as data)}, in the order shown."""
        found = self.root.locator(f".lm-mask-{kind} tr[data-word]").evaluate_all("rows => rows.map(({dataset: d}) => [d.word, +d.p, d.best])")
        return {word: (p, json.loads(best) if best else None) for word, p, best in found}


def expected(hand):
    """The same state in Python."""
    names = ["text", "place", "stories", "best"]
    text, place, stories, best = hand.get(*names)
    lab = lm.widgets.MaskLab(text=text, place=place)
    lab.stories, lab.best = stories, best
    return lab


def compare(hand):
    lab = expected(hand)
    words, at = lab.hidden()
    assert hand.words() == words and hand.root.get_attribute("data-place") == str(at)
    best = lab.optimum()
    for kind, answer in lab.answers().items():
        rows = hand.rows(kind)
        for word, (p, known) in rows.items():
            assert abs(p - answer[word]) < SLACK, (kind, word)
            table = best[kind]
            assert known == (None if table is None else {"p": table[word]} if word in table else {"atMost": table[""]} if "" in table else {"p": 0})
        first = sorted(answer, key=answer.get, reverse=True)[:5]
        assert all(word in rows or abs(answer[word] - answer[first[4]]) < SLACK for word in first) and len(rows) in (5, 6)
        assert (words[at] in rows) == (words[at] in answer)


@pytest.mark.parametrize("place", ["site_http", "site_file"])
def test_answers_are_the_packages(visit, request, place):
    seed = random.SystemRandom().randrange(10 ** 9)
    print("seed", seed)
    rng = random.Random(seed)
    with visit(request.getfixturevalue(place) + find_page("MaskLab")) as page:
        hand = Hand(page)
        compare(hand)
        stories = hand.get("stories")[0]
        for text in (lm.world.stories(1, seed=rng.randrange(10 ** 6)).texts[0], rng.choice(stories), rng.choice(STRANGE)):
            hand.type(text)
            count = len(hand.words())
            for at in (rng.randrange(count), min(1, count - 1), count - 1):                 # 1: behind what may be a typed [MASK]
                print(repr(text), at)
                hand.hide(at)
                compare(hand)


def test_the_best_answers_are_the_worlds(visit, site_http):
    """Against the grammar itself, not against what the widget stores: for each story, at a place drawn anew."""
    with visit(site_http + find_page("MaskLab")) as page:
        hand = Hand(page)
        for n, story in enumerate(hand.get("stories")[0]):
            hand.root.locator(".lm-mask-picks button").nth(n).click()
            hand.settle()
            spelled = hand.words()
            assert hand.get("text")[0] == story and hand.root.locator(".lm-mask-picks [aria-pressed=true]").count() == 1
            at = random.SystemRandom().randrange(len(spelled))
            print(n, at)
            hand.hide(at)
            words = ["<|endoftext|>", *spelled, "<|endoftext|>"]
            for kind, exact in (("masked", lm.world.hidden_word(words, at + 1)), ("causal", lm.world.next_word(words[:at + 1]))):
                for word, (_, known) in hand.rows(kind).items():
                    if "p" in known:
                        assert known["p"] == pytest.approx(exact.get(word, 0), abs=1e-4)
                    else:
                        assert exact.get(word, 0) <= known["atMost"] + 1e-4


def test_only_the_masked_model_notices_the_right_side(visit, site_http):
    with visit(site_http + find_page("MaskLab")) as page:
        hand = Hand(page)
        text = hand.get("stories")[0][0]
        hand.hide(4)
        masked, causal = hand.rows("masked"), hand.rows("causal")
        hand.type(text.rsplit(" ", 3)[0] + " the old lake.")
        assert [p for p, _ in hand.rows("causal").values()] == pytest.approx([p for p, _ in causal.values()])
        assert hand.rows("masked") != masked and all(known is None for _, known in hand.rows("masked").values())
        assert all(known is not None for _, known in hand.rows("causal").values())


def test_who_sees_what_is_drawn_and_told(visit, site_http):
    with visit(site_http + find_page("MaskLab")) as page:
        hand = Hand(page)
        count = len(hand.words())
        at = random.SystemRandom().randrange(4, count - 4)          # the arcs of near neighbours lie low, among the dots, which are not counted
        hand.hide(at)
        sides = hand.root.locator(".lm-mask-word").evaluate_all("chips => chips.map(chip => chip.className.match(/lm-mask-is-(\\w+)/)[1])")
        assert sides == ["left"] * at + ["hidden"] + ["right"] * (count - 1 - at)
        strips = hand.root.locator(".lm-mask-strips").evaluate_all("all => all.map(strip => getComputedStyle(strip).borderBottomColor)")
        assert strips[0] != strips[-1] == strips[at]
        told = hand.root.locator(".lm-mask-sees").all_text_contents()
        assert f"{at} on the left and {count - 1 - at} on the right" in told[0] and f"the {at} on the left" in told[1]
        ink = """canvas => { const pen = canvas.getContext('2d'), {width, height} = canvas, data = pen.getImageData(0, 0, width, height - 22).data;
            const columns = Array.from({length: 2}, () => 0);
            for (let i = 3; i < data.length; i += 4) if (data[i]) columns[(i >> 2) % width < width * AT ? 0 : 1]++;
            return columns; }""".replace("AT", str((at + 0.5) / count))
        left, right = (hand.root.locator(f".lm-mask-{kind} canvas").evaluate(ink) for kind in ("masked", "causal"))
        assert left[0] > 50 and left[1] > 20 and right[0] > 50 and right[1] < 0.3 * left[1] + 20
        page.wait_for_function("document.querySelector('.lm-mask > .lm-spoken').textContent.includes('Masked:')")


def test_keyboard_alone(visit, site_http):
    with visit(site_http + find_page("MaskLab")) as page:
        hand, press = Hand(page), page.keyboard.press
        count = len(hand.words())
        hand.root.locator(".lm-mask-word[tabindex='0']").focus()
        for key, place in (("Home", 0), ("ArrowLeft", 0), ("ArrowRight", 1), ("ArrowDown", 2), ("End", count - 1), ("ArrowUp", count - 2)):
            press(key)
            hand.settle()
            assert hand.root.get_attribute("data-place") == str(place)
            assert page.evaluate("document.activeElement.getAttribute('aria-selected')") == "true"
        assert hand.root.locator(".lm-mask-word[tabindex='0']").count() == 1
        compare(hand)


def test_what_python_sets_is_drawn_and_strange_input_is_borne(visit, site_http):
    with visit(site_http + find_page("MaskLab")) as page:
        hand = Hand(page)
        page.evaluate(f"() => {{ const model = {hand.model}; model.set('text', 'Ned Wood had a map.'); model.set('place', 4); model.save_changes(); }}")
        hand.settle()
        assert hand.words() == ["Ned", "Wood", "had", "a", "map", "."] and hand.root.locator(".lm-mask-input").input_value() == "Ned Wood had a map."
        hand.type("   ")
        assert "Type a few words" in hand.root.locator(".lm-mask-message").text_content() and hand.get("text") == ["Ned Wood had a map."]
        hand.type("key " * 3000)
        assert "do not fit" in hand.root.locator(".lm-mask-message").text_content()
        compare(hand)
        hand.type("Anna had")                                       # shorter than the place: the last word is hidden
        assert hand.root.get_attribute("data-place") == "1"
        compare(hand)


def test_a_link_sets_the_state(visit, site_http):
    address = site_http + find_page("MaskLab")
    with visit(address) as page:
        name = page.evaluate("document.querySelector('.lm-widget[data-code^=MaskLab]').dataset.id")
    with visit(f"{address}#{name}?place=3&text=Ned+Wood+had+a+map.") as page:
        hand = Hand(page)
        assert hand.get("place", "text") == [3, "Ned Wood had a map."] and hand.root.get_attribute("data-place") == "3"
    with visit(f"{address}#{name}?place=-2&encoder=nothing") as page:
        hand = Hand(page)
        assert hand.get("place")[0] >= 0 and hand.get("encoder")[0].startswith("course-bert@")


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_jumps(visit, site_http, width):
    with visit(site_http + find_page("MaskLab"), width=width) as page:
        hand = Hand(page)
        height = "document.querySelector('.lm-mask').offsetHeight"
        live = page.evaluate(height)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        still = page.evaluate("""() => { const box = document.querySelector('.lm-widget[data-code^="MaskLab@"]'), still = document.createElement('div');
            still.className = 'lm-still'; box.append(still); const height = still.offsetHeight; still.remove(); return height; }""")
        assert live == pytest.approx(still, abs=1)
        for text in ("a", lm.world.stories(1, seed=5).texts[0], "strange 你好 " * 40):
            hand.type(text)
            hand.hide(0)
            assert page.evaluate(height) == live
