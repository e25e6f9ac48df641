"""The kernel's round trip: a real JupyterLab server, a real kernel, Chromium. Set from Python, seen in the page; done in the page, heard in Python."""
import pytest
from round_trip import CELLS, ONE_SENTENCE, REPLAY, opened

pytest.importorskip("jupyterlab")


def test_a_recorded_run_comes_from_the_kernel(browser, tmp_path):
    """The recording travels as weights do: once, by a hidden widget."""
    with opened(browser, tmp_path, REPLAY) as book:
        page = book.page
        assert "Error" not in book.run(0)
        page.wait_for_selector(".lm-replay[data-state=ready][data-step='100']", timeout=120_000)
        replay = page.locator(".lm-replay").first
        book.run(1)                                                 # Python sets traits: the picture follows
        page.wait_for_selector(".lm-replay[data-state=ready][data-step='400']", timeout=60_000)
        assert replay.locator(".lm-replay-switch input:checked").get_attribute("value") == "2"
        replay.locator(".lm-replay-top input").press("Home")        # the reader does things: Python hears
        replay.locator(".lm-replay-switch input[value='1']").check()
        page.wait_for_timeout(300)
        told = book.run(2)
        assert "('step', 400)" in told and "('step', 0)" in told and "now 0 1" in told
        assert replay.locator("p.lm-replay-text").text_content().replace("⟨the end⟩", "<|endoftext|>") in told


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_round_trip(browser, tmp_path, theme):
    with opened(browser, tmp_path, CELLS) as book:
        page = book.page
        page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
        assert "Error" not in book.run(0)
        page.wait_for_selector(".lm-explorer[data-state=ready]", timeout=120_000)
        explorer = page.locator(".lm-explorer").first
        assert explorer.locator(".lm-name").text_content() == "Layer 2, head 3"
        assert "Anna" in explorer.locator(".lm-stage .lm-tokens").text_content()
        page.wait_for_function("dark => getComputedStyle(document.querySelector('.lm-explorer')).getPropertyValue('--lm-dark').trim() === dark",
                               arg=str(int("Dark" in theme)))

        book.run(1)                                                 # Python sets traits: the picture follows
        explorer.locator(".lm-name", has_text="Layer 3, head 4").wait_for()
        explorer.locator(".lm-tokens", has_text="Wood").wait_for()
        assert explorer.locator(".lm-top .lm-input").input_value() == "Ned Wood had a map."
        assert explorer.locator(".lm-arc").count() > 0

        explorer.locator(".lm-head").nth(1).click()                 # the reader does things: Python hears
        explorer.get_by_label("Switch this head off").check()
        explorer.get_by_label("Causal mask").uncheck()
        explorer.locator(".lm-top .lm-input").fill("Ned Wood had a coin.")
        page.wait_for_timeout(300)
        told = book.run(2)
        assert "now Ned Wood had a coin. 0 1 False [[0, 1]]" in told
        for event in ("('text', 'Ned Wood had a map.')", "('head', 1)", "('heads_off', [[0, 1]])", "('causal', False)", "('text', 'Ned Wood had a coin.')"):
            assert event in told

        book.run(3)                                                 # a second explorer: the weights are there already
        page.wait_for_function("document.querySelectorAll('.lm-explorer[data-state=ready]').length === 2", timeout=60_000)


DECODING = ["import lmcourse as lm\n"
         "w = lm.widgets.DecodingLab(text='One night', seed=5)\n"
         "heard = []\n"
         "w.observe(lambda change: heard.append((change['name'], change['new'])), ['steps', 'way', 'top_k', 'text'])\nw",
         "w.text, w.temperature, w.seed = 'One winter Vera Baker', 1.7, 42",
         "print('heard', heard)\nprint('wrote', w.written())"]


def test_decoding_lab_and_python_write_the_same(browser, tmp_path):
    with opened(browser, tmp_path, DECODING) as book:
        page = book.page
        assert "Error" not in book.run(0)
        page.wait_for_selector(".lm-decoding[data-state=ready]", timeout=120_000)
        lab = page.locator(".lm-decoding").first
        assert lab.locator("textarea").input_value() == "One night"

        book.run(1)                                                 # Python sets traits: the picture follows
        lab.locator(".lm-decoding-prompt", has_text="One winter Vera Baker").wait_for()
        assert lab.locator("textarea").input_value() == "One winter Vera Baker"
        assert lab.get_by_label("Temperature").get_attribute("aria-valuetext") == "1.7"

        lab.get_by_role("button", name="To the end", exact=True).click()          # the reader does things: Python hears
        page.wait_for_selector(".lm-decoding[data-state=ready][data-over=stop]")
        page.wait_for_timeout(300)
        told = book.run(2)
        assert "('steps', " in told
        assert f"wrote {lab.locator('.lm-decoding-written').get_attribute('data-ids')}" == told[told.index("wrote"):].replace(" ", "").replace("wrote", "wrote ").strip()
        lab.locator("input[value=beam]").check()
        page.wait_for_timeout(300)
        assert "('way', 'beam'), ('steps', 0)" in book.run(2)


MASKING = ["import lmcourse as lm\nlab = lm.widgets.MaskLab(text='Anna Bell had a red key. She', place=4)\nlab",
         "lab.text, lab.place = 'Ned Wood had a map.', 1",
         "print('now', lab.text, lab.place)\nprint({kind: max(answer, key=answer.get) for kind, answer in lab.answers().items()})",
         "lm.widgets.MaskLab(text='One morning')"]


def test_mask_lab_gets_two_models(browser, tmp_path):
    """The weights of both reach the page, each once; what is set and what is done goes both ways."""
    with opened(browser, tmp_path, MASKING) as book:
        page = book.page
        assert "Error" not in book.run(0)
        page.wait_for_selector(".lm-mask[data-state=ready]", timeout=120_000)
        lab = page.locator(".lm-mask").first
        assert lab.locator(".lm-mask-text").all_text_contents()[:5] == ["Anna", "Bell", "had", "a", "red"] and lab.get_attribute("data-place") == "4"

        book.run(1)                                                 # Python sets traits: the picture follows
        lab.locator(".lm-mask-is-hidden", has_text="Wood").wait_for()
        assert lab.locator(".lm-mask-input").input_value() == "Ned Wood had a map."

        lab.locator(".lm-mask-word").nth(4).click()                 # the reader does things: Python hears
        lab.locator(".lm-mask-is-hidden", has_text="map").wait_for()
        lab.locator(".lm-mask-input").fill("Ned Wood had a coin.")
        lab.locator(".lm-mask-is-hidden", has_text="coin").wait_for()
        page.wait_for_timeout(500)
        told = book.run(2)
        assert "now Ned Wood had a coin. 4" in told
        for kind in ("masked", "causal"):                           # both models answer in the page as in Python
            first = lab.locator(f".lm-mask-{kind} tr[data-word]").first.get_attribute("data-word")
            assert f"'{kind}': '{first}'" in told

        book.run(3)                                                 # a second one: the weights are there already
        page.wait_for_function("document.querySelectorAll('.lm-mask[data-state=ready]').length === 2", timeout=60_000)


TRANSLATING = ["import lmcourse as lm\nw = lm.widgets.TranslationExplorer(text='Anna found a red key in the garden yesterday .', layer=1, head=2)\nw",
               "w.text, w.part, w.place = 'Leo lost the old book in the park last week .', 'decoder', 2",
               "source, target, seen = w.read()\nprint('now', w.text, w.part, w.layer, w.head, w.causal, w.heads_off)\nprint('wrote', ' '.join(target[1:]))\n"
               "print('gives', round(100 * seen.probabilities[0, w.place].max().item()))",
               "end = lm.WordTokenizer.train(['a b c']).end_id\n"
               "own = lm.Seq2Seq(lm.TransformerConfig(vocab_size=4, d_model=16, n_heads=2, n_layers=1, max_len=8, start_id=end))\n"
               "lm.widgets.TranslationExplorer(own, lm.WordTokenizer.train(['a b c']), 'a c b')"]


def test_translation_explorer_and_python_translate_the_same(browser, tmp_path):
    """The bundled model and one of the reader's own; what is set and what is done goes both ways."""
    with opened(browser, tmp_path, TRANSLATING) as book:
        page = book.page
        assert "Error" not in book.run(0)
        page.wait_for_selector(".lm-translation[data-state=ready][data-layer='1'][data-head='2']", timeout=120_000)
        explorer = page.locator(".lm-translation").first
        assert explorer.locator(".lm-tr-sources .lm-word").all_text_contents() == "Anna found a red key in the garden yesterday .".split()

        book.run(1)                                                 # Python sets traits: the picture follows
        page.wait_for_selector(".lm-translation[data-part=decoder][data-place='2']")
        assert explorer.get_by_label("Sentence", exact=True).input_value() == "Leo lost the old book in the park last week ."

        explorer.locator(".lm-tr-head").nth(1).click()              # the reader does things: Python hears
        explorer.get_by_label("Switch this head off").check()
        explorer.get_by_label("Causal mask of the decoder").uncheck()
        explorer.get_by_label("Sentence", exact=True).fill("Tom saw a white fish in the cave last night .")
        page.wait_for_timeout(500)
        told = book.run(2)
        assert "now Tom saw a white fish in the cave last night . decoder 0 1 False [['decoder', 0, 1]]" in told
        assert f"wrote {explorer.get_by_label('Translation', exact=True).input_value()}\n" in told
        first = explorer.locator(".lm-bar-number").first.text_content()
        assert abs(float(first.rstrip(" %")) - int(told.split("gives")[1])) <= 1

        book.run(3)                                                 # a model that was made here
        page.wait_for_function("document.querySelectorAll('.lm-translation[data-state=ready]').length === 2", timeout=60_000)
        assert page.locator(".lm-translation").nth(1).locator(".lm-tr-sources .lm-word").all_text_contents() == ["a", "c", "b"]


def test_one_sentence(browser, tmp_path):
    """Without a book the chapters' names stand as text; with a kernel the world's probabilities follow whatever is typed."""
    with opened(browser, tmp_path, ONE_SENTENCE) as book:
        page = book.page
        assert "Error" not in book.run(0)
        page.wait_for_selector(".lm-one[data-state=ready]", timeout=120_000)
        figure = page.locator(".lm-one").first
        assert figure.get_attribute("data-layer") == "1"
        assert figure.locator("[data-stage=bytes] .lm-one-way").text_content() == "chapter Tokens" and figure.locator("a").count() == 0

        book.run(1)                                                 # Python sets traits: the picture follows
        page.wait_for_selector(".lm-one[data-layer='2'][data-head='3'][data-position='2']")
        assert figure.locator(".lm-one-input").input_value() == "One evening Ned Wood"

        figure.locator(".lm-one-layers input").nth(0).check()       # the reader does things: Python hears, and answers with the world's numbers
        figure.locator(".lm-one-head").nth(1).click()
        figure.locator(".lm-one-input").fill("One summer Anna Bell was in the")
        figure.locator(".lm-one-token").nth(7).click()
        page.wait_for_function("() => [...document.querySelectorAll('.lm-one-next tr[data-world]')].some(row => +row.dataset.world > 0.2)")
        assert "now One summer Anna Bell was in the 7 0 1 8" in book.run(2)
