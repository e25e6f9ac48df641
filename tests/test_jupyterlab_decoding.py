"""DecodingLab with a kernel behind it: set from Python, seen in the page; done in the page, heard in Python, and both write the same."""
import nbformat
import pytest

pytest.importorskip("jupyterlab")
from test_jupyterlab import Notebook, server  # noqa: E402

pytestmark = pytest.mark.slow
CELLS = ["import lmcourse as lm\n"
         "w = lm.widgets.DecodingLab(text='One night', seed=5)\n"
         "heard = []\n"
         "w.observe(lambda change: heard.append((change['name'], change['new'])), ['steps', 'way', 'top_k', 'text'])\nw",
         "w.text, w.temperature, w.seed = 'One winter Vera Baker', 1.7, 42",
         "print('heard', heard)\nprint('wrote', w.written())"]


def test_round_trip(browser, tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, tmp_path / "trip.ipynb")
    with server(tmp_path) as address:
        page = browser.new_page(viewport={"width": 1400, "height": 1100})
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address + "lab/tree/trip.ipynb")
        book = Notebook(page)
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
        assert not errors, errors
        page.context.close()
