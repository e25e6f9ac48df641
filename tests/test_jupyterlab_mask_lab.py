"""MaskLab's round trip through a kernel: the weights of two models reach the page, each once; what is set and what is done goes both ways."""
import nbformat
import pytest
from lab import Notebook, server

pytest.importorskip("jupyterlab")

CELLS = ["import lmcourse as lm\nlab = lm.widgets.MaskLab(text='Anna Bell had a red key. She', place=4)\nlab",
         "lab.text, lab.place = 'Ned Wood had a map.', 1",
         "print('now', lab.text, lab.place)\nprint({kind: max(answer, key=answer.get) for kind, answer in lab.answers().items()})",
         "lm.widgets.MaskLab(text='One morning')"]


def test_round_trip(browser, tmp_path):
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS],
                                            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}), tmp_path / "trip.ipynb")
    with server(tmp_path) as address:
        page = browser.new_page(viewport={"width": 1400, "height": 1300})
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address + "lab/tree/trip.ipynb")
        book = Notebook(page)
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
        assert not errors, errors
        page.context.close()
