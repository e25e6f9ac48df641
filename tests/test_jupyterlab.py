"""The kernel's round trip: a real JupyterLab server, a real kernel, Chromium. Set from Python, seen in the page; done in the page, heard in Python."""
import contextlib
import os
import sys

import pytest
from round_trip import REPLAY, started, write_notebook

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


def test_a_recorded_run_comes_from_the_kernel(browser, tmp_path):
    """The recording travels as weights do: once, by a hidden widget."""
    write_notebook(tmp_path / "trip.ipynb", REPLAY)
    with server(tmp_path) as address:
        page = browser.new_page(viewport={"width": 1400, "height": 1100})
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address + "lab/tree/trip.ipynb")
        book = Notebook(page)
        assert "Error" not in book.run(0)
        page.wait_for_selector(".lm-replay[data-state=ready][data-step='100']", timeout=120_000)
        replay = page.locator(".lm-replay").first
        book.run(1)                                                 # Python sets traits: the picture follows
        page.wait_for_selector(".lm-replay[data-state=ready][data-step='400']", timeout=60_000)
        assert replay.locator(".lm-replay-switch input:checked").get_attribute("value") == "2"
        replay.locator(".lm-replay-top input").press("Home")        # the reader does things: Python hears
        replay.locator(".lm-replay-switch input[value='1']").check()
        page.wait_for_timeout(300)
        told = book.run(2)
        assert "('step', 400)" in told and "('step', 0)" in told and "now 0 1" in told
        assert replay.locator("p.lm-replay-text").text_content().replace("⟨the end⟩", "<|endoftext|>") in told
        assert not errors, errors
        page.context.close()


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
