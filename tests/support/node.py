"""The page's modules in a Node process, and random weights on the grid that packed weights hold."""
import base64
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import torch

from lmcourse.quantize import snap, unsnap

DRIVE = Path(__file__).resolve().parent.parent / "js" / "drive.mjs"
TOLERANCE = 1e-3                                                    # the promise; what is measured is near 1e-5


class Node:
    """A Node process with the page's modules in it: `node(load=path)`, `node(run=ids, options={})`, ... (js/drive.mjs)."""
    def __init__(self):
        self.process = subprocess.Popen([shutil.which("node"), DRIVE], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def __call__(self, **question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)


def floats(text, *shape):
    return np.frombuffer(base64.b64decode(text), "<f4").reshape(shape)


def snapped(model):
    """Random weights on the grid, in every matrix; random vectors that float16 holds."""
    torch.manual_seed(0)
    for name, p in model.named_parameters():
        if p.dim() == 2:
            p.data = torch.from_numpy(unsnap(*snap(torch.randn_like(p).numpy() * 0.15)))
        else:
            p.data = (torch.randn_like(p) * 0.2 + name.endswith("norm.weight")).half().float()
    return model.eval()
