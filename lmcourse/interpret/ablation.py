"""Taking parts away: whole heads, or single looks from one token to another."""
from contextlib import contextmanager

from .probe import probing


@contextmanager
def ablate(model, heads=(), edges=None):
    """`with lm.ablate(model, heads=[(layer, head)], edges={(layer, head): [(query, source)]}):` changes every pass inside.

    heads   these heads' output becomes zero
    edges   these looks get the score minus infinity, and the row's other weights grow to sum to 1; instead of pairs a
            bool tensor (T, T) or (B, T, T) may be given, True where the look is cut
    Layers and heads count from 0. Raises ValueError for a head that is not there; a look that is not there, or a query
    that could look nowhere any more, raises when the model runs.
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
    with probing(model, changes):
        yield model

