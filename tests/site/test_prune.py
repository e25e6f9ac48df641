"""The theme's style sheet keeps what a page or a script may use, and nothing else, wherever the book is built."""
import re
import sys
from pathlib import Path

import pytest
from sphinx.errors import ExtensionError

ROOT = str(Path(__file__).resolve().parents[2])
sys.path.append(ROOT)
from theme.prune import purge  # noqa: E402

sys.path.remove(ROOT)

SHEET = "_static/styles/x.css"


@pytest.fixture
def site(tmp_path):
    """A site in a folder whose name a pattern would read as its own."""
    folder = tmp_path / "a [b] (c) {d} 书"
    (folder / "_static/styles").mkdir(parents=True)
    (folder / "_static/scripts").mkdir()
    (folder / "index.html").write_text('<html data-theme="light"><p class="used">')
    (folder / "_static/scripts/late.js").write_text('node.classList.add("later")')
    return folder


def test_what_is_used_stays_and_the_rest_goes(site):
    rules = [".used{color:red}", ".later{color:red}", ".bs-tooltip-auto{color:red}", 'html[data-theme="dark"] .used{color:red}', "p{color:red}"]
    (site / SHEET).write_text("".join([*rules, ".never{color:blue}", ".used .never{color:blue}"]))
    purge(site, SHEET)
    assert re.sub(r"\s", "", (site / SHEET).read_text()) == re.sub(r"\s", "", "".join(rules))


def test_a_sheet_that_is_none_is_said(site):
    (site / SHEET).write_text("{{{")
    with pytest.raises(ExtensionError, match=f"PurgeCSS in Node could not shorten {SHEET}: "):
        purge(site, SHEET)
