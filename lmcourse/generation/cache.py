"""The KV cache: what attention computed for earlier tokens is kept, so that a new token costs one row, not all of them."""
import torch


class LayerCache:
    """Keys and values of one layer, (B, KV, max_len, d_head) each, filled from the left; room is taken once."""
    def __init__(self, room):
        self.keys = self.values = self.last = None
        self.room, self.length = room, 0

    def extend(self, k, v):
        """Adds k and v (B, KV, T, d_head); returns all so far (B, KV, S, d_head)."""
        if self.keys is None:
            B, H, _, d = k.shape
            self.keys, self.values = k.new_empty(B, H, self.room, d), v.new_empty(B, H, self.room, d)
        end = self.length + k.shape[2]
        self.keys[:, :, self.length:end], self.values[:, :, self.length:end] = k, v
        self.length = end
        return self.keys[:, :, :end], self.values[:, :, :end]

    def previous(self, x):
        """For the token shift: the last vector of the call before (B, 1, d), zeros at first; keeps the new last one."""
        before = torch.zeros_like(x[:, :1]) if self.last is None else self.last
        self.last = x[:, -1:]
        return before


class Cache:
    """One `LayerCache` a block. Give it to `model(ids, cache=cache)` again and again; the ids are only the new ones."""
    def __init__(self, model):
        self.layers = [LayerCache(model.config.max_len) for _ in range(model.config.n_layers)]

    @property
    def length(self):
        """Tokens seen so far."""
        return self.layers[0].length

    def take(self, rows):
        """Goes on with these rows of the batch (B',), in this order; a row may come twice."""
        for layer in self.layers:
            layer.keys, layer.values = layer.keys[rows], layer.values[rows]
            layer.last = None if layer.last is None else layer.last[rows]
