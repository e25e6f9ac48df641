"""Pack a model for the page: its settings, its tokenizer and its weights in eight bits, in one piece of bytes.

    b'LMW1' | length of the header, uint32 little-endian | header, JSON in UTF-8 | zeros to a multiple of 16 | payload

The header holds config, tokenizer, exact (whether the weights are the model's own, to the last bit), payload (its number
of bytes and its CRC-32) and tensors: {name: {type, shape, offset, scale_offset}}. A matrix is int8 with a float32 scale a
row, a vector is float32; each lies in the payload at a multiple of 16. js/weights.js reads it. Needs no torch.
"""
import dataclasses
import hashlib
import json
import logging
import struct
import zlib
from pathlib import Path

import numpy as np

from lmcourse.models.config import TransformerConfig
from lmcourse.models.layouts import from_bert, from_bert_settings, from_gpt2, from_gpt2_config
from lmcourse.quantize import snap, unsnap

log = logging.getLogger(__name__)
MAGIC, ALIGNMENT = b"LMW1", 16
LSTM_TOKENS = 512                                       # an LSTM reads on for ever; the page keeps its states of so many tokens
READS = {                                               # model_type: how its tensors and its settings get our own names
    "gpt2": (from_gpt2, from_gpt2_config), "bert": (lambda state: from_bert(state, np.concatenate), from_bert_settings),
    "lmcourse-lstm": (lambda state: {("token_" if name == "embedding.weight" else "") + name: array for name, array in state.items()}, dict)}


def pack(config, tensors, tokenizer, exact=True):
    """The bytes that js/weights.js unpacks.

    config: a TransformerConfig as a dict; tensors: {our parameter name: array}, matrices as (out, in); tokenizer: the
    content of a tokenizer.json, as a dict. With `exact` every matrix must lie on the grid of `lmcourse.quantize.snap`, as
    the bundled models' do, and the page computes with the very same numbers; ValueError otherwise. Without, what does not
    lie there is rounded to the nearest of 255 steps a row, and the log says by how much.
    """
    _check(config, tensors, tokenizer)
    payload, entries, changed = bytearray(), {}, {}
    for name, array in tensors.items():
        array = np.asarray(array, np.float32)
        if not np.isfinite(array).all():
            raise ValueError(f"{name} has a number that is not finite (nan or inf)")
        if array.ndim == 1:
            entries[name] = {"type": "float32", "shape": list(array.shape), "offset": _append(payload, array)}
            continue
        q, scale, change = _eight_bits(array)
        if change:
            changed[name] = change
        entries[name] = {"type": "int8", "shape": list(array.shape), "offset": _append(payload, q),
                         "scale_offset": _append(payload, scale)}
    if changed:
        worst = max(changed, key=changed.get)
        message = f"{len(changed)} matrices are not on the grid of eight bits; {worst} changes most, by up to {changed[worst]:.2g}"
        if exact:
            raise ValueError(f"{message}. Snap them with lmcourse.quantize.snap, or give exact=False to round them.")
        log.info("weights rounded for the page: %s", message)
    return _file({"config": config, "tokenizer": tokenizer, "exact": not changed, "tensors": entries}, payload)


def pack_folder(folder):
    """(name@sha256:..., bytes) of a GPT-2 or a BERT in Hugging Face's layout, or of our LSTM: config.json, model.safetensors, tokenizer.json.

    The name is the folder's, the digest that of model.safetensors; it must be the one in card.json, where there is one.
    FileNotFoundError names the file that is missing, ValueError says what is wrong with one.
    """
    config, tensors, tokenizer, digest = _read_folder(Path(folder))
    return f"{Path(folder).name}@sha256:{digest}", pack(config, tensors, tokenizer)


def pack_minilm(folder, max_len=128):
    """The bytes of MiniLM, from its package's folder: its matrices rounded to 255 steps a row, positions for `max_len` tokens (23 MB)."""
    config, tensors, tokenizer, _ = _read_folder(Path(folder))
    tensors["position_embedding.weight"] = tensors["position_embedding.weight"][:max_len]
    return pack({**config, "max_len": max_len}, tensors, tokenizer, exact=False)


def _read_folder(folder):
    """(config as a dict, {our parameter name: array}, content of tokenizer.json, SHA-256 of the weights)."""
    from safetensors import SafetensorError, numpy as safetensors
    for file in ("config.json", "model.safetensors", "tokenizer.json"):
        if not (folder / file).is_file():
            raise FileNotFoundError(f"{folder.name} has no {file}; a model's folder holds config.json, model.safetensors "
                                    "and tokenizer.json")
    config = _json(folder / "config.json")
    kind = config.get("model_type")
    if kind not in READS:
        raise ValueError(f"{folder.name} is of type {kind!r}; the page runs {', '.join(READS)}")
    read_tensors, read_config = READS[kind]
    data = (folder / "model.safetensors").read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    card = _json(folder / "card.json") if (folder / "card.json").is_file() else {}
    if card.get("sha256", digest) != digest:
        raise ValueError(f"{folder.name}/model.safetensors is damaged: its SHA-256 is {digest}, card.json says {card['sha256']}")
    try:
        state = safetensors.load(data)
        tensors = read_tensors(state)
    except (SafetensorError, KeyError) as error:
        raise ValueError(f"{folder.name}/model.safetensors is damaged: {error}") from None
    config = read_config(config)
    config = config | {"max_len": LSTM_TOKENS} if kind == "lmcourse-lstm" else dataclasses.asdict(TransformerConfig(**config))
    return config, tensors, _json(folder / "tokenizer.json"), digest


def _check(config, tensors, tokenizer):
    if "token_embedding.weight" not in tensors:
        raise ValueError("tensors have our own names (lmcourse.models.layouts.from_gpt2 translates GPT-2's); "
                         f"got {sorted(tensors)[:3]} ...")
    rows, known = len(tensors["token_embedding.weight"]), len(tokenizer["model"]["vocab"])
    if rows != config["vocab_size"] or known > rows:
        raise ValueError(f"the tokenizer has {known} tokens, the configuration {config['vocab_size']}, the embedding {rows} rows: "
                         "they do not belong together")
    for name, array in tensors.items():
        if np.ndim(array) not in (1, 2):
            raise ValueError(f"{name} has shape {np.shape(array)}; vectors and matrices can be packed")


def _eight_bits(matrix):
    """(q int8 (R, C), scale float32 (R,), largest change): the grid that the matrix lies on, else the nearest steps."""
    try:
        q, scale = snap(matrix)
        if np.array_equal(unsnap(q, scale), matrix):
            return q, scale, 0.0
    except ValueError:                                              # out of float16's range: rounding has no such limit
        pass
    largest = np.abs(matrix).max(1)
    scale = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    q = np.clip(np.rint(matrix / scale[:, None]), -127, 127).astype(np.int8)
    return q, scale, float(np.abs(unsnap(q, scale) - matrix).max())


def _append(payload, array):
    """Puts the array at the next multiple of 16 and says where that is."""
    payload.extend(bytes(-len(payload) % ALIGNMENT))
    offset = len(payload)
    payload.extend(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes())
    return offset


def _file(header, payload):
    header["payload"] = {"bytes": len(payload), "crc32": f"{zlib.crc32(payload):08x}"}
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    head = MAGIC + struct.pack("<I", len(text)) + text
    return head + bytes(-len(head) % ALIGNMENT) + bytes(payload)


def _json(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.parent.name}/{path.name} is damaged, it is not JSON: {error}") from None
