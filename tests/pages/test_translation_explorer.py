"""TranslationExplorer in the built pages: translation, attentions and probabilities are lmcourse's, for sentences drawn anew and every control."""
import json
import random
import re

import pytest

import lmcourse as lm
from explorer import find_page
from translator import Hand

torch = pytest.importorskip("torch")
TOLERANCE = 1e-3
PARTS = ["encoder", "decoder", "cross"]


def expected(hand):
    """The same state in Python."""
    names = ["text", "target", "part", "layer", "head", "causal", "heads_off"]
    return lm.widgets.TranslationExplorer(**{name: hand.get(name) for name in names})


def compare(hand, rows=None):
    """Words, all weights of the large part in `rows` (all of them if None) and the next-word probabilities there."""
    lab = expected(hand)
    source, target, seen = lab.read()
    assert hand.chips("sources") == source and hand.chips("targets") == [*target, "end"]
    names = hand.root.locator(".lm-tr-targets .lm-token").evaluate_all("all => all.map(node => node.getAttribute('aria-label'))")
    assert any(" %" in each for each in names) == (lab.part == "decoder"), names      # else no row looks at a target word
    weights = getattr(seen, lab.part)[lab.layer][0]
    name, count = ("source_place", len(source)) if lab.part == "encoder" else ("place", len(target))
    for row in range(count) if rows is None else {row % count for row in rows}:
        found, following = hand.numbers(name, row)
        assert sorted(found) == [(h, c) for h in range(weights.shape[0]) for c in range(weights.shape[2])]
        assert all(abs(p - weights[h, row, c].item()) < TOLERANCE for (h, c), p in found.items())
        at = int(hand.root.get_attribute("data-place"))
        q = seen.probabilities[0, at]
        assert all(abs(p - q[token].item()) < TOLERANCE for token, (p, _) in following.items())
        assert len(following) == 10 and sum(p for p, _ in following.values()) == pytest.approx(q.topk(10).values.sum().item(), abs=TOLERANCE)
    return lab, seen


def drawn():
    seed = random.SystemRandom().randrange(10 ** 9)
    print("seed", seed)
    return random.Random(seed), [english for english, _ in lm.world.translations(4, seed, "test").pairs]


@pytest.mark.parametrize("place", ["site_http", "site_file"])
def test_what_is_shown_is_the_packages(visit, request, place):
    rng, sentences = drawn()
    with visit(request.getfixturevalue(place) + find_page("TranslationExplorer")) as page:
        hand = Hand(page)
        for part, sentence in zip(PARTS, sentences):
            hand.type(sentence)
            hand.choose(part)
            hand.head(rng.randrange(2), rng.randrange(-1, 4))
            assert hand.get("text") == sentence and hand.field("target").input_value() == " ".join(hand.chips("targets")[1:-1])
            compare(hand)


def test_every_control(visit, site_http):
    """Mask, heads off in each part, one's own target: all at once and undone again."""
    rng, sentences = drawn()
    with visit(site_http + find_page("TranslationExplorer")) as page:
        hand = Hand(page)
        hand.type(sentences[0])
        own = lm.world.translations(1, rng.randrange(10 ** 6)).pairs[0][1]
        hand.type(own, "target")
        assert hand.get("target") == own and "your text" in hand.root.locator(".lm-tr-by").text_content()
        compare(hand, rows=[0, rng.randrange(20), -1])
        hand.check("Causal mask of the decoder", False)
        assert "mask off" in hand.root.locator("[data-part=decoder] .lm-tr-mask").text_content()
        for part in PARTS:
            hand.choose(part)
            hand.head(rng.randrange(2), rng.randrange(4))
            hand.check("Switch this head off", True)
            lab, _ = compare(hand, rows=[rng.randrange(20)])
        assert len(lab.heads_off) == 3 and not lab.causal
        hand.root.get_by_role("button", name="Let the model write").click()
        hand.settle()
        compare(hand, rows=[0, 5])                                   # what the changed model writes itself
        hand.root.get_by_role("button", name="3 heads off: all on").click()
        hand.check("Causal mask of the decoder", True)
        assert hand.get("heads_off") == [] and hand.get("target") == ""
        compare(hand, rows=[-1])


def test_the_mark_is_the_model_as_it_was_trained(visit, site_http):
    _, sentences = drawn()
    with visit(site_http + find_page("TranslationExplorer")) as page:
        hand = Hand(page)
        hand.type(sentences[0])
        target = " ".join(hand.chips("targets")[1:-1])
        hand.type(target + " 。", "target")                          # so that it stays the same, whatever is switched off
        assert hand.root.locator(".lm-bar-before").evaluate_all("all => all.every((mark) => mark.hidden)")
        hand.head(0, 0)
        hand.check("Switch this head off", True)
        plain = lm.widgets.TranslationExplorer(text=sentences[0], target=hand.get("target")).read()[2].probabilities[0]
        for row in (0, 4):
            _, following = hand.numbers("place", row)
            assert all(abs(before - plain[row, token].item()) < TOLERANCE for token, (_, before) in following.items())
        assert hand.root.locator(".lm-bar-before").evaluate_all("all => all.every((mark) => !mark.hidden)")


def pixels(hand, part):
    """The colour in the middle of each cell of a map, (rows, columns), and what the map says of itself."""
    return hand.root.locator(f"[data-part={part}] canvas").evaluate("""canvas => {
        const {left, top, cell, rows, columns} = JSON.parse(canvas.dataset.place), ratio = canvas.width / canvas.clientWidth, pen = canvas.getContext("2d");
        const data = pen.getImageData(0, 0, canvas.width, canvas.height).data;
        return Array.from({length: rows}, (_, r) => Array.from({length: columns}, (_, c) => {
            const x = Math.round((left + (c + 0.4) * cell) * ratio), y = Math.round((top + (r + 0.4) * cell) * ratio), i = 4 * (y * canvas.width + x);
            return data[i + 3] ? data[i] + data[i + 1] + data[i + 2] : -1;
        })); }""")


def test_the_three_maps_stand_side_by_side_with_their_masks(visit, site_http):
    _, sentences = drawn()
    with visit(site_http + find_page("TranslationExplorer")) as page:
        hand = Hand(page)
        hand.type(sentences[0])
        hand.put(causal=True, layer=0, head=-1, part="cross")
        assert hand.root.locator(".lm-tr-map:visible").count() == 3
        boxes = [hand.root.locator(f"[data-part={part}] canvas").bounding_box() for part in PARTS]
        assert boxes[2]["width"] > 1.4 * boxes[0]["width"] and boxes[0]["x"] > boxes[2]["x"] + boxes[2]["width"]
        *_, seen = expected(hand).read()
        for part in PARTS:                                           # darker where there is more weight, on the light page
            hand.choose(part)                                        # so that its cells are large
            weights, found = getattr(seen, part)[0][0].mean(0), pixels(hand, part)
            assert (len(found), len(found[0])) == tuple(weights.shape)
            for r, line in enumerate(found):
                for c, colour in enumerate(line):
                    if part == "decoder" and c > r:
                        continue                                     # hatched
                    for r2, c2 in ((0, 0), (len(found) // 2, 0)):
                        if weights[r, c] > weights[r2, c2] + 0.05:
                            assert colour < found[r2][c2], (part, r, c)
        before = pixels(hand, "decoder")
        hand.choose("decoder")
        hatched = pixels(hand, "decoder")
        hand.check("Causal mask of the decoder", False)
        opened = pixels(hand, "decoder")
        T = len(opened)
        assert before and all(opened[r][c] > 0 for r in range(T) for c in range(T))
        assert sum(hatched[r][c] < 0 for r in range(T) for c in range(r + 1, T)) > 0.5 * T * (T - 1) / 2          # the paper between the stripes
        assert all(hatched[r][c] > 0 for r in range(T) for c in range(r + 1))


def test_the_sentence_says_where_a_chosen_word_looks(visit, site_http):
    rng, sentences = drawn()
    with visit(site_http + find_page("TranslationExplorer")) as page:
        hand = Hand(page)
        hand.type(sentences[0])
        hand.put(causal=True, heads_off=[], layer=1, head=rng.randrange(4), part="cross")
        source, target, seen = expected(hand).read()
        at = rng.randrange(1, len(target))
        hand.root.locator(".lm-tr-targets .lm-token").nth(at).click()
        page.mouse.move(0, 0)
        hand.settle()
        assert hand.get("place") == at - 1 and hand.root.locator(".lm-tr-targets .lm-row .lm-word").text_content() == target[at]
        row = seen.cross[1][0, hand.get("head"), at - 1]
        said = hand.root.locator(".lm-tr-say").text_content()
        assert said.startswith(f"Writing “{target[at]}”, the decoder looks at “{source[row.argmax()]}” {row.max():.2f}")
        shown = hand.root.locator(".lm-tr-sources .lm-weight").all_text_contents()
        assert all(abs(float(text) - 100 * p) < 0.6 for text, p in zip(shown, row.tolist(), strict=True))
        hidden = hand.root.locator(".lm-tr-targets .lm-token").evaluate_all("chips => chips.map((chip) => chip.classList.contains('lm-hidden'))")
        assert hidden == [False] * at + [True] * (len(target) + 1 - at)      # what is not yet written
        percent = round(100 * seen.probabilities[0, at - 1].max().item())
        assert re.search(rf"gives “{re.escape(target[at])}” ({percent} %|{percent - 1} %|{percent + 1} %)", hand.root.locator(".lm-tr-gives").text_content())
        page.wait_for_function("said => document.querySelector('.lm-translation > .lm-spoken').textContent.startsWith(said)", arg=said)
        hand.root.locator(".lm-tr-sources .lm-token").nth(2).click()
        hand.choose("encoder")
        page.mouse.move(0, 0)
        hand.settle()
        assert hand.root.locator(".lm-tr-say").text_content().startswith(f"“{source[2]}” looks at “{source[seen.encoder[1][0, hand.get('head'), 2].argmax()]}”")


def test_words_are_exchanged_finished_and_refused(visit, site_http):
    rng, sentences = drawn()
    with visit(site_http + find_page("TranslationExplorer")) as page:
        hand = Hand(page)
        hand.type(sentences[0])
        at = rng.randrange(3)
        hand.root.locator(".lm-tr-sources .lm-token").nth(at).click()
        hand.settle()
        hand.root.locator(".lm-tr-offer").nth(7).wait_for()          # they are found while nothing else happens
        assert f"“{sentences[0].split()[at]}”" in hand.root.locator(".lm-tr-choose").text_content()
        offer = hand.root.locator(".lm-tr-offer").nth(rng.randrange(8))
        word = offer.text_content()
        offer.click()
        hand.settle()
        assert hand.get("text").split() == [word if i == at else each for i, each in enumerate(sentences[0].split())]
        compare(hand, rows=[0])
        before = hand.get("text")
        hand.type("Anna found a gard")                               # unfinished: words that go on so, no complaint
        assert "Go on with" in hand.root.locator(".lm-tr-choose").text_content() and not hand.message() and hand.get("text") == before
        hand.root.locator(".lm-tr-offer", has_text="garden").click()
        hand.settle()
        assert hand.get("text") == "Anna found a garden" and hand.field("source").input_value() == "Anna found a garden "
        hand.type("Anna Bell found a spaceship in the garden .")
        assert "“Bell”, “spaceship”: not among the" in hand.message() and hand.get("text") == "Anna found a garden"
        hand.type("  ")
        assert "Type an English sentence" in hand.message() and hand.get("text") == "Anna found a garden"
        hand.type("Anna " * 50)
        assert "The last 18 words do not fit" in hand.message() and len(hand.get("text").split()) == 32
        compare(hand, rows=[0])
        hand.type(sentences[1])
        hand.type("安娜在花园里。", "target")                          # without spaces: cut into the words that it knows
        assert hand.get("target") == "安娜 在 花园 里 。" and not hand.message("target")
        compare(hand, rows=[3])
        hand.type("安娜 在 树 里", "target")
        assert "“树”: not among the" in hand.message("target") and hand.get("target") == "安娜 在 花园 里 。"
        hand.type("", "target")
        assert hand.get("target") == "" and "written by the model" in hand.root.locator(".lm-tr-by").text_content()
        compare(hand, rows=[0])


def test_keyboard_alone(visit, site_http):
    with visit(site_http + find_page("TranslationExplorer")) as page:
        hand, press = Hand(page), page.keyboard.press
        hand.put(part="cross", place=0, layer=0, head=0)
        last = len(hand.chips("targets")) - 2
        hand.root.locator(".lm-tr-targets .lm-token[tabindex='0']").focus()
        for key, place in (("End", last), ("ArrowRight", last), ("ArrowLeft", last - 1), ("Home", 0), ("ArrowDown", 1)):
            press(key)
            hand.settle()
            assert hand.root.get_attribute("data-place") == str(place), key
            if key == "Home":                                        # the start is no word that is written: the focus stands on it, the next step is one
                hand.root.locator(".lm-tr-targets .lm-token").nth(1).focus()
        hand.root.locator("[data-part=cross] canvas").focus()
        for key, place in (("ArrowDown", 2), ("ArrowDown", 3), ("ArrowRight", 3), ("ArrowUp", 2)):
            press(key)
            hand.settle()
            assert hand.root.get_attribute("data-place") == str(place)
        hand.root.locator(".lm-tr-head[aria-checked=true]").focus()
        for key, layer, head in (("ArrowRight", 0, 1), ("ArrowDown", 1, 1), ("ArrowLeft", 1, 0), ("ArrowLeft", 0, -1), ("ArrowLeft", 0, 3)):
            press(key)
            hand.settle()
            assert [hand.get("layer"), hand.get("head")] == [layer, head]
            assert page.evaluate("document.activeElement.getAttribute('aria-checked')") == "true"
        hand.root.locator(".lm-tr-switch input:checked").focus()
        press("ArrowLeft")
        hand.settle()
        assert hand.get("part") == "decoder" and hand.root.locator(".lm-tr-map[tabindex='0']").count() == 1
        hand.root.get_by_label("Causal mask of the decoder").focus()
        press("Space")
        assert hand.get("causal") is False
        compare(hand, rows=[1])


def test_pointing_shows_and_leaves_no_trace(visit, site_http):
    with visit(site_http + find_page("TranslationExplorer")) as page:
        hand = Hand(page)
        hand.put(part="cross", place=0, layer=0, head=0)
        box = hand.root.locator("[data-part=cross] canvas").bounding_box()
        place = json.loads(hand.root.locator("[data-part=cross] canvas").get_attribute("data-place"))
        x, y = (box[side] + place[edge] + n * place["cell"] for side, edge, n in (("x", "left", 2.5), ("y", "top", 4.5)))
        page.mouse.move(x, y)
        hand.settle()
        assert hand.root.get_attribute("data-place") == "4" and hand.get("place") == 0
        page.mouse.move(0, 0)
        hand.settle()
        assert hand.root.get_attribute("data-place") == "0"
        page.mouse.click(x, y)
        hand.settle()
        assert hand.get("place") == 4
        hand.root.locator("[data-part=encoder] canvas").click(position={"x": 3, "y": 3})               # a small map becomes the large one
        hand.settle()
        assert hand.get("part") == "encoder"


def test_what_python_sets_is_drawn_and_strange_states_are_borne(visit, site_http):
    with visit(site_http + find_page("TranslationExplorer")) as page:
        hand = Hand(page)
        hand.put(text="Leo lost the old key in the park yesterday .", target="利奥 丢 了", part="decoder", layer=1, head=-1, place=99)
        assert hand.field("source").input_value() == "Leo lost the old key in the park yesterday ." and hand.field("target").input_value() == "利奥 丢 了"
        assert hand.root.get_attribute("data-place") == "3" and "mean of its heads" in hand.root.locator(".lm-tr-name").text_content()
        compare(hand, rows=[2])
        hand.put(text="Leo lost xyz", target="树", layer=77, head=50, heads_off=[["cross", 9, 9], "no", ["decoder", 0, 1]])
        assert hand.chips("sources") == ["Leo", "lost"] and "“xyz”" in hand.message()
        assert hand.root.get_attribute("data-layer") == "1" and hand.root.get_attribute("data-head") == "3"


def test_a_link_sets_the_state(visit, site_http):
    address = site_http + find_page("TranslationExplorer")
    with visit(address) as page:
        name = page.evaluate("document.querySelector('.lm-widget[data-code^=TranslationExplorer]').dataset.id")
    with visit(f"{address}#{name}?part=encoder&layer=1&head=2&causal=false&heads_off=[[\"cross\",0,1]]&text=Tom+saw+a+red+fish+in+the+cave+last+week+.") as page:
        hand = Hand(page)
        assert [hand.get(each) for each in ("part", "layer", "head", "causal", "heads_off")] == ["encoder", 1, 2, False, [["cross", 0, 1]]]
        compare(hand, rows=[3])
    with visit(f"{address}#{name}?part=middle&head=-9&weights=nothing") as page:
        hand = Hand(page)
        assert hand.get("part") in PARTS and hand.get("head") >= -1 and hand.get("weights").startswith("course-seq2seq@")


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_jumps(visit, site_http, width):
    with visit(site_http + find_page("TranslationExplorer"), width=width) as page:
        hand = Hand(page)
        height = "document.querySelector('.lm-translation').offsetHeight"
        live = page.evaluate(height)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        still = page.evaluate("""() => { const box = document.querySelector('.lm-widget[data-code^="TranslationExplorer@"]'), still = document.createElement('div');
            still.className = 'lm-still'; box.append(still); const height = still.offsetHeight; still.remove(); return height; }""")
        assert live == pytest.approx(still, abs=1)
        for text in ("Anna", "unknown words .", "key " * 60, "Beth showed three golden baskets to Julia in the library last night ."):
            hand.type(text)
            assert page.evaluate(height) == live
        for part in PARTS:
            hand.choose(part)
            if width == 360:
                assert hand.root.locator(".lm-tr-map:visible").count() == 1
            hand.put(causal=False, heads_off=[["decoder", 0, 0], ["cross", 1, 1]], place=-1)
            assert page.evaluate(height) == live
            assert page.evaluate("document.documentElement.scrollWidth") <= width
