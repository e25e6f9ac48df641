"""The last touch on a page (theme/pages.py), on small pages: what must go goes, what must stay stays."""
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
pytest.importorskip("sphinx")
sys.path.append(str(ROOT))
from theme import pages  # noqa: E402

sys.path.remove(str(ROOT))
D3 = "https://cdnjs.cloudflare.com/ajax/libs/d3/5.16.0/d3.min.js"


def test_d3_of_a_bertviz_output_is_our_copy():
    assert pages.local(f'<div data-d3="{D3}">', "../../_static/vendor/") == '<div data-d3="../../_static/vendor/d3.min.js">'


def test_the_address_is_the_one_that_the_package_writes():
    source = (ROOT / "lmcourse" / "interpret" / "bertviz.py").read_text(encoding="utf8")
    assert D3 in source


def test_scripts_that_the_page_does_not_need_go():
    head = '<script src="a/fontawesome.js"></script>\n<script src="copybutton.js"></script>\n<script>THEBE = thebe</script>\n<script src="own.js"></script>\n'
    lean = pages.lean(f"<html><head>{head}</head><body><p>words</p></body></html>")
    assert lean == '<html><head><script src="own.js"></script>\n</head><body><p>words</p></body></html>'
    kept = pages.lean(f'<html><head>{head}</head><body><div class="highlight"></div></body></html>')
    assert "copybutton.js" in kept and "fontawesome" not in kept


def test_second_copies_go_and_data_stays():
    twice = '<script>let a = 1</script>\n' * 2
    data = '<script type="application/json">{"thebe": 1}</script>' * 2
    lean = pages.lean(f"<html><head>{twice}</head><body>{data}</body></html>")
    assert lean.count("let a") == 1 and lean.count("application/json") == 2


def test_style_sheets_by_need():
    link = '<link rel="stylesheet" href="vendor/katex/katex.min.css">\n'
    assert "katex" not in pages.lean(f"<html><head>{link}</head><body></body></html>")
    assert "katex.min.css" in pages.lean(f'<html><head>{link}</head><body><span class="katex"></span></body></html>')
