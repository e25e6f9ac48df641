"""TokenizerLab in its chapter: every step of every tokenizer is what lmcourse's BPETokenizer gives, for texts drawn anew in each run."""
import json
import random
import re

import pytest

from lmcourse.tokenizers import LETTER, BPETokenizer

PAGE = "chapters/concepts/tokens.html"
WORDS = ["Nora", " Bell", "key", " red", "他的", "房子", "。", "🔑", "👩‍👩‍👧", "é", "\n", "\t", "  ", "12345", "'s", "<|endoftext|>", "العربية", "</b>", "e\u0301", "\u200b"]


class Hand:
    """Does what a reader does with the lab number `which` of the page."""
    def __init__(self, page, which=0):
        self.page, box = page, page.locator('.lm-widget[data-code^="TokenizerLab@"]').nth(which)
        self.traits = json.loads(box.locator('script[type="application/json"]').text_content())
        box.scroll_into_view_if_needed()
        self.root = box.locator(".lm-tokenizer[data-state=ready]")
        self.root.wait_for()
        self.box = box
        self.settle()

    def settle(self):
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def tokenizers(self):
        """{name: BPETokenizer} from what the page was given."""
        found = {}
        for each in self.traits["vocabularies"]:
            tokens, pairs = list(LETTER.values()), []
            for left, right in zip(each["merges"][::2], each["merges"][1::2]):
                pairs.append((tokens[left], tokens[right]))
                tokens.append(tokens[left] + tokens[right])
            found[each["name"]] = BPETokenizer(pairs, prefix=each["prefix"])
        return found

    def type(self, text):
        self.root.locator("textarea").fill(text)
        self.settle()

    def go(self, step):
        self.root.locator("input[type=range]").evaluate(
            "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input', {bubbles: true})); }", step)
        self.settle()

    def data(self, name):
        return int(self.root.get_attribute(f"data-{name}"))

    def shown(self):
        """[(id, bytes)] of the boxes."""
        return [(int(id), bytes.fromhex(data)) for id, data in self.root.locator(".lm-tk").evaluate_all(
            "boxes => boxes.map(({dataset: d}) => [d.id, d.bytes])")]


def as_bytes(token):
    return bytes(int(byte, 16) for byte in re.findall("<0x(..)>", token)) if re.fullmatch("(<0x..>)+", token) else token.encode()


@pytest.mark.parametrize("place", ["site_http", "site_file"])
@pytest.mark.parametrize("which", [0, 1])
def test_every_step_is_the_tokenizers(visit, request, place, which):
    seed = random.SystemRandom().randrange(10 ** 9)
    rng = random.Random(seed)
    print("seed", seed)
    with visit(request.getfixturevalue(place) + PAGE) as page:
        lab = Hand(page, which)
        for name, tokenizer in lab.tokenizers().items():
            if which:
                lab.root.locator("select").select_option(name)
            text = "".join(rng.choice(WORDS) for _ in range(rng.randint(1, 18)))
            print(name, repr(text))
            lab.type(text)
            steps = tokenizer.steps(text)
            assert lab.data("steps") == lab.data("step") == len(steps) - 1
            assert [id for id, _ in lab.shown()] == tokenizer.encode(text)
            for k in {0, *rng.sample(range(len(steps)), min(4, len(steps)))}:
                lab.go(k)
                ids, data = zip(*lab.shown())
                assert list(data) == [as_bytes(token) for token in steps[k][1]] and tokenizer.decode(ids) == text
                made = lab.root.locator(".lm-tk-is-made")
                assert made.count() == (len(steps[k - 1][1]) - len(steps[k][1]) if k else 0)
                assert lab.root.locator(".lm-tk-bars .lm-tk-number").all_text_contents() == [
                    str(n) for n in (len(text.encode()), len(text), len(ids))]


def test_the_table_says_the_same(visit, site_http):
    with visit(site_http + PAGE) as page:
        lab = Hand(page)
        lab.type("Nora 钥")
        lab.root.locator("summary").click()
        lab.settle()
        rows = lab.root.locator("tbody tr[data-id]").evaluate_all("rows => rows.map(({dataset: d}) => [+d.id, d.bytes])")
        assert [(id, bytes.fromhex(data)) for id, data in rows] == lab.shown()
        assert "part of “钥”" in lab.root.locator(".lm-tk-tables").text_content()


def test_what_python_or_a_link_sets_is_shown(visit, site_http):
    with visit(site_http + PAGE) as page:
        lab = Hand(page, 1)
        name, tokenizer = list(lab.tokenizers().items())[2]
        page.evaluate("""([id, traits]) => { const model = lmcourseHost.models[id];
            for (const name of Object.keys(traits)) model.set(name, traits[name]); }""",
                      [lab.box.get_attribute("data-id"), {"text": "我喜欢", "chosen": name, "step": 2, "under": "bytes"}])
        lab.settle()
        assert lab.root.locator("textarea").input_value() == "我喜欢" and lab.root.locator("select").input_value() == name
        assert [data for _, data in lab.shown()] == [as_bytes(token) for token in tokenizer.steps("我喜欢")[2][1]]
        assert lab.root.locator(".lm-tk-id").first.text_content() == lab.root.locator(".lm-tk").first.get_attribute("data-bytes")


def test_keyboard_alone(visit, site_http):
    with visit(site_http + PAGE) as page:
        lab, press = Hand(page), page.keyboard.press
        lab.root.locator("textarea").focus()
        press("Control+a")
        page.keyboard.type("Nora")
        lab.settle()
        last = lab.data("steps")
        assert last > 1
        while page.evaluate("document.activeElement.tagName") != "BUTTON":
            press("Tab")
        press("Enter")                                              # back to the bytes
        lab.settle()
        assert lab.data("step") == 0
        for _ in range(3):
            if page.evaluate("document.activeElement.type") == "range":
                break
            press("Tab")
        press("ArrowRight")
        lab.settle()
        assert lab.data("step") == 1
        press("Tab")
        press("Enter")                                              # one merge on
        lab.settle()
        assert lab.data("step") == 2
        while page.evaluate("document.activeElement.type") != "radio":
            press("Tab")
        press("ArrowRight")
        lab.settle()
        assert lab.root.locator(".lm-tk-id").first.text_content() == lab.root.locator(".lm-tk").first.get_attribute("data-bytes")
        lab.root.locator(".lm-spoken", has_text="tokens for 4 characters").wait_for(state="attached")


def test_the_focus_is_not_lost_at_the_ends(visit, site_http):
    """The button that was pressed is switched off at the last merge; the keyboard must go on from there."""
    with visit(site_http + PAGE) as page:
        lab = Hand(page)
        lab.root.locator(".lm-tk-steps button").first.focus()
        page.keyboard.press("Enter")
        lab.settle()
        assert lab.data("step") == 0
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('.lm-tk-steps') !== null")


@pytest.mark.parametrize("letter", ["a", "键", "🔑"])
def test_what_is_too_long_is_cut_with_a_message_and_nothing_is_a_hint(visit, site_http, letter):
    with visit(site_http + PAGE) as page:
        lab = Hand(page)
        lab.type(letter * 1000)
        assert "300 characters fit; the last 700 were left out" in lab.root.locator(".lm-message").text_content()
        assert lab.root.locator(".lm-tk-number").nth(1).text_content() == "300"
        lab.type("")
        assert "Type some text" in lab.root.locator(".lm-message").text_content()
        lab.type("a")
        assert lab.root.locator(".lm-message").text_content() == ""


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_jumps(visit, site_http, width):
    """The place it starts in is as high as it is, and stays so whatever it shows."""
    with visit(site_http + PAGE, width=width) as page:
        for which in (0, 1):
            lab = Hand(page, which)
            still = lab.box.evaluate("""box => { const still = document.createElement('div'); still.className = 'lm-still'; box.append(still);
                const height = still.offsetHeight; still.remove(); return height; }""")
            assert lab.root.evaluate("root => root.offsetHeight") == pytest.approx(still, abs=1)
            lab.type("键🔑" * 200)
            lab.go(3)
            assert lab.root.evaluate("root => root.offsetHeight") == pytest.approx(still, abs=1)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
