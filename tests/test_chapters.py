"""What every chapter keeps (DESIGN.md, A chapter): the same first cell, claims that could fail, ids, text beside each figure."""
import re
from pathlib import Path

import nbformat
import pytest

CHAPTERS = Path(__file__).resolve().parents[1] / "chapters"
ID = re.compile(r"^(S[0-4]-[A-Z]\d+|E\d\d|G\d\d)$")


@pytest.fixture
def cells(notebook):
    return nbformat.read(notebook, 4).cells


def prose(cells):
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def test_opens_with_title_promise_and_set_up(cells):
    title, setup = cells[:2]
    assert re.match(r"# .+\n\n\*[^*].+\*\n", title.source), "a title, then one sentence of promise in italics"
    for words in ("New here:", "Before this:", "CPU core"):
        assert words in title.source
    assert 'ADDRESS = ""' in setup.source and "lm.check_versions()" in setup.source
    assert "hide-input" in setup.metadata["tags"]


def test_the_set_up_cell_is_the_same_everywhere(cells):
    others = [path for path in CHAPTERS.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts]
    assert {nbformat.read(path, 4).cells[1].source for path in others} == {cells[1].source}


def test_claims_could_have_failed(cells):
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    assert code.count("control=") >= 2
    assert "lm.claim(" in code


def test_no_tag_of_html_in_prose(cells):
    """A quoted <s> would strike out the rest of the sentence: in prose it is `<s>` or \\<s>."""
    text = re.sub(r"```.*?```|`[^`]*`|\$[^$]*\$|<https?://[^>]*>", "", prose(cells), flags=re.S)
    assert not re.findall(r"(?<!\\)</?[a-zA-Z][^>\n]*>", text)


def test_ids_are_ids(cells):
    for cell in cells:
        covers = cell.metadata.get("lmcourse", {}).get("covers", [])
        assert all(ID.match(each) for each in covers), covers


def test_every_figure_is_described(cells):
    for cell in cells:
        pictures = [output for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]
        if any("application/vnd.jupyter.widget-view+json" not in output.data for output in pictures):
            assert len(cell.metadata["mystnb"]["image"]["alt"]) > 20, cell.id


def test_ends_with_summary_quiz_and_reading(cells):
    text = prose(cells)
    assert re.search(r"^## (Summary|In five lines)$", text, re.M) and "## Quiz" in text and "## Further reading" in text
    assert 3 <= len(re.findall(r"^\*\*\d\.\*\*", text, re.M)) <= 5


def test_the_front_page_counts_no_chapters():
    """Such a number is right until the next chapter comes; the table of contents counts by itself."""
    front = (CHAPTERS.parent / "index.md").read_text(encoding="utf8")
    assert "table of contents are ready" in front
    assert not re.search(r"\b(?:\d+|nine|ten|eleven|twelve|\w+teen|\w+ty(?:-\w+)?) (?:\w+ )?chapters\b", front, re.I)
