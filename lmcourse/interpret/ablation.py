"""Taking parts away: whole heads, single looks from one token to another, or the word order."""
from contextlib import contextmanager, nullcontext

import torch

from .probe import Probe, layers_of, probing


@contextmanager
def ablate(model, heads=(), edges=None, positions=False, part=None):
    """`with lm.ablate(model, heads=[(layer, head)], edges={(layer, head): [(query, source)]}):` changes every pass inside.

    heads   these heads' output becomes zero
    edges   these looks get the score minus infinity, and the row's other weights grow to sum to 1; instead of pairs a
            bool tensor (T, T) or (B, T, T) may be given, True where the look is cut
    positions   True: the learned position vectors become zero, so that the model no longer hears where a token stands
    part    of a Seq2Seq: whose heads and looks are meant, "encoder", "decoder" (its self-attention) or "cross", whose looks go from target to
            source, (T, S)
    Layers and heads count from 0. Raises ValueError for a head that is not there; a look that is not there, or a query
    that could look nowhere any more, raises when the model runs. ValueError for positions of a model that learned none.
    """
    layers = layers_of(model, part) if heads or edges or part else []
    changes = []
    for layer, head in [*heads, *(edges or {})]:
        if not (0 <= layer < model.config.n_layers and 0 <= head < model.config.n_heads):
            raise ValueError(f"no layer {layer}, head {head}: layers go from 0 to {model.config.n_layers - 1}, "
                             f"heads from 0 to {model.config.n_heads - 1}")
    for layer, attention in enumerate(layers):
        off = frozenset(head for l, head in heads if l == layer)
        cuts = {head: cut for (l, head), cut in (edges or {}).items() if l == layer}
        before = attention.probe or Probe()
        changes.append({"heads_off": before.heads_off | off, "edges_off": {**before.edges_off, **cuts}} if off or cuts else {})
    with probing(layers, changes), without_positions(model) if positions else nullcontext():
        yield model


@contextmanager
def without_positions(model):
    """The learned position vectors are zero inside, and back afterwards."""
    tables = [child for name, child in model.named_children() if name.startswith("position_embedding")]
    if not tables:
        raise ValueError(f"positions=True needs learned positions; this model has position={model.config.position!r}")
    learned = [table.weight.data for table in tables]
    for table in tables:
        table.weight.data = torch.zeros_like(table.weight)
    try:
        yield
    finally:
        for table, data in zip(tables, learned):
            table.weight.data = data
