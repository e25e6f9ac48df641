"""The kernel's round trip: a real JupyterLab server, a real kernel, Chromium. Set from Python, seen in the page; done in the page, heard in Python."""
import contextlib
import os
import sys

import pytest
from round_trip import ONE_SENTENCE, started, write_notebook

pytest.importorskip("jupyterlab")

@contextlib.contextmanager
def server(folder):
    """A JupyterLab of this environment that serves `folder` on the loopback address; yields its address."""
    home = folder / "home"
    home.mkdir()
    environment = {**os.environ, "HOME": str(home), "JUPYTER_CONFIG_DIR": str(home), "JUPYTER_RUNTIME_DIR": str(home / "run"),
                   "IPYTHONDIR": str(home / "ipython"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", "--allow-root", "--IdentityProvider.token=",
               "--expose-app-in-browser", f"--ServerApp.root_dir={folder}"]
    with started(command, environment, folder) as address:
        yield address


class Notebook:
    """A notebook open in JupyterLab."""
    def __init__(self, page):
        self.page = page
        page.wait_for_function("window.jupyterapp?.shell.currentWidget?.content?.widgets?.length > 0", timeout=120_000)
        page.wait_for_function("window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'", timeout=120_000)

    def run(self, index):
        """Run one cell and wait until the kernel has answered."""
        self.page.evaluate("""async index => {
            const content = window.jupyterapp.shell.currentWidget.content;
            content.activeCellIndex = index;
            content.deselectAll();
            await window.jupyterapp.commands.execute('notebook:run-cell');
          }""", index)
        return self.page.evaluate("""index => window.jupyterapp.shell.currentWidget.content.widgets[index].model.toJSON().outputs
            .map(output => output.text ?? output.ename ?? '').flat().join('')""", index)


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


def test_one_sentence(browser, tmp_path):
    """Without a book the chapters' names stand as text; with a kernel the world's probabilities follow whatever is typed."""
    write_notebook(tmp_path / "trip.ipynb", ONE_SENTENCE)
    with server(tmp_path) as address:
        page = browser.new_page(viewport={"width": 1400, "height": 1100})
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address + "lab/tree/trip.ipynb")
        book = Notebook(page)
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
        assert not errors, errors
        page.context.close()
