"""AttentionExplorer on the versions that Colab has: ipywidgets 7.7.1, anywidget 0.9.21, IPython 7.34, ipykernel 6.17.1.

Colab itself was NOT run: its page is Google's own and cannot be reached from here. What runs is a real kernel and a real
front end of the same generation, the classic notebook 6.5 with the 7.x widgets' front end, in an environment of its own.
"""
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError as TimeOut
from round_trip import started, write_notebook

import lmcourse

COLAB = ["ipywidgets==7.7.1", "anywidget==0.9.21", "ipython==7.34.0", "ipykernel==6.17.1", "widgetsnbextension==3.6.10", "notebook==6.5.7",
         "traitlets==5.7.1", "jupyter_client==7.4.9", "setuptools==80.9.0", "numpy==2.1.3", "safetensors==0.8.0", "regex==2026.11.15"]


@pytest.fixture(scope="module")
def python():
    """The Python of an environment with Colab's versions; made once, beside the test environment."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lmcourse"
    home = cache / f"colab-{hashlib.sha256(repr((COLAB, sys.version)).encode()).hexdigest()[:12]}"
    if not (home / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        subprocess.run([str(home / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *COLAB], check=True)
        (home / "ready").touch()
    return home / "bin/python"


@pytest.fixture
def folder(tmp_path):
    """A folder with the package, without torch beside it, and the notebook."""
    shutil.copytree(Path(lmcourse.__file__).parent, tmp_path / "lmcourse", ignore=shutil.ignore_patterns("__pycache__"))
    write_notebook(tmp_path / "trip.ipynb")
    return tmp_path


@contextlib.contextmanager
def server(python, folder):
    environment = {**os.environ, "HOME": str(folder), "JUPYTER_CONFIG_DIR": str(folder / "config"), "JUPYTER_RUNTIME_DIR": str(folder / "run"),
                   "IPYTHONDIR": str(folder / "ipython"), "PYTHONPATH": str(folder), "JUPYTER_PATH": "", "OMP_NUM_THREADS": "1"}
    command = [str(python), "-m", "notebook", "--no-browser", "--ip=127.0.0.1", "--allow-root", "--NotebookApp.token=",
               f"--NotebookApp.notebook_dir={folder}"]
    with started(command, environment, folder) as address:
        yield address


def run(page, index):
    """Run one cell; the text of its output when the kernel is done."""
    page.evaluate("index => { Jupyter.notebook.get_cell(index).execute(); }", index)
    page.wait_for_function("index => Jupyter.notebook.get_cell(index).input_prompt_number > 0", arg=index, timeout=120_000)
    page.wait_for_function("!Jupyter.notebook.kernel_busy", timeout=120_000)
    page.wait_for_timeout(500)
    return page.evaluate("""index => Jupyter.notebook.get_cell(index).output_area.toJSON()
        .map(output => [output.text ?? output.evalue ?? ''].flat().join('')).join('')""", index)


def test_versions(python):
    code = "import ipywidgets, anywidget, IPython; print(ipywidgets.__version__, anywidget.__version__, IPython.__version__)"
    assert subprocess.check_output([str(python), "-c", code], text=True).split() == ["7.7.1", "0.9.21", "7.34.0"]


def test_round_trip(python, folder, browser):
    with server(python, folder) as address:
        page, log = browser.new_page(viewport={"width": 1400, "height": 1100}), []
        page.on("console", lambda message: log.append(message.text))
        page.goto(address + "notebooks/trip.ipynb")
        page.wait_for_function("window.Jupyter?.notebook?.kernel?.is_connected?.() && Jupyter.notebook.ncells() === 4", timeout=120_000)
        page.wait_for_function("Jupyter.notebook.kernel.widget_manager", timeout=120_000)        # it comes later than the kernel; before it a widget is only text
        told = run(page, 0)
        assert "Error" not in told, told
        try:
            page.wait_for_selector(".lm-explorer[data-state=ready]", timeout=120_000)
        except TimeOut:                                        # on a machine that is very busy a module may come too late: say which
            pytest.fail(f"no widget. Output: {page.locator('.output').first.inner_html()[:1000]}\nConsole: {log}")
        explorer = page.locator(".lm-explorer").first
        assert explorer.locator(".lm-name").text_content() == "Layer 2, head 3"

        run(page, 1)                                                # Python sets traits: the picture follows
        explorer.locator(".lm-name", has_text="Layer 3, head 4").wait_for()
        explorer.locator(".lm-tokens", has_text="Wood").wait_for()
        assert explorer.locator(".lm-arc").count() > 0

        explorer.locator(".lm-head").nth(1).click()                 # the reader does things: Python hears
        explorer.get_by_label("Switch this head off").check()
        explorer.get_by_label("Causal mask").uncheck()
        explorer.locator(".lm-top .lm-input").fill("Ned Wood had a coin.")
        page.wait_for_timeout(500)
        told = run(page, 2)
        assert "now Ned Wood had a coin. 0 1 False [[0, 1]]" in told, told
        assert "('heads_off', [[0, 1]])" in told and "('text', 'Ned Wood had a coin.')" in told
        page.context.close()
