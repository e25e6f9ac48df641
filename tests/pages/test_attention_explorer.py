"""AttentionExplorer in the built pages: what it shows is what lmcourse computes, for sentences drawn anew in each run."""
import random

import pytest

import lmcourse as lm
from explorer import Explorer, find_page

torch = pytest.importorskip("torch")
STRANGE = ["Emoji 🎉🧠 between words.", "她有一把红色的钥匙。", "Zażółć gęślą jaźń", "naïve café — 100 %", "tabs\tand\nlines  and   spaces",
           "👩‍👩‍👧‍👦 is one family", "ʘ‿ʘ", "if (x<y) { return '</script>'; }", "<|endoftext|> is only text here?", "a", "العربية من اليمين"]


@pytest.fixture(scope="module")
def pretrained():
    """In float64. Without the mask and at low temperatures, where the model never was, float32 sums differ by up to 8e-3
    between torch's two precisions; the page must be near the exact value, not near one rounding of it."""
    found = lm.pretrained("course-gpt")
    return found._replace(model=found.model.double())


@pytest.fixture(params=["http", "file"])
def address(request):
    return request.getfixturevalue(f"site_{request.param}") + find_page()


def draw(rng):
    """A story cut somewhere, or a sentence with what the model has never seen, or both."""
    story = lm.world.stories(1, seed=rng.randrange(10 ** 6)).texts[0].split()
    text = " ".join(story[:rng.randint(4, 45)])
    return rng.choice([text, f"{text} {rng.choice(STRANGE)}", rng.choice(STRANGE)])


def expected(pretrained, text, causal=True, temperature=1.0, heads_off=(), positions=True):
    """([layer] (H, T, T), (T, V) probabilities) as lmcourse computes them."""
    ids = torch.tensor([[pretrained.tokenizer.end_id, *pretrained.tokenizer.encode(text)]])
    with lm.ablate(pretrained.model, heads=list(heads_off), positions=not positions):
        seen = lm.record(pretrained.model, ids, causal=causal, temperature=temperature)
    return [layer[0] for layer in seen.attention], seen.logits[0].softmax(-1)


def agree(explorer, attention, probabilities, rng):
    """Compare two layers' heads and the next tokens at some positions, the last included; all to 1e-3."""
    T = len(probabilities)
    assert explorer.tokens() == T
    for layer in rng.sample(range(len(attention)), 2):
        explorer.choose_head(layer, rng.randrange(len(attention[0])))
        for row in {T - 1, *rng.sample(range(T), min(T, 4))}:
            weights, following = explorer.numbers(row)
            assert {key[0] for key in weights} == {layer} and len(weights) == len(attention[layer]) * T
            for (_, head, column), weight in weights.items():
                assert weight == pytest.approx(float(attention[layer][head, row, column]), abs=1e-3), (layer, head, row, column)
            top = probabilities[row].topk(10)
            assert list(following.values()) == pytest.approx(top.values.tolist(), abs=1e-3)
            for token, probability in following.items():
                assert probability == pytest.approx(float(probabilities[row, token]), abs=1e-3), (row, token)


@pytest.mark.parametrize("change", ["nothing", "no mask", "no positions", "temperature", "heads off", "everything"])
def test_the_page_shows_what_lmcourse_computes(visit, address, pretrained, change):
    seed = random.SystemRandom().randrange(10 ** 9)
    rng = random.Random(seed)
    print("seed", seed)
    L, H = pretrained.model.config.n_layers, pretrained.model.config.n_heads
    with visit(address) as page:
        explorer = Explorer(page)
        settings = {}
        if change in ("no mask", "everything"):
            explorer.mask(False)
            settings["causal"] = False
        if change in ("no positions", "everything"):
            explorer.positions(False)
            settings["positions"] = False
        if change in ("temperature", "everything"):
            settings["temperature"] = explorer.temperature(rng.uniform(-0.3 if change == "everything" else -0.5, 0.6))
        if change in ("heads off", "everything"):
            settings["heads_off"] = [(rng.randrange(L), rng.randrange(H)) for _ in range(2)]
            for layer, head in set(settings["heads_off"]):
                explorer.switch_off(layer, head)
        for _ in range(2):
            text = draw(rng)
            print(repr(text), settings)
            explorer.type(text)
            agree(explorer, *expected(pretrained, text, **settings), rng)


def test_a_change_moves_the_numbers_and_its_undoing_brings_them_back(visit, site_http):
    """The control of the test above: numbers that never change would agree with nothing."""
    with visit(site_http + find_page()) as page:
        explorer = Explorer(page)
        explorer.type("One morning Anna Bell was in the garden. She had a red")
        explorer.choose_head(0, 0)
        first = explorer.numbers(10)
        explorer.mask(False)
        without = explorer.numbers(10)
        assert max(abs(first[0][key] - without[0][key]) for key in first[0]) > 1e-3
        explorer.mask(True)
        explorer.switch_off(0, 0)
        assert explorer.numbers(10)[1] != first[1]
        explorer.all_on()
        again = explorer.numbers(10)
        assert again[0] == pytest.approx(first[0], abs=1e-6) and again[1] == pytest.approx(first[1], abs=1e-6)


def test_a_second_sentence_is_read_by_the_same_head_with_the_same_changes(visit, address, pretrained):
    seed = random.SystemRandom().randrange(10 ** 9)
    rng = random.Random(seed)
    print("seed", seed)
    first, second = (" ".join(lm.world.stories(1, seed=rng.randrange(10 ** 6)).texts[0].split()[:rng.randint(5, 30)]) for _ in range(2))
    with visit(address) as page:
        explorer = Explorer(page)
        explorer.type(first)
        explorer.second(second)
        explorer.positions(False)
        layer = rng.randrange(pretrained.model.config.n_layers)
        explorer.choose_head(layer, rng.randrange(pretrained.model.config.n_heads))
        for text, read in ((second, explorer.second_numbers), (first, explorer.numbers)):
            attention, probabilities = expected(pretrained, text, positions=False)
            row = rng.randrange(len(probabilities))
            weights, following = read(row)
            assert len(weights) == len(attention[layer]) * len(probabilities)
            for (at, head, column), weight in weights.items():
                assert at == layer and weight == pytest.approx(float(attention[layer][head, row, column]), abs=1e-3)
            for token, probability in following.items():
                assert probability == pytest.approx(float(probabilities[row, token]), abs=1e-3)
        explorer.second("key " * 1000)
        assert "left out" in page.locator(".lm-second .lm-message").text_content()
        explorer.second("")
        assert "second sentence" in page.locator(".lm-second .lm-message").text_content()


def test_heat_map_arcs_and_tokens_draw_the_same_numbers(visit, site_http):
    with visit(site_http + find_page()) as page:
        explorer = Explorer(page)
        explorer.view("heatmap")
        explorer.type("Ned Wood gave the green kite to Karl Cook. Karl Cook")
        explorer.choose_head(1, 1)
        row, T = 9, explorer.tokens()
        weights = {column: weight for (_, head, column), weight in explorer.numbers(row)[0].items() if head == 1}
        shown = explorer.token_numbers()
        for column in range(row + 1):
            assert float(shown[column]) == pytest.approx(100 * weights[column], abs=0.51 if weights[column] > 0.099 else 0.051)
        assert shown[row + 1:] == ["–"] * (T - row - 1)
        dark = explorer.darkness(row)                               # (T,), read from the canvas
        order = sorted((weight, dark[column]) for column, weight in weights.items() if column <= row)
        assert all(b[1] >= a[1] - 2 for a, b in zip(order, order[1:])), order
        explorer.view("arcs")
        arcs = explorer.arcs()
        assert arcs and all(any(abs(arc - weight) < 1e-6 for weight in weights.values()) for arc in arcs)
        assert len(arcs) == sum(weight >= 0.02 for weight in weights.values())


def test_the_small_pictures_draw_their_heads(visit, site_http):
    """Beside one another on one canvas, each under its button: darker where the weight is larger; a head that is off is faint."""
    with visit(site_http + find_page()) as page:
        explorer, row = Explorer(page), 6
        explorer.type("Ned Wood gave the green kite to Karl Cook. Karl Cook")
        for width in (1280, 360):                                   # the buttons move, and are larger on a phone
            page.set_viewport_size({"width": width, "height": 900})
            explorer.settle()
            for layer in (0, 2):
                explorer.choose_head(layer, 1)
                for head in range(4):
                    weights = [weight for (_, h, column), weight in sorted(explorer.numbers(row)[0].items()) if h == head]
                    cells = explorer.small_picture(layer, head, row)
                    order = sorted(zip(weights[:row + 1], (dark for dark, _ in cells)))
                    assert all(b[1] >= a[1] - 2 for a, b in zip(order, order[1:])), (width, layer, head, order)
                    assert {alpha for _, alpha in cells} == {255}
        page.locator(".lm-controls input[type=checkbox]").first.check()         # this head off: the third layer's second
        explorer.settle()
        assert {alpha for _, alpha in explorer.small_picture(2, 1, row)} <= {63, 64}
        assert {alpha for _, alpha in explorer.small_picture(2, 2, row)} == {255}


@pytest.mark.parametrize("width", [360, 1280])
def test_words_stay_in_their_boxes(visit, site_http, width):
    with visit(site_http + find_page(), width=width, height=900) as page:
        explorer = Explorer(page)
        explorer.type("Ned Wood gave the green kite to Karl Cook. 猫 extraordinary Karl")
        sides = page.evaluate("""[...document.querySelectorAll('.lm-stage .lm-token')].map(token => {
            const range = document.createRange(), box = token.getBoundingClientRect();
            range.selectNodeContents(token.querySelector('.lm-word'));
            const word = range.getBoundingClientRect();
            return [word.left - box.left, box.right - word.right];
        })""")
        assert len(sides) == explorer.tokens() and all(abs(left - right) < 1.5 and left > 3 for left, right in sides), sides


def test_the_chosen_word_is_in_sight(visit, site_http):
    """On a phone a long text scrolls in its strip: to the word whose looks are shown, and nowhere else once it stands there."""
    with visit(site_http + find_page(), width=360, height=900) as page:
        explorer = Explorer(page)
        strip, choose = page.locator(".lm-stage .lm-sentence").first, "(box, at) => lmcourseHost.models[box.dataset.id].set('position', at)"
        explorer.type(" ".join(["Ned Wood gave the green kite to Karl Cook ."] * 5))
        for at in (None, 0, 30, 3, 50):
            if at is not None:
                page.locator(".lm-widget[data-code^=AttentionExplorer]").first.evaluate(choose, at)
                explorer.settle()
            whole = strip.evaluate("""strip => { const room = strip.getBoundingClientRect(), chip = strip.querySelector('.lm-row').getBoundingClientRect();
                return [strip.scrollHeight > strip.clientHeight + 50, chip.top >= room.top && chip.bottom <= room.bottom]; }""")
            assert whole == [True, True] and (at is None or explorer.row() == at), at
        strip.evaluate("strip => { strip.scrollTop = 0; }")
        explorer.temperature(0.5)
        assert strip.evaluate("strip => strip.scrollTop") == 0


def test_keyboard_alone(visit, site_http):
    with visit(site_http + find_page()) as page:
        explorer, press = Explorer(page), page.keyboard.press
        page.locator(".lm-input").first.focus()
        press("Control+a")
        page.keyboard.type("Anna Be")
        explorer.settle()
        press("Tab")
        assert explorer.focused("className") == "lm-suggestion"
        word = explorer.focused("textContent")
        assert word.startswith("Be")
        press("Enter")
        explorer.settle()
        assert explorer.focused("value") == f"Anna {word} "
        while explorer.focused("value") != "arcs":
            press("Tab") if explorer.focused("type") != "radio" else press("ArrowRight")
        explorer.settle()
        assert explorer.arcs()
        press("ArrowLeft")
        press("Tab")
        assert explorer.focused("role") == "option"
        press("Home")
        press("ArrowRight")
        explorer.settle()
        assert explorer.row() == 1
        press("Tab")
        assert explorer.focused("tagName") == "CANVAS"
        press("ArrowDown")
        press("ArrowLeft")
        explorer.settle()
        assert explorer.row() == 2
        press("Tab")
        name = explorer.focused("ariaLabel")
        press("ArrowDown")
        explorer.settle()
        assert explorer.focused("ariaLabel") != name and explorer.focused("role") == "radio"
        press("Tab")
        press("Space")
        explorer.settle()
        assert explorer.focused("checked") is True and ": off" in page.locator(".lm-name").first.text_content()
        for _ in range(3):                                          # "all on", the mask, the temperature
            press("Tab")
        before = page.locator(".lm-temperature output").first.text_content()
        press("ArrowLeft") if explorer.focused("type") == "range" else press("Tab")
        press("ArrowLeft")
        explorer.settle()
        assert page.locator(".lm-temperature output").first.text_content() != before


@pytest.mark.parametrize("text", ["a" * 10_000, "🎉" * 5_000, "钥匙" * 5_000, "key " * 2_500, "\t \n" * 3_333, "'" * 10_000])
def test_ten_thousand_characters_are_cut_with_a_message(visit, site_http, pretrained, text):
    with visit(site_http + find_page()) as page:
        explorer = Explorer(page)
        explorer.paste(text)
        if not text.strip():
            assert "Type a sentence" in explorer.message()
            return
        fit = explorer.tokens() - 1
        most = pretrained.model.config.max_len - 1
        assert most - 3 <= fit <= most                              # a character of four bytes is not cut in two
        assert str(fit) in explorer.message() and "left out" in explorer.message()
        explorer.type("Anna Bell had a red key.")
        assert explorer.message() == "" and explorer.tokens() == 8


def test_empty_text_is_a_hint(visit, site_http):
    with visit(site_http + find_page()) as page:
        explorer = Explorer(page)
        explorer.type("")
        assert "Type a sentence" in explorer.message() and explorer.tokens() == 1


@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_jumps_when_it_starts(browser, site_http, width, theme):
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=theme)
    page.add_init_script("window.shift = 0; new PerformanceObserver(list => { for (const e of list.getEntries()) window.shift += e.value; })"
                         ".observe({type: 'layout-shift', buffered: true});")
    page.route("**/_static/weights/*.js", lambda route: route.abort())
    page.goto(site_http + find_page())
    page.wait_for_selector(".lm-widget[data-state=failed]")
    before = page.evaluate("document.querySelector('.lm-still').offsetHeight")
    assert "could not start" in page.locator(".lm-failed").first.text_content()
    page.unroute("**/_static/weights/*.js")
    page.reload()
    explorer = Explorer(page)
    page.wait_for_timeout(300)
    assert page.evaluate("document.querySelector('.lm-explorer').offsetHeight") == pytest.approx(before, abs=1)
    assert page.evaluate("window.shift") < 0.01
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert explorer.tokens() > 1
    page.context.close()
