"""DecodingLab in the built pages: each probability, each draw and each text it shows is what lmcourse computes, for settings drawn anew."""
import json
import random
import re

import pytest

import lmcourse as lm
from explorer import find_page

torch = pytest.importorskip("torch")
TRAITS = ["text", "way", "temperature", "top_k", "top_p", "min_p", "repetition_penalty", "beams", "length_penalty", "seed", "steps", "stop"]
STAGES = {"shaped": (), "top_k": ("top_k",), "top_p": ("top_k", "top_p"), "min_p": ("top_k", "top_p", "min_p")}
PROMPTS = ["", "One night Dan Nash was in the", "One winter Vera Baker was in the barn. She had some", "The giraffe 他", "Where was"]


class Hand:
    """The first DecodingLab of a page."""
    def __init__(self, page):
        self.page = page
        page.locator(".lm-widget[data-code^=DecodingLab]").first.scroll_into_view_if_needed()
        page.wait_for_selector(".lm-decoding[data-state=ready]")
        self.root = page.locator(".lm-decoding").first

    def settle(self):
        """Until what was asked for is written and drawn."""
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        self.page.wait_for_selector(".lm-decoding[data-state=ready]")

    def type(self, text):
        self.root.locator("textarea").evaluate("(field, text) => { field.value = text; field.dispatchEvent(new Event('input')); }", text)
        self.settle()

    def way(self, name):
        self.root.locator(f".lm-decoding-way input[value={name}]").check()
        self.settle()

    def slide(self, name, value):
        self.root.locator(f"input[data-trait={name}]").evaluate(
            "(input, value) => { input.value = value; input.dispatchEvent(new Event('input', {bubbles: true})); }", value)
        self.settle()

    def press(self, name):
        self.root.get_by_role("button", name=name, exact=True).click()
        self.settle()

    def set(self, **traits):
        self.root.evaluate("""(root, traits) => { const model = lmcourseHost.models[root.closest('.lm-widget').dataset.id];
            for (const [name, value] of Object.entries(traits)) model.set(name, value); }""", traits)
        self.settle()

    def lab(self):
        """The same settings in Python."""
        return lm.widgets.DecodingLab(**self.root.evaluate("""(root, names) => { const model = lmcourseHost.models[root.closest('.lm-widget').dataset.id];
            return Object.fromEntries(names.map(name => [name, model.get(name)])); }""", TRAITS))

    def written(self):
        return json.loads(self.root.locator(".lm-decoding-written").get_attribute("data-ids"))

    def numbers(self):
        """{token: {stage: probability}} and [(id, draw, p), ...] from "Read the numbers"."""
        self.root.locator(".lm-decoding-numbers").evaluate("details => { details.open = true; }")
        self.settle()
        choices = self.root.locator("tr[data-token]").evaluate_all("""rows => rows.map(row => [+row.dataset.token,
            Object.fromEntries([...row.querySelectorAll('[data-stage]')].map(({dataset: d}) => [d.stage, +d.probability]))])""")
        line = self.root.locator("tr[data-written]").evaluate_all("rows => rows.map(({dataset: d}) => [+d.written, +d.draw, +d.p])")
        return dict(choices), line


def distribution(lab, ids, **fewer):
    """Probabilities (V,) of what comes after ids, with these filters alone."""
    with torch.no_grad():
        logits = lab.source.model()(torch.tensor([ids]))[0, -1:].double()
    seen = torch.zeros_like(logits, dtype=torch.bool).index_fill_(1, torch.tensor(ids), True)
    return lm.Sample(lab.temperature, repetition_penalty=lab.repetition_penalty, **fewer).distribution(logits, seen)[0]


def on_the_edge(lab, ids):
    """Whether a filter decides about some token by less than the arithmetic of two languages may differ."""
    filters = {name: getattr(lab, name) for name in ("top_k", "top_p", "min_p") if getattr(lab, name)}
    p = distribution(lab, ids, **filters)
    for factor in (0.9999, 1.0001):
        near = {name: min(1.0, value * factor) if name != "top_k" else value for name, value in filters.items()}
        if not torch.equal(distribution(lab, ids, **near) > 0, p > 0):
            return True
    ordered = distribution(lab, ids).sort(descending=True).values
    return bool(lab.top_k) and (ordered[lab.top_k - 1] - ordered[lab.top_k]).item() < 1e-6


@pytest.fixture
def rng():
    seed = random.SystemRandom().randrange(10 ** 9)
    print("seed", seed)
    return random.Random(seed)


def draw_settings(hand, rng):
    """Move all sliders of the sampling somewhere; to a place where a filter is on an edge, not."""
    for _ in range(9):
        hand.slide("temperature", rng.uniform(-1, 0.7))
        hand.slide("top_k", rng.choice([0, rng.randint(1, 50)]))
        hand.slide("top_p", rng.choice([1, rng.uniform(0.01, 1)]))
        hand.slide("min_p", rng.choice([0, rng.uniform(0, 1)]))
        hand.slide("repetition_penalty", rng.choice([1, rng.uniform(1, 2)]))
        lab = hand.lab()
        if not on_the_edge(lab, lab.prompt()):
            return lab
    raise AssertionError("nine settings in a row lie on an edge")


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_every_probability_after_every_filter(visit, request, scheme, rng):
    with visit(request.getfixturevalue(f"site_{scheme}") + find_page("DecodingLab")) as page:
        hand = Hand(page)
        hand.way("sample")
        for text in rng.sample(PROMPTS, 3):
            hand.type(text)
            lab, (shown, _) = draw_settings(hand, rng), hand.numbers()
            ids = lab.prompt()
            assert len(shown) == 10 and lab.text == text
            plain = distribution(lm.widgets.DecodingLab(), ids)
            filters = {"top_k": lab.top_k or None, "top_p": lab.top_p, "min_p": lab.min_p or None}
            shaped = distribution(lab, ids)
            assert sorted(shaped[list(shown)].tolist()) == pytest.approx(sorted(shaped.topk(10).values.tolist()), abs=1e-4)
            for token, row in shown.items():
                assert row["model"] == pytest.approx(plain[token].item(), abs=1e-3)
                for stage, names in STAGES.items():
                    assert row[stage] == pytest.approx(distribution(lab, ids, **{name: filters[name] for name in names})[token].item(), abs=1e-3), stage
            struck = hand.root.locator(".lm-bars li").evaluate_all("rows => rows.map(({dataset: d}) => [+d.token, d.why])")
            final = distribution(lab, ids, **filters)
            assert [bool(why) for _, why in struck] == [final[token].item() == 0 for token, _ in struck]
            assert f"{int((final > 0).sum())} of {len(final)} tokens can come" in hand.root.locator(".lm-decoding-stay").text_content()


def test_a_seed_writes_the_same_in_python(visit, site_http, rng):
    with visit(site_http + find_page("DecodingLab")) as page:
        hand = Hand(page)
        for _ in range(3):
            hand.set(text=rng.choice(PROMPTS), way="sample", temperature=round(rng.uniform(0.5, 2), 2), top_k=0, top_p=1, min_p=rng.choice([0, 0.1]),
                     repetition_penalty=rng.choice([1, 1.1]), seed=rng.randrange(10000), steps=0, stop=rng.choice(["end", "sentence"]))
            for _ in range(3):
                if not hand.root.get_attribute("data-over"):
                    hand.press("One token")
            few = hand.written()
            assert few == hand.lab().written()
            if not hand.root.get_attribute("data-over"):
                hand.press("To the end")
            assert hand.root.get_by_role("button", name="One token", exact=True).is_disabled()
            lab, written = hand.lab(), hand.written()
            assert written[:len(few)] == few
            assert written == lab.written()
            ids, draws = lab.prompt(), lm.generation.Draws(lab.seed)
            for token, draw, p in hand.numbers()[1]:
                assert draw == draws.next()
                assert p == pytest.approx(distribution(lab, ids, min_p=lab.min_p or None)[token].item(), abs=1e-3)
                ids.append(token)
            assert ids == lab.prompt() + written


def test_greedy_and_beam_write_what_generate_writes(visit, site_http, rng):
    with visit(site_http + find_page("DecodingLab")) as page:
        hand = Hand(page)
        model, tokenizer, _ = lm.pretrained("course-gpt")
        hand.way("greedy")
        for text in rng.sample(PROMPTS, 2):
            hand.type(text)
            hand.slide("repetition_penalty", penalty := rng.choice([1, 1.2]))
            hand.press("To the end")
            prompt = hand.lab().prompt()
            assert hand.written() == lm.generate(model, [prompt], 161 - len(prompt), lm.Greedy(penalty), tokenizer.end_id)[0][len(prompt):]
        hand.way("beam")
        hand.type(rng.choice(PROMPTS[:3]))
        hand.slide("beams", rng.randint(2, 5))
        hand.slide("length_penalty", rng.choice([0, 1]))
        hand.press("To the end")
        lab, prompt = hand.lab(), hand.lab().prompt()
        whole = lm.generate(model, [prompt], 161 - len(prompt), lab.strategy(), tokenizer.end_id)[0][len(prompt):]
        assert hand.written() == whole == lab.written()


def test_each_branch_of_the_tree_has_its_score(visit, site_http, rng):
    with visit(site_http + find_page("DecodingLab")) as page:
        hand = Hand(page)
        hand.set(text=rng.choice(PROMPTS[:3]), way="beam", beams=rng.randint(3, 5), length_penalty=1, steps=0)
        for steps in range(1, 9):
            hand.press("One token")                                 # three or more beams never all end within eight tokens of these prompts
            assert hand.root.get_attribute("data-steps") == str(steps)
        lab = hand.lab()
        running, finished = lab.branches()[-1]
        shown = hand.root.locator(".lm-decoding-branches li").evaluate_all("rows => rows.map(({dataset: d}) => [JSON.parse(d.ids), +d.total, +d.score])")
        assert [score for _, _, score in shown] == sorted((score for _, _, score in shown), reverse=True)
        assert {tuple(ids): total for ids, total, _ in shown if len(ids) == 8 and ids[-1] != lab.source.tokenizer.end_id} \
            == {tuple(ids): pytest.approx(total, abs=1e-3) for total, ids in running}
        hand.numbers()
        sums = hand.root.locator("tr[data-step]").evaluate_all("rows => rows.map(({dataset: d}) => [+d.step, +d.sum, +d.parent])")
        for n, (running, _) in enumerate(lab.branches(), 1):
            assert [total for step, total, _ in sums if step == n][:len(running)] == pytest.approx([total for total, _ in running], abs=1e-3)
        nodes = hand.root.locator(".lm-node").count()
        assert nodes == len(sums) and hand.root.locator(".lm-branch").count() == nodes - sum(step == 1 for step, _, _ in sums)
        hand.press("Back")
        assert hand.written() == hand.lab().written() and hand.root.get_attribute("data-steps") == "7"


def test_long_strange_and_empty_prompts(visit, site_http):
    with visit(site_http + find_page("DecodingLab")) as page:
        hand = Hand(page)
        note = hand.root.locator(".lm-decoding-note")
        hand.type("key " * 2500)
        most = lm.pretrained("course-gpt")[0].config.max_len - 1
        assert note.text_content() == f"Only the first {most} tokens are read." and len(hand.lab().prompt()) == most + 1
        hand.press("To the end")
        assert len(hand.written()) == 1 and hand.written() == hand.lab().written()
        hand.type("钥匙")
        assert "bytes" in note.text_content()
        hand.type("")
        assert "begins a story of its own" in note.text_content()
        hand.press("One token")
        assert hand.written() == hand.lab().written()


def test_suggestions_are_taken(visit, site_http):
    with visit(site_http + find_page("DecodingLab")) as page:
        hand = Hand(page)
        hand.type("One night Dan Nash was in the gar")
        hand.root.locator(".lm-decoding-chip", has_text="garden").click()
        hand.settle()
        assert hand.lab().text == "One night Dan Nash was in the garden"
        hand.root.locator(".lm-decoding-chip", has_text=re.compile(r"^\.$")).click()
        hand.settle()
        assert hand.lab().text == "One night Dan Nash was in the garden."


def test_keyboard_alone(visit, site_http):
    with visit(site_http + find_page("DecodingLab")) as page:
        hand, press = Hand(page), page.keyboard.press
        hand.way("greedy")
        hand.root.locator(".lm-decoding-way input:checked").focus()
        press("ArrowRight")
        hand.settle()
        assert hand.lab().way == "sample"
        hand.root.locator("input[data-trait=top_k]").focus()
        press("Home")
        press("ArrowRight")
        hand.settle()
        assert hand.lab().top_k == 1
        hand.root.get_by_role("button", name="One token", exact=True).focus()
        press("Enter")
        hand.settle()
        assert len(hand.written()) == 1
        page.wait_for_timeout(700)
        assert hand.root.locator(".lm-spoken").text_content().startswith("Written: ")


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_jumps(visit, site_http, width):
    with visit(site_http + find_page("DecodingLab"), width=width) as page:
        hand = Hand(page)
        measure = lambda: hand.root.evaluate("root => root.offsetHeight")  # noqa: E731
        still = page.evaluate("""() => { const box = document.querySelector('.lm-widget[data-code^="DecodingLab@"]'), still = document.createElement('div');
            still.className = 'lm-still'; box.append(still); const height = still.offsetHeight; still.remove(); return height; }""")
        assert measure() == pytest.approx(still, abs=1)
        for way in ("beam", "greedy", "sample"):
            hand.way(way)
            hand.press("To the end")
            assert measure() == pytest.approx(still, abs=1), way
        hand.type("key " * 2500)
        assert measure() == pytest.approx(still, abs=1)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
