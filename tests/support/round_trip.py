"""What the round trips through a kernel share: the notebook, and a Jupyter server that is started and ended."""
import contextlib
import socket
import subprocess
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
