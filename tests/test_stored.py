"""What `make execute` stores, and what nbval leaves out: shown on notebooks made here, run for real."""
import configparser
import json
import re
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "scripts"))
import execute  # noqa: E402
import notebooks  # noqa: E402
import stability  # noqa: E402


def rules():
    text = (ROOT / "tests" / "sanitize.cfg").read_text(encoding="utf8")
    return re.findall("^regex: (.*)$\n^replace: (.*)$", text, flags=re.M)       # as nbval reads it


def sanitized(text):
    for pattern, replacement in rules():
        text = re.sub(pattern, replacement, text)
    return text


def test_the_sanitizer_leaves_out_measured_numbers_and_nothing_else():
    line = "agreement with the look cut ≈ 0.53 (must be 0.4 to 0.7)\n"
    assert sanitized(line) == sanitized(line.replace("0.53", "0.61"))
    assert sanitized(line) != sanitized(line.replace("0.7", "0.8"))             # the band
    assert sanitized(line) != sanitized(line.replace("look", "edge"))           # the name
    assert sanitized("loss 0.53\n") != sanitized("loss 0.61\n")


def test_the_sanitizer_leaves_out_what_a_model_wrote():
    assert sanitized("before\n» Anna had a key.\nafter\n") == sanitized("before\n» Ben lost it.\nafter\n")
    assert sanitized("said » Anna\n") != sanitized("said » Ben\n")              # only at the start of a line
    assert configparser.ConfigParser().read_string((ROOT / "tests" / "sanitize.cfg").read_text()) is None


@pytest.fixture
def ran(tmp_path):
    """A small notebook, run twice for real."""
    def once(name):
        notebook = nbformat.v4.new_notebook(cells=[
            nbformat.v4.new_markdown_cell("# Title", id="title"),
            nbformat.v4.new_code_cell("import os\nprint(os.environ['LMCOURSE_STRICT'], os.environ['HF_HUB_OFFLINE'])", id="settings"),
            nbformat.v4.new_code_cell("print('loss ≈ 0.87 (must be 0.7 to 1.0)')\n1 + 1", id="number"),
            nbformat.v4.new_code_cell("import ipywidgets\nipywidgets.VBox([ipywidgets.IntSlider(3), ipywidgets.Text('a')])", id="classic")])
        notebook.metadata["authors"] = [{"name": "somebody"}]
        path = tmp_path / name / "chapter.ipynb"
        path.parent.mkdir()
        nbformat.write(notebook, path)
        result, seconds, memory = notebooks.run(path)
        assert seconds > 0 and memory > 1
        return nbformat.writes(execute.normalise(result))
    return once


def test_two_runs_store_the_same_and_no_trace_of_the_machine(ran, tmp_path):
    first, second = ran("first"), ran("second")
    assert first == second
    assert str(tmp_path) not in first and "iopub" not in first and "authors" not in first
    stored = json.loads(first)
    assert stored["metadata"]["kernelspec"]["name"] == "python3" and "version" not in stored["metadata"]["language_info"]
    assert stored["cells"][1]["outputs"][0]["text"] in ("1 1\n", ["1 1\n"])
    assert [cell["execution_count"] for cell in stored["cells"][1:]] == [1, 2, 3]
    models = stored["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    box = models[stored["cells"][3]["outputs"][0]["data"]["application/vnd.jupyter.widget-view+json"]["model_id"]]
    assert [models[name.removeprefix("IPY_MODEL_")]["state"]["value"] for name in box["state"]["children"]] == [3, "a"]
    measured = stability.measured(nbformat.reads(first, as_version=4))
    assert measured == {"loss [cell 2]": (0.87, 0.7, 1.0)}


def test_two_measures_of_one_name_in_a_cell_are_both_kept():
    lines = "share ≈ 0.50 (must be 0.3 to 0.8)\nshare ≈ 0.90 (must be 0.8 to 1.0)\n"
    cell = nbformat.v4.new_code_cell("", outputs=[nbformat.v4.new_output("stream", text=lines)])
    found = stability.measured(nbformat.v4.new_notebook(cells=[cell]))
    assert found == {"share [cell 0]": (0.5, 0.3, 0.8), "share [cell 0] again": (0.9, 0.8, 1.0)}


def test_run_times_change_only_when_they_moved():
    table = {"a/b": {"seconds": 10.0, "MiB": 500}}
    assert execute.noted(table, "a/b", 11.9, 590) is table
    assert execute.noted(table, "a/b", 12.1, 500)["a/b"] == {"seconds": 12.1, "MiB": 500}
    assert execute.noted(table, "c/d", 1.23, 99.6) == table | {"c/d": {"seconds": 1.2, "MiB": 100}}


def test_an_unknown_chapter_is_named():
    with pytest.raises(SystemExit, match="there is no chapter 'no/such'"):
        notebooks.chapters(["no/such"])


def test_a_path_of_this_machine_is_a_fault():
    assert execute.faults("x", f"File {ROOT}/lmcourse/claims.py")
    assert not execute.faults("x", "File lmcourse/claims.py")
