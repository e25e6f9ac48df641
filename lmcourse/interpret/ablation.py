"""Taking parts away: whole heads, single looks from one token to another, or the word order."""
from contextlib import contextmanager, nullcontext

import torch

from .probe import probing


@contextmanager
def ablate(model, heads=(), edges=None, positions=False):
    """`with lm.ablate(model, heads=[(layer, head)], edges={(layer, head): [(query, source)]}):` changes every pass inside.

    heads   these heads' output becomes zero
    edges   these looks get the score minus infinity, and the row's other weights grow to sum to 1; instead of pairs a
            bool tensor (T, T) or (B, T, T) may be given, True where the look is cut
    positions   True: the learned position vectors become zero, so that the model no longer hears where a token stands
    Layers and heads count from 0. Raises ValueError for a head that is not there; a look that is not there, or a query
    that could look nowhere any more, raises when the model runs. ValueError for positions of a model that learned none.
    """
    changes = [{} for _ in model.blocks]
    for layer, head in [*heads, *(edges or {})]:
        if not (0 <= layer < model.config.n_layers and 0 <= head < model.config.n_heads):
            raise ValueError(f"no layer {layer}, head {head}: layers go from 0 to {model.config.n_layers - 1}, "
                             f"heads from 0 to {model.config.n_heads - 1}")
    for layer, block in enumerate(model.blocks):
        off = frozenset(head for l, head in heads if l == layer)
        cuts = {head: cut for (l, head), cut in (edges or {}).items() if l == layer}
        if off:
            changes[layer]["heads_off"] = off | (block.attention.probe.heads_off if block.attention.probe else frozenset())
        if cuts:
            changes[layer]["edges_off"] = {**(block.attention.probe.edges_off if block.attention.probe else {}),
                                           **cuts}
    with probing(model, changes), without_positions(model) if positions else nullcontext():
        yield model


@contextmanager
def without_positions(model):
    """The learned position vectors are zero inside, and back afterwards."""
    if model.position_embedding is None:
        raise ValueError(f"positions=True needs learned positions; this model has position={model.config.position!r}")
    learned = model.position_embedding.weight.data
    model.position_embedding.weight.data = torch.zeros_like(learned)
    try:
        yield
    finally:
        model.position_embedding.weight.data = learned

