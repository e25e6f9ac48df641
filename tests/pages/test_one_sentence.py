"""OneSentence in the built pages: every vector, weight, logit and probability is what lmcourse computes, for sentences drawn anew."""
import random
import re
from pathlib import Path

import pytest

import lmcourse as lm
from explorer import SITE
from lmcourse.widgets.sources import find

torch = pytest.importorskip("torch")
PAGE = "chapters/appendix/one-sentence.html"
AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
STRANGE = ["Emoji 🎉🧠 between.", "她有一把红色的钥匙。", "naïve café — 100 %", "To be, or not to be"]


@pytest.fixture(scope="module")
def pretrained():
    found = lm.pretrained("course-gpt")
    return found._replace(model=found.model.double())


class Hand:
    """The OneSentence of a page."""
    def __init__(self, page):
        self.page = page
        page.locator(".lm-widget[data-code^=OneSentence]").first.scroll_into_view_if_needed()
        page.wait_for_selector(".lm-one[data-state=ready]")
        self.root = page.locator(".lm-one").first

    def settle(self):
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def type(self, text):
        self.root.locator(".lm-one-input").fill(text)
        self.settle()

    def choose(self, position, layer, head):
        self.root.locator(".lm-one-token").nth(position).click()
        self.root.locator(".lm-one-layers input").nth(layer).check()
        self.root.locator(".lm-one-head").nth(head).click()
        self.page.mouse.move(0, 0)
        self.settle()
        assert [int(self.root.get_attribute(f"data-{name}")) for name in ("position", "layer", "head")] == [position, layer, head]

    def table(self, kind):
        """{name of a column: tensor} of "Read the numbers"; NaN where there is none."""
        self.root.locator(".lm-one-numbers").evaluate("details => { details.open = true; }")
        self.root.locator(".lm-one-select").select_option(kind)
        self.settle()
        found = {}
        for name, value in self.root.locator("[data-of]").evaluate_all("cells => cells.map(({dataset: d}) => [d.of, d.value])"):
            found.setdefault(name, []).append(float(value) if value else float("nan"))
        return {name: torch.tensor(values, dtype=torch.float64) for name, values in found.items()}


@torch.no_grad()
def computed(model, ids, t, l):
    """Every vector at position t in layer l, by PyTorch's own modules."""
    seen, block, ids = {}, model.blocks[l], torch.tensor([ids])
    watched = {"normed": block.attention_norm, "bias": block.attention.output, "normedMiddle": block.mlp_norm, "hidden": block.mlp.up, "mlp": block.mlp, "final": model.final_norm}
    hooks = [module.register_forward_hook(lambda _, inputs, out, name=name: seen.update({name: (inputs[0][0, t], out[0, t])})) for name, module in watched.items()]
    try:
        record = lm.record(model, ids)
    finally:
        for hook in hooks:
            hook.remove()
    found = {name: out for name, (_, out) in seen.items()} | {"middle": seen["normedMiddle"][0], "before": record.residual[l][0, t], "after": record.residual[l + 1][0, t],
             "embedding": model.token_embedding.weight[ids[0, t]], "position": model.position_embedding.weight[t], "stream": record.residual[0][0, t]}
    found["hidden"], context, size = torch.nn.functional.gelu(found["hidden"], approximate="tanh"), seen["bias"][0], model.config.d_head
    for head in range(model.config.n_heads):
        part = slice(head * size, (head + 1) * size)
        found[f"written{head}"] = block.attention.output.weight[:, part] @ context[part]
    found["bias"] = block.attention.output.bias
    return found, record


def close(shown, expected):
    """To 1e-3, in units of the largest number where that is above 1: the stream's are in the hundreds, where float32 ends."""
    assert shown.shape == expected.shape
    assert (shown - expected).abs().max() < 1e-3 * max(1.0, expected.abs().max())


@pytest.mark.parametrize("place", ["site_http", "site_file"])
def test_every_number_is_the_packages(visit, request, pretrained, place):
    seed = random.SystemRandom().randrange(10 ** 9)
    print("seed", seed)
    rng, (model, tokenizer, _) = random.Random(seed), pretrained
    with visit(request.getfixturevalue(place) + PAGE) as page:
        hand = Hand(page)
        for text in (" ".join(lm.world.stories(1, seed=rng.randrange(10 ** 6)).texts[0].split()[:rng.randint(8, 40)]), rng.choice(STRANGE)):
            hand.type(text)
            ids = [tokenizer.end_id, *tokenizer.encode(text)]
            for _ in range(2):
                t, l, h = rng.randrange(len(ids)), rng.randrange(model.config.n_layers), rng.randrange(model.config.n_heads)
                print(repr(text), t, l, h)
                hand.choose(t, l, h)
                expected, record = computed(model, ids, t, l)
                shown = hand.table("vectors")
                assert set(shown) == set(expected) - {"hidden"}
                for name, values in shown.items():
                    close(values, expected[name])
                close(hand.table("hidden")["hidden"], expected["hidden"])
                weights = hand.table("attention")
                close(torch.stack([weights[f"weight{head}"] for head in range(model.config.n_heads)]), record.attention[l][0, :, t, :t + 1])
                words, lens = hand.table("words"), lm.interpret.logit_lens(model, torch.tensor([ids]))[:, 0, t].exp()
                close(words["logit"], record.logits[0, t])
                close(torch.stack([words[f"lens{i}"] for i in range(len(lens))]), lens)
                close(words[f"lens{len(lens) - 1}"], record.probabilities[0, t])
                bytes_shown = hand.root.locator("[data-byte]").evaluate_all("all => all.map(each => +each.dataset.byte)")
                own = tokenizer.decode([ids[t]])
                if t == 0:
                    assert bytes_shown == []
                elif "\ufffd" in own:                              # a part of a character
                    assert bytes(bytes_shown) in text.encode()
                else:
                    assert bytes(bytes_shown).decode().strip() == own.strip()


def test_the_worlds_column(visit, site_http, pretrained):
    _, tokenizer, _ = pretrained
    with visit(site_http + PAGE) as page:
        hand = Hand(page)
        text = hand.root.locator(".lm-one-input").input_value()
        known = lm.world.next_words(text)
        for t in random.SystemRandom().sample(range(len(known)), 4):
            print(t)
            hand.choose(t, 0, 0)
            world, names = hand.table("words")["world"], [tokenizer.decode([i]).strip() for i in range(len(tokenizer))]
            for i, p in enumerate(world.tolist()):
                if p > 0:
                    assert p == pytest.approx(known[t][1][names[i]], abs=1e-6)
            assert world.sum().item() == pytest.approx(1, abs=1e-4)
        hand.type(text.replace("Hill", "King"))
        at = [word for word, _ in known].index("Hill")
        hand.choose(at - 1, 0, 0)
        assert hand.table("words")["world"].sum().item() == pytest.approx(1, abs=1e-4)
        hand.choose(at, 0, 0)
        assert hand.table("words")["world"].isnan().all() and "empty" in hand.root.locator(".lm-one-outcome").text_content()


def test_each_way_leads_to_a_living_widget_in_the_same_state(visit, site_file):
    with visit(site_file + PAGE) as page:
        hand = Hand(page)
        hand.choose(13, 1, 2)
        links = {link["way"]: link["href"] for link in hand.root.locator("a[data-way]").evaluate_all("all => all.map(a => ({way: a.dataset.way, href: a.href}))")}
    assert {"bytes", "token", "embedding", "position", "head", "hand", "surprise"} <= set(links)
    wanted = {"token": {"step": -1, "under": "ids"}, "bytes": {"step": 0, "under": "bytes"}, "embedding": {"word": "red", "mode": "neighbours"}, "position": {"position": 13},
              "head": {"layer": 1, "head": 2, "position": 13}, "surprise": {"place": 13}, "logits": {"position": 13}}
    for way, address in links.items():
        found = re.search(r"#(lm-[\w-]+)\?", address)
        with visit(address) as page:
            if not found:
                assert page.locator("h1").count()
                continue
            page.wait_for_function("id => document.querySelector(`[data-id=${id}]`)?.dataset.state", arg=found[1])
            assert page.locator(f"[data-id={found[1]}]").get_attribute("data-state") == "alive"
            for name, value in wanted.get(way, {}).items():
                assert page.evaluate("([id, name]) => lmcourseHost.models[id].get(name)", [found[1], name]) == value, way


def test_a_channel_is_read_everywhere_and_adds_up(visit, site_http):
    with visit(site_http + PAGE) as page:
        hand = Hand(page)
        strip = hand.root.locator("[data-stage=mlp] .lm-one-strip")
        strip.click()
        hand.settle()
        channel = int(hand.root.get_attribute("data-channel"))
        said = hand.root.locator(".lm-one-strip").evaluate_all("all => all.map(strip => strip.getAttribute('aria-valuetext'))")
        assert sum(f"channel {channel}: " in each for each in said) == len(said) - 2       # all but the neurons and the logits
        strip.focus()
        page.keyboard.press("ArrowRight")
        hand.settle()
        assert hand.root.get_attribute("data-channel") == str(channel + 1)
        shown = {name: values[channel + 1].item() for name, values in hand.table("vectors").items()}
        heads = sum(value for name, value in shown.items() if name.startswith("written"))
        assert shown["middle"] == pytest.approx(shown["before"] + heads + shown["bias"], abs=1e-3)
        assert shown["after"] == pytest.approx(shown["middle"] + shown["mlp"], abs=1e-3)


def test_long_and_empty_texts(visit, site_http):
    with visit(site_http + PAGE) as page:
        hand = Hand(page)
        hand.root.locator(".lm-one-input").evaluate("(input) => { input.value = 'key '.repeat(2500); input.dispatchEvent(new Event('input')); }")
        hand.settle()
        assert int(hand.root.get_attribute("data-tokens")) == find("course-gpt").config["max_len"]
        assert "left out" in hand.root.locator(".lm-one-message").text_content()
        hand.type("")
        assert "Type a text" in hand.root.locator(".lm-one-message").text_content()


def test_keyboard_alone(visit, site_http):
    with visit(site_http + PAGE) as page:
        hand, press = Hand(page), page.keyboard.press
        hand.root.locator(".lm-one-token[tabindex='0']").focus()
        assert page.evaluate("document.activeElement.className").startswith("lm-one-token")
        press("Home")
        press("ArrowRight")
        page.wait_for_selector(".lm-one[data-position='1']")
        assert page.evaluate("document.activeElement.getAttribute('aria-selected')") == "true"
        hand.root.locator(".lm-one-layers input:checked").focus()
        press("ArrowRight")
        page.wait_for_selector(".lm-one[data-layer='1']")
        hand.root.locator(".lm-one-head[tabindex='0']").focus()
        press("ArrowRight")
        page.wait_for_selector(".lm-one[data-head='1']")
        assert page.evaluate("document.activeElement.getAttribute('aria-checked')") == "true"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accessible_on_a_phone_with_its_tables_open(visit, site_http, theme):
    with visit(site_http + PAGE, theme=theme, width=360) as page:
        hand = Hand(page)
        hand.table("vectors")
        page.add_script_tag(path=AXE)
        found = page.evaluate("tags => axe.run('.lm-one', {runOnly: tags})", WCAG)
        assert found["passes"] and not [(rule["id"], rule["nodes"][0]["html"][:160]) for rule in found["violations"]]


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_jumps_when_it_starts(visit, site_http, width):
    with visit(site_http + PAGE, width=width) as page:
        hand = Hand(page)
        live = page.evaluate("document.querySelector('.lm-one').offsetHeight")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        still = page.evaluate("""() => { const box = document.querySelector('.lm-widget[data-code^="OneSentence@"]'), still = document.createElement('div');
            still.className = 'lm-still'; box.append(still); const height = still.offsetHeight; still.remove(); return height; }""")
        assert live == pytest.approx(still, abs=1)
        hand.choose(0, 1, 1)                                        # the start has no bytes, and looks at itself alone
        hand.type("她有一把 red umbrella 🎉")
        assert page.evaluate("document.querySelector('.lm-one').offsetHeight") == live
