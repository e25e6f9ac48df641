"""What a widget runs: a bundled model by name, or a live one of the kernel; or a recorded run. What is bundled needs no torch."""
from __future__ import annotations

import dataclasses
import hashlib
import json
from functools import cache, cached_property
from pathlib import Path

from lmcourse.models.layouts import gpt2_config
from lmcourse.packaged import MINILM, installed
from lmcourse.widgets.weights import pack, pack_folder, pack_minilm

DATA = Path(__file__).parent.parent / "data"                        # a folder a bundled model
ENCODER = f"minilm@sha256:{MINILM.sha256}"                          # MiniLM's name in a page, known without its weights
OWN = {"gpt2": "GPT", "seq2seq": "Seq2Seq"}                         # what a reader may give instead of a name
ENCODER_CONFIG = {"n_layers": 6, "n_heads": 12, "max_len": 128}


@dataclasses.dataclass(frozen=True)
class Source:
    """A packed model: its name with the digest of its weights, its configuration, its bytes for the page."""
    name: str
    packed: bytes
    tokenizer: object
    live: object = None                                             # the torch model, if it was one

    @cached_property
    def config(self) -> dict:
        return json.loads(self.packed[8:8 + int.from_bytes(self.packed[4:8], "little")])["config"]

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text fit: the start token takes one place."""
        return self.config["max_len"] - 1

    def cut(self, text: str) -> tuple[str, int]:
        """(as much of the text as fits, how many tokens all of it has)."""
        ids = self.tokenizer.encode(text)
        if len(ids) <= self.max_tokens:
            return text, len(ids)
        return self.tokenizer.decode(ids[:self.max_tokens]).rstrip("\ufffd"), len(ids)

    def model(self):
        """The torch model."""
        from lmcourse.models.checkpoints import load
        return load(DATA / self.name.split("@")[0]) if self.live is None else self.live


def bundled(kind=None) -> list[str]:
    """The names of the models that come with the package: all, or those of one `kind`, a key of `weights.KINDS`."""
    types = {path.parent.name: json.loads(path.read_text(encoding="utf-8"))["model_type"] for path in sorted(DATA.glob("*/config.json"))}
    return [name for name, model_type in types.items() if kind in (None, model_type.removeprefix("lmcourse-"))]


_found: dict[str, Source] = {}


def find(model, tokenizer=None, kind="gpt2") -> Source:
    """The Source of a bundled model's name (of this kind), or of a GPT with its BPETokenizer, or of a Seq2Seq with its WordTokenizer; a Source is its own.

    ValueError for an unknown name, or for a model that the page cannot run (another kind, or anything but GPT-2's architecture).
    """
    if isinstance(model, Source):
        return model
    if isinstance(model, str):
        if model not in bundled(kind):
            raise ValueError(f"no bundled model is called {model!r}; there is {', '.join(bundled(kind))}")
        if model not in _found:
            from lmcourse.tokenizers import load_tokenizer          # here: the book is built without what it needs
            name, packed = pack_folder(DATA / model)
            _found[model] = Source(name, packed, load_tokenizer(DATA / model))
        return _found[model]
    if not hasattr(model, "state_dict") or not dataclasses.is_dataclass(getattr(model, "config", None)):
        raise ValueError(f"model is {type(model).__name__}; give the name of a bundled model ({', '.join(bundled(kind))}) or a {OWN[kind]}")
    if tokenizer is None or not hasattr(tokenizer, "_to_json"):
        raise ValueError(f"a {OWN[kind]} needs its tokenizer: Widget(model, tokenizer, text=...)")
    if getattr(tokenizer, "split_digits", False):
        raise ValueError("this tokenizer reads numbers digit by digit (split_digits), which the page does not")
    return _live(model, tokenizer, kind)


def recordings() -> list[str]:
    """The names of the recorded runs that come with the package."""
    return sorted(path.parent.name for path in DATA.glob("*/recording.json"))


@cache
def recording(name) -> Source:
    """A recorded run: its name with the digest, and its JSON as bytes. ValueError if there is none, or if it is not the one on its card."""
    if name not in recordings():
        raise ValueError(f"no recording is called {name!r}; there is {', '.join(recordings())}")
    data = (DATA / name / "recording.json").read_bytes()
    digest, card = hashlib.sha256(data).hexdigest(), json.loads((DATA / name / "card.json").read_text(encoding="utf-8"))
    if digest != card["sha256"]:
        raise ValueError(f"{name}/recording.json is damaged: its SHA-256 is {digest}, card.json says {card['sha256']}")
    return Source(f"{name}@sha256:{digest}", data, None)


@cache
def encoder() -> Source | None:
    """MiniLM as the page runs it; None where its package is not installed."""
    folder = installed(MINILM)
    return folder and Source(ENCODER, pack_minilm(folder), None)


def _live(model, tokenizer, kind) -> Source:
    try:
        if (kind == "seq2seq") != hasattr(model, "read"):
            raise ValueError(f"It is a {type(model).__name__}, not a {OWN[kind]}.")
        gpt2_config(model.config)
    except ValueError as error:
        raise ValueError(f"the page runs GPT-2's architecture, in a {OWN[kind]}, and this model is another. {error}") from None
    config = dataclasses.asdict(model.config)
    tensors = {name: tensor.detach().float().cpu().numpy() for name, tensor in model.state_dict().items()}
    packed = pack(config, tensors, tokenizer._to_json(), exact=False)
    return Source(f"{type(model).__name__}@sha256:{hashlib.sha256(packed).hexdigest()}", packed, tokenizer, model)
