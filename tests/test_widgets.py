"""The Python side of widgets: traits, errors, ids, what a notebook stores. The page's side: tests/pages."""
import base64
import json
import re
import subprocess
import sys

import nbformat
import pytest

import lmcourse as lm
from lmcourse.widgets import base, bundle, sources, stored
from lmcourse.widgets.traits import Choice, Number, Numbers

pytest.importorskip("anywidget")
TEXT = "Anna Bell had a red key. She"


@pytest.fixture
def explorer():
    return lm.widgets.AttentionExplorer("course-gpt", None, TEXT, layer=1, head=2)


@pytest.mark.parametrize("wrong, says", [
    ({"text": ""}, "text is empty"), ({"text": " \n"}, "text is empty"),
    ({"layer": 99}, r"layer=99; this model has \d+, counted from 0: 0 to \d+"), ({"layer": -1}, "layer=-1"),
    ({"head": 64}, r"head=64; this model has \d+"), ({"temperature": 0}, "temperature=0; it is a number above 0"), ({"temperature": -1.0}, "above 0"),
    ({"temperature": float("nan")}, "above 0"), ({"view": "pie"}, "'heatmap' or 'arcs'"),
    ({"heads_off": [(0, 99)]}, "head in heads_off=99"), ({"heads_off": [(0,)]}, r"list of \(layer, head\) pairs")])
def test_what_is_wrong_is_said(wrong, says, explorer):
    with pytest.raises(ValueError, match=says):
        lm.widgets.AttentionExplorer("course-gpt", **{"text": TEXT, **wrong})
    before = explorer.get_state(list(wrong))
    with pytest.raises(ValueError, match=says):                     # later, too; and nothing changes
        for name, value in wrong.items():
            setattr(explorer, name, value)
    assert explorer.get_state(list(wrong)) == before


def test_models_that_the_page_cannot_run():
    with pytest.raises(ValueError, match="no bundled model is called 'gpt-9'; there is course-gpt"):
        lm.widgets.AttentionExplorer("gpt-9", None, TEXT)
    tokenizer = sources.find("course-gpt").tokenizer
    with pytest.raises(ValueError, match="the page runs GPT-2's architecture"):
        lm.widgets.AttentionExplorer(lm.GPT(lm.TransformerConfig(len(tokenizer), position="rope")), tokenizer, TEXT)
    with pytest.raises(ValueError, match="needs its tokenizer"):
        lm.widgets.AttentionExplorer(lm.GPT(lm.TransformerConfig(len(tokenizer))), None, TEXT)
    with pytest.raises(ValueError, match="model is int"):
        lm.widgets.AttentionExplorer(3, None, TEXT)


@pytest.mark.parametrize("text", ["key " * 500, "钥匙" * 500, "🎉" * 500])
def test_a_long_text_is_cut_with_a_message(text):
    with pytest.warns(UserWarning, match=r"the first \d+ fit"):
        explorer = lm.widgets.AttentionExplorer("course-gpt", None, text)
    assert text.startswith(explorer.text) and "\ufffd" not in explorer.text
    most = explorer.source.config["max_len"] - 1
    assert most - 3 <= len(explorer.source.tokenizer.encode(explorer.text)) <= most


def test_traits_are_synced_and_heads_off_are_in_order(explorer):
    explorer.heads_off = [(1, 1), (0, 2)]
    assert explorer.heads_off == [[0, 2], [1, 1]]
    seen = []
    explorer.observe(lambda change: seen.append(change["new"]), "layer")
    explorer.set_state({"layer": 0})                                # what a message from the page does
    assert seen == [0]
    assert {"text", "layer", "head", "view", "causal", "temperature", "heads_off", "position", "weights", "code"} <= set(explorer.keys)


def test_repr_is_stable_and_holds_both_digests(explorer):
    again = lm.widgets.AttentionExplorer("course-gpt", None, TEXT, layer=1, head=2)
    assert repr(explorer) == repr(again)
    assert explorer.code.split("@")[1][:8] in repr(explorer) and explorer.weights.split(":")[1][:8] in repr(explorer)
    assert "0x" not in repr(explorer)


def test_weights_are_sent_once(explorer):
    again = lm.widgets.AttentionExplorer("course-gpt", None, "Another text")
    assert again.carrier == explorer.carrier and again._carrier is explorer._carrier
    assert explorer._carrier.data == explorer.source.packed


def test_a_live_model_is_sent_as_it_is():
    import torch
    torch.manual_seed(0)
    tokenizer = sources.find("course-gpt").tokenizer
    model = lm.GPT(lm.TransformerConfig(len(tokenizer), d_model=32, n_heads=2, n_layers=1))
    explorer = lm.widgets.AttentionExplorer(model, tokenizer, TEXT, head=1)
    assert explorer.weights.startswith("GPT@sha256:") and explorer.source.config["d_model"] == 32
    with pytest.raises(ValueError, match="head=2; this model has 2"):
        explorer.head = 2


def test_picture_and_text_for_pages_that_run_nothing(explorer):
    data, _ = explorer._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG") and data["text/plain"] == repr(explorer)
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == explorer.model_id
    assert len(data["image/png"]) < 60_000


RUN = """
import json
from ipywidgets import Widget
import lmcourse as lm
a = lm.widgets.AttentionExplorer("course-gpt", None, "Anna Bell had a red key. She")
b = lm.widgets.AttentionExplorer("course-gpt", None, "Ned")
from ipywidgets.embed import dependency_state
print(json.dumps(dependency_state([a, b], drop_defaults=False), sort_keys=True))
"""


def state():
    """The widget state that a fresh process would store, as a notebook."""
    out = subprocess.run([sys.executable, "-c", RUN], capture_output=True, text=True, check=True).stdout
    nb = nbformat.v4.new_notebook()
    nb.metadata["widgets"] = {stored.STATE: {"state": json.loads(out), "version_major": 2, "version_minor": 0}}
    return nb


def test_two_runs_store_the_same_small_state():
    first, second = stored.strip(state()), stored.strip(state())
    assert nbformat.writes(first) == nbformat.writes(second)
    records = stored.records(first)
    assert {"lm-1", "lm-1-layout", "lm-2", "lm-2-layout"} <= set(records)
    for model_id, record in records.items():
        assert len(json.dumps(record)) <= 2048
    ours = records["lm-1"]["state"]
    assert ours["code"] == bundle.code_name("AttentionExplorer") and ours["weights"] == sources.find("course-gpt").name
    assert not {"_esm", "_css", "data"} & {key for record in records.values() for key in record["state"]}


def test_strip_takes_bytes_and_leaves_others_alone():
    nb = {"metadata": {"widgets": {stored.STATE: {"state": {
        "a": {"state": {"_anywidget_id": "lmcourse.widgets.base.Weights", "_esm": "x" * 9000, "data": None, "name": "n"},
              "buffers": [{"path": ["data"], "data": "A" * 100_000}]},
        "b": {"model_name": "IntSliderModel", "state": {"value": 3}},
        "c": {"state": {"_anywidget_id": "elsewhere.Widget", "_esm": "y" * 9000}}}}}}}
    stored.strip(nb)
    records = stored.records(nb)
    assert "buffers" not in records["a"] and records["a"]["state"]["name"] == "n" and len(json.dumps(records["a"])) < 400
    assert records["b"] == {"model_name": "IntSliderModel", "state": {"value": 3}} and len(records["c"]["state"]["_esm"]) == 9000
    assert stored.strip({"metadata": {}, "cells": []}) == {"metadata": {}, "cells": []}
    nb["metadata"]["widgets"][stored.STATE]["state"]["a"]["state"]["text"] = "z" * 17000
    with pytest.raises(ValueError, match="widget a .* would store 17[0-9]{3} bytes; 16384 is the most"):
        stored.strip(nb)


def test_what_builds_the_book_needs_neither_torch_nor_ipywidgets_nor_regex():
    code = ("import sys; sys.modules.update(torch=None, ipywidgets=None, anywidget=None, regex=None, matplotlib=None)\n"
            "from lmcourse.widgets import bundle, stored, sources, weights\n"
            "print(weights.pack_folder(sources.DATA / 'course-gpt')[0], bundle.code_name('AttentionExplorer'), *sources.bundled('gpt2'))")
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert out == [sources.find("course-gpt").name, bundle.code_name("AttentionExplorer"), "course-gpt"]


class Probe(base.Widget):
    _shown = ("side", "count")
    side = Choice("left", "right")
    count = Number(3, 1, 8)
    share = Number(0.5, 0, 1)
    vector = Numbers([1, 2], 2, 3, -1000, 1000)

    def _describe(self):
        return f"{self.count} on the {self.side}"


@pytest.mark.parametrize("name, wrong, says", [
    ("side", "up", "side='up'; it is 'left' or 'right'"), ("count", 9, "count=9; it is a whole number from 1 to 8"), ("count", 2.5, "whole number"),
    ("count", True, "whole number"), ("share", float("inf"), "share=inf; it is a number from 0 to 1"), ("share", "x", "a number from 0 to 1"),
    ("vector", [1], "a list of 2 to 3 numbers from -1000 to 1000"), ("vector", [1, "x"], "a list"), ("vector", 7, "a list"), ("vector", [1, 2000], "a list")])
def test_traits_say_what_would_be_right(name, wrong, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        Probe(**{name: wrong})
    probe = Probe(count=4)
    before = getattr(probe, name)
    with pytest.raises(ValueError, match=re.escape(says)):
        setattr(probe, name, wrong)
    assert getattr(probe, name) == before


def test_a_widget_describes_itself_anew_and_refuses_unknown_names():
    probe = Probe(count=4)
    assert probe.described == "4 on the left" and repr(probe) == "Probe(side='left', count=4)"
    probe.side = "right"
    assert probe.described == "4 on the right"
    with pytest.raises(TypeError, match="Probe has no 'sides'; it has count, share, side, vector"):
        Probe(sides="left")


def test_unknown_widget_names_those_there_are():
    with pytest.raises(AttributeError, match="AttentionExplorer"):
        lm.widgets.Nothing
    assert base.short("course-gpt@sha256:" + "ab" * 32) == "course-gpt@sha256:abababab…"
