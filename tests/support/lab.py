"""A real JupyterLab and a notebook open in it, for round trips through a kernel."""
import contextlib
import os
import sys

from round_trip import started


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
