"""What the round trips through a kernel share: the notebook, and a Jupyter server that is started and ended."""
import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat

CELLS = ["import lmcourse as lm\n"
         "w = lm.widgets.AttentionExplorer('course-gpt', None, 'Anna Bell had a red key. She', layer=1, head=2)\n"
         "heard = []\n"
         "w.observe(lambda change: heard.append((change['name'], change['new'])), ['text', 'head', 'causal', 'heads_off'])\nw",
         "w.layer, w.head, w.text, w.view = 2, 3, 'Ned Wood had a map.', 'arcs'",
         "print('heard', heard)\nprint('now', w.text, w.layer, w.head, w.causal, w.heads_off)",
         "lm.widgets.AttentionExplorer('course-gpt', None, 'One morning', layer=0, head=0)"]
REPLAY = ["import lmcourse as lm\nw = lm.widgets.TrainingReplay(step=100)\nheard = []\n"
          "w.observe(lambda change: heard.append((change['name'], change['new'])), ['step', 'sample'])\nw",
          "w.step, w.sample = 400, 2",
          "print('heard', heard)\nprint('now', w.step, w.sample)\nprint(w.moment()['text'])"]

ONE_SENTENCE = ["import lmcourse as lm\nw = lm.widgets.OneSentence(text='One morning Anna Bell', world=lm.world.next_words, layer=1)\nw",
                "w.layer, w.head, w.position, w.text = 2, 3, 2, 'One evening Ned Wood'",
                "print('now', w.text, w.position, w.layer, w.head, len(w.exact))"]


def write_notebook(path, cells=CELLS):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)


@contextlib.contextmanager
def started(command, environment, folder):
    """Run a server on a free port of the loopback address, wait until it answers, yield its address, end it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with open(folder / "server.log", "w") as log:
        process = subprocess.Popen([*command, f"--port={port}"], env=environment, stdout=log, stderr=log, cwd=folder)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=5).close()
                break
            assert process.poll() is None, (folder / "server.log").read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(30)


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

    def write(self, sources):
        """Give each cell another source."""
        self.page.evaluate("""sources => window.jupyterapp.shell.currentWidget.content.widgets
            .forEach((cell, i) => cell.model.sharedModel.setSource(sources[i]))""", sources)

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


@contextlib.contextmanager
def opened(browser, folder, cells):
    """A notebook of these cells, open in a JupyterLab of its own. An error of the page, at any time, fails the test."""
    write_notebook(folder / "trip.ipynb", cells)
    with server(folder) as address:
        page, errors = browser.new_page(viewport={"width": 1400, "height": 1500}), []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address + "lab/tree/trip.ipynb")
        yield Notebook(page)
        page.context.close()
        assert not errors, errors
