"""The widgets' scripts as the pages load them: without comments and long names, by terser in Node. A phone loads two thirds of the bytes.

The readable modules are in the package (lmcourse/widgets/js); the notebooks in JupyterLab and on Colab run them as they are.
"""
import json
import subprocess
from pathlib import Path

from sphinx.errors import ExtensionError

HERE = Path(__file__).parent


def minify(scripts: dict[str, str]) -> dict[str, str]:
    """{name: script} -> {name: the same script, shorter}; ExtensionError, with terser's own words, where one is no JavaScript."""
    done = subprocess.run(["node", str(HERE / "minify.mjs")], input=json.dumps(scripts), capture_output=True, text=True, encoding="utf8")
    if done.returncode:
        raise ExtensionError(f"terser in Node could not shorten the widgets' scripts: {done.stderr.strip()}")
    return json.loads(done.stdout)
