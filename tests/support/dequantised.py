"""MiniLM as the page has it: transformers' BertModel with the numbers that packed weights stand for."""
import json

import numpy as np
import torch

from lmcourse.models.layouts import to_bert
from lmcourse.packaged import load_minilm


def unpacked(packed):
    """{our parameter name: float32 array} of packed weights: int8 times the row's scale."""
    length = int.from_bytes(packed[4:8], "little")
    header, start = json.loads(packed[8:8 + length]), -(-(8 + length) // 16) * 16
    found = {}
    for name, entry in header["tensors"].items():
        shape = entry["shape"]
        read = lambda kind, offset, count: np.frombuffer(packed, kind, count, start + offset)  # noqa: E731
        if entry["type"] == "int8":
            found[name] = read(np.int8, entry["offset"], int(np.prod(shape))).reshape(shape) * read("<f4", entry["scale_offset"], shape[0])[:, None]
        else:
            found[name] = read("<f4", entry["offset"], int(np.prod(shape))).reshape(shape)
    return found


def minilm_as_packed(packed):
    """The model, in evaluation mode, with eager attention; it reads as many tokens as were packed."""
    model, _ = load_minilm()
    state = {name.removeprefix("bert."): torch.from_numpy(np.array(array)) for name, array in to_bert(unpacked(packed)).items()}
    own = model.state_dict()
    places = own["embeddings.position_embeddings.weight"]
    places[:len(state["embeddings.position_embeddings.weight"])] = state["embeddings.position_embeddings.weight"]
    assert set(own) - set(state) <= {name for name in own if name.startswith("pooler.") or name.endswith("_ids")}
    model.load_state_dict({**own, **state, "embeddings.position_embeddings.weight": places})
    return model
