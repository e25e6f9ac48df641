"""AttentionExplorer's second mind: MiniLM in the page, on any English sentence, over http and from a file, equal to transformers on the same numbers."""
import random

import pytest
from dequantised import minilm_as_packed
from explorer import Explorer, find_page

import lmcourse as lm
from lmcourse.packaged import MINILM, installed, minilm_folder
from lmcourse.widgets.weights import pack_minilm

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.skipif(installed(MINILM) is None, reason="MiniLM's package is not installed (make weights)")
WORDS = "the a old doctor teacher saw painted green river because she it was hungry near London unbelievably 42 , . naïve 她 🎉".split()
TO_MATCH = 2e-3                                                      # of attention: the page's sums of 384 products against torch's


@pytest.fixture(scope="module")
def same():
    """(MiniLM with the page's numbers, tokenizer)."""
    return minilm_as_packed(pack_minilm(minilm_folder())), lm.pretrained("minilm").tokenizer


class Encoder(Explorer):
    def choose(self):
        self.root.locator(".lm-mind[data-mind=minilm]").click()
        self.root.locator("xpath=self::*[@data-encoder='ready']").wait_for(timeout=30_000)
        self.wait()

    def wait(self):
        """Until what was typed last has been read and drawn."""
        self.page.wait_for_function("root => root.dataset.pending === ''", arg=self.root.element_handle(), timeout=20_000)
        self.settle()

    def read(self, row):
        self.root.locator(".lm-stage .lm-token").nth(row).click()
        self.root.locator("> .lm-numbers").evaluate("details => { details.open = true; }")
        self.page.mouse.move(0, 0)
        self.settle()
        self.settle()
        found = self.root.evaluate("""root => [...root.querySelectorAll(":scope > .lm-numbers td[data-weight]")]
            .map(({dataset: d}) => [+d.layer, +d.head, +d.row, +d.column, +d.weight])""")
        assert found and {line[2] for line in found} == {row}
        return {(layer, head, column): weight for layer, head, _, column, weight in found}


@pytest.mark.parametrize("address", ["site_http", "site_file"])
def test_any_sentence(visit, request, address, same):
    model, tokenizer = same
    seed = random.SystemRandom().randrange(10 ** 9)
    rng = random.Random(seed)
    with visit(request.getfixturevalue(address) + find_page()) as page:
        explorer = Encoder(page)
        explorer.choose()
        for changed in (False, True):
            text = " ".join(rng.choices(WORDS, k=rng.randint(3, 25)))
            print("seed", seed, repr(text), changed)
            explorer.root.locator(".lm-top .lm-input").fill(text)
            if changed:
                explorer.positions(False)
            explorer.wait()
            ids = tokenizer(text, return_tensors="pt")
            own = model.embeddings.position_embeddings.weight
            kept = own.data.clone()
            if changed:
                own.data.zero_()
            with torch.no_grad():
                expected = model(**ids, output_attentions=True).attentions
            own.data = kept
            T = ids["input_ids"].shape[1]
            assert explorer.tokens() == T
            for _ in range(3):
                layer, row = rng.randrange(6), rng.randrange(T)
                explorer.root.locator(".lm-many .lm-head").nth(layer * 12 + rng.randrange(12)).click()
                weights = explorer.read(row)
                assert len(weights) == 12 * T
                for (at, head, column), weight in weights.items():
                    assert at == layer and weight == pytest.approx(float(expected[layer][0, head, row, column]), abs=TO_MATCH), (layer, head, row, column)


def test_hiding_the_marks_shares_their_attention_among_the_words(visit, site_http):
    with visit(site_http + find_page()) as page:
        explorer = Encoder(page)
        explorer.choose()
        explorer.root.locator(".lm-top .lm-input").fill("The teacher saw the green river.")
        explorer.wait()
        before = explorer.read(2)
        explorer.root.get_by_label("Hide [CLS] and [SEP]").check()
        explorer.settle()
        after, last = explorer.read(2), explorer.tokens() - 1
        layer = next(iter(before))[0]
        for head in range(12):
            row = [before[layer, head, column] for column in range(last + 1)]
            share = sum(row[1:-1])
            expected = [0, *(weight / share for weight in row[1:-1]), 0]
            assert [after[layer, head, column] for column in range(last + 1)] == pytest.approx(expected, abs=1e-5)


def test_a_phone_is_asked_before_megabytes_come(browser, site_http):
    context = browser.new_context(viewport={"width": 390, "height": 800}, screen={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site_http + find_page())
    explorer = Explorer(page)
    before = len(asked)
    explorer.root.locator(".lm-mind[data-mind=minilm]").click()
    load = explorer.root.get_by_role("button", name="Load the encoder (23 MB)")
    load.wait_for()
    assert not [url for url in asked[before:] if "/weights/" in url]
    load.click()
    page.wait_for_function("root => root.dataset.encoder === 'ready'", arg=explorer.root.element_handle(), timeout=30_000)
    assert [url for url in asked[before:] if "/weights/" in url]
    context.close()
