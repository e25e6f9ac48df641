"""What the training of every bundled model shares: where a run keeps its checkpoint, the grid of eight bits, the folder that is written."""
import json
import shutil
from pathlib import Path

import torch

import lmcourse as lm
from lmcourse.models.checkpoints import checksum
from lmcourse.quantize import snap, unsnap
from lmcourse.tokenizers import END

WORK = Path("_build/checkpoints")
DATA = Path(__file__).resolve().parent.parent / "lmcourse" / "data"     # of this checkout: the package that runs is an installed wheel
HELD_OUT_SEED = 1_000_000


def snap_to_grid(model):
    """Every matrix onto the grid of `lmcourse.quantize`, every vector to float16, so that the file holds the very model."""
    for parameter in model.parameters():
        data = parameter.data
        parameter.data = torch.from_numpy(unsnap(*snap(data.numpy()))) if data.dim() == 2 else data.half().float()


def rounded(by_kind):
    return {kind: round(value, 4) for kind, value in by_kind.items()}


def write(model, tokenizer, card, folder):
    """The folder in Hugging Face's layout where there is one, with the files by which its tokenizers read theirs."""
    shutil.rmtree(folder, ignore_errors=True)
    lm.save(model, folder, tokenizer, card, dtype=torch.float16)
    if isinstance(model, lm.GPT):
        write_gpt2_tokenizer(tokenizer, folder)
    again = lm.load(folder)
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), again.state_dict().values()))
    print(f"{folder}: excess {card['excess']} nats over the floor, sha256 {checksum(folder / 'model.safetensors')[:12]}")


def write_gpt2_tokenizer(tokenizer, folder):
    """The files that Hugging Face's GPT2Tokenizer reads. It knows the space before a text by another name than tokenizer.json."""
    settings = {"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": bool(tokenizer.prefix), **dict.fromkeys(("bos_token", "eos_token", "unk_token"), END)}
    (folder / "vocab.json").write_text(json.dumps(tokenizer.ids, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *map(" ".join, tokenizer.merges)]) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
