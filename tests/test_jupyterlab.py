"""The kernel's round trip: a real JupyterLab server, a real kernel, Chromium. Set from Python, seen in the page; done in the page, heard in Python."""
import pytest
from lab import Notebook, server
from round_trip import write_notebook

pytest.importorskip("jupyterlab")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_round_trip(browser, tmp_path, theme):
    write_notebook(tmp_path / "trip.ipynb")
    with server(tmp_path) as address:
        page = browser.new_page(viewport={"width": 1400, "height": 1100})
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address + "lab/tree/trip.ipynb")
        book = Notebook(page)
        page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
        assert "Error" not in book.run(0)
        page.wait_for_selector(".lm-explorer[data-state=ready]", timeout=120_000)
        explorer = page.locator(".lm-explorer").first
        assert explorer.locator(".lm-name").text_content() == "Layer 2, head 3"
        assert "Anna" in explorer.locator(".lm-tokens").text_content()
        page.wait_for_function("dark => getComputedStyle(document.querySelector('.lm-explorer')).getPropertyValue('--lm-dark').trim() === dark",
                               arg=str(int("Dark" in theme)))

        book.run(1)                                                 # Python sets traits: the picture follows
        explorer.locator(".lm-name", has_text="Layer 3, head 4").wait_for()
        explorer.locator(".lm-tokens", has_text="Wood").wait_for()
        assert explorer.locator(".lm-input").input_value() == "Ned Wood had a map."
        assert explorer.locator(".lm-arc").count() > 0

        explorer.locator(".lm-head").nth(1).click()                 # the reader does things: Python hears
        explorer.get_by_label("Switch this head off").check()
        explorer.get_by_label("Causal mask").uncheck()
        explorer.locator(".lm-input").fill("Ned Wood had a coin.")
        page.wait_for_timeout(300)
        told = book.run(2)
        assert "now Ned Wood had a coin. 0 1 False [[0, 1]]" in told
        for event in ("('text', 'Ned Wood had a map.')", "('head', 1)", "('heads_off', [[0, 1]])", "('causal', False)", "('text', 'Ned Wood had a coin.')"):
            assert event in told

        book.run(3)                                                 # a second explorer: the weights are there already
        page.wait_for_function("document.querySelectorAll('.lm-explorer[data-state=ready]').length === 2", timeout=60_000)
        assert not errors, errors
        page.context.close()
