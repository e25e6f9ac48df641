"""Attention: a soft look-up. One function and one layer; every model of the course uses them."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from .positions import rotate


def causal_mask(n_queries, n_keys, device=None):
    """True where a query may look: at keys that do not come after it. (n_queries, n_keys)

    With more keys than queries the queries are the last ones, as when a cache holds the earlier keys.
    """
    return torch.ones(n_queries, n_keys, dtype=torch.bool, device=device).tril(n_keys - n_queries)


def attention(q, k, v, causal=False, mask=None, temperature=1.0, return_weights=False, bias=None):
    """Scaled dot-product attention (Vaswani et al., 2017), written out.

    q (..., T, d), k and v (..., S, d); `mask` (..., T, S) is True where a query may look.
    `temperature` divides the scores: below 1 sharpens, above 1 flattens. `bias` (..., T, S) is added to them (alibi).
    Returns (..., T, d), and with `return_weights` also the weights (..., T, S), whose rows sum to 1.
    Raises ValueError if a size does not fit, or if a query may look nowhere.
    """
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ValueError(f"queries {tuple(q.shape)}, keys {tuple(k.shape)} and values {tuple(v.shape)} do not fit: "
                         "q and k share the last size, k and v the last but one")
    if not temperature > 0:
        raise ValueError(f"temperature={temperature} must be above 0")
    scores = q @ k.mT / (q.shape[-1] ** 0.5 * temperature)              # (..., T, S)
    if bias is not None:
        scores = scores + bias
    if causal:
        allowed = causal_mask(q.shape[-2], k.shape[-2], q.device)
        mask = allowed if mask is None else mask & allowed
    if mask is not None:
        if not mask.any(-1).all():
            raise ValueError("a query may look nowhere: its row of the mask is all False")
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = scores.softmax(-1)                                        # (..., T, S)
    output = weights @ v                                                # (..., T, d)
    return (output, weights) if return_weights else output


class Attention(nn.Module):
    """Multi-head self-attention. (B, T, d) -> (B, T, d)

    With `causal` (GPT) a token looks at itself and what stands before it, without (BERT) at the whole text.
    `probe` is None, or what `lmcourse.interpret` puts there to read or change the weights: called with q, k, v
    (B, H, T, d_head), the scores' bias (alibi; else None), `causal` and the mask, it gives the heads' output. Without it
    torch's fused kernel does the same.
    """
    def __init__(self, config, causal=True):
        super().__init__()
        if config.position == "alibi" and not causal:
            raise ValueError("position='alibi' knows no distance to the right; take learned, sinusoidal, rope or none")
        self.config, self.causal, self.probe = config, causal, None
        heads, kv = config.n_heads, config.n_kv_heads
        self.qkv = nn.Linear(config.d_model, (heads + 2 * kv) * config.d_head, bias=config.bias)
        self.output = nn.Linear(config.d_model, config.d_model, bias=config.bias)
        if config.token_shift:
            self.mix = nn.Parameter(torch.zeros(config.d_model))        # how much of the previous token, per channel

    def forward(self, x, angles=None, cache=None, bias=None, mask=None):
        """`angles` (cos, sin) of these positions for rope; `bias` (H, T, S) for alibi; `cache` (a generation.cache.LayerCache) holds what earlier
        calls saw and is filled; `mask` (B, 1, 1 or T, S) is False where nobody may look (padding)."""
        B, T, d = x.shape
        c = self.config
        if c.token_shift:
            x = x + self.mix * self._previous(x, cache)                 # (B, T, d)
        qkv = self.qkv(x).view(B, T, -1, c.d_head).transpose(1, 2)      # (B, H + 2 KV, T, d_head)
        q, k, v = qkv.split([c.n_heads, c.n_kv_heads, c.n_kv_heads], 1)
        if c.qk_norm:
            q, k = (F.layer_norm(z, (c.d_head,)) for z in (q, k))
        if angles is not None:
            q, k = rotate(q, *angles), rotate(k, *angles)
        if cache is not None:
            k, v = cache.extend(k, v)                                   # (B, KV, S, d_head), S >= T
        if c.n_kv_heads < c.n_heads:
            k, v = (z.repeat_interleave(c.n_heads // c.n_kv_heads, 1) for z in (k, v))
        y = self._attend(q, k, v, bias, mask)                           # (B, H, T, d_head)
        return self.output(y.transpose(1, 2).reshape(B, T, d))

    def _attend(self, q, k, v, bias, mask):
        if self.probe is not None:
            return self.probe(q, k, v, bias, self.causal, mask)
        T, S = q.shape[-2], k.shape[-2]
        if self.causal and mask is None and bias is None and T == S:
            return F.scaled_dot_product_attention(q, k, v, is_causal=True)
        if self.causal and T > 1:
            allowed = causal_mask(T, S, q.device)
            mask = allowed if mask is None else mask & allowed
        if bias is not None:
            mask = (bias if mask is None else bias.masked_fill(~mask, float("-inf"))).to(q.dtype)
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)

    @staticmethod
    def _previous(x, cache):
        """The vector of the token before, zeros before the first. (B, T, d)"""
        before = torch.zeros_like(x[:, :1]) if cache is None else cache.previous(x)
        return torch.cat([before, x[:, :-1]], 1)


class CrossAttention(Attention):
    """Multi-head attention from one text to another: queries of the target (B, T, d), keys and values of the source (B, S, d).

    The same matrices as self-attention's: the rows of `qkv` that make queries read the target, the others the source. It has no
    causal mask, since the source is complete, and no rope, since places in two texts have no distance.
    """
    def __init__(self, config):
        super().__init__(config, causal=False)
        if config.token_shift:
            del self.mix                                                # the source's tokens are mixed by the encoder

    def keys_values(self, states):
        """(k, v), (B, KV, S, d_head) each, of the encoder's last states (B, S, d); made once for a whole text."""
        k, v = self._part(states, self.config.d_model, None).chunk(2, 1)
        return (F.layer_norm(k, (self.config.d_head,)) if self.config.qk_norm else k), v

    def forward(self, x, source, mask=None):
        """`source` is what `keys_values` gave, of B rows or of one for all; `mask` (B, 1, 1, S) is False at padding."""
        B, T, d = x.shape
        c = self.config
        q = self._part(x, 0, d)                                         # (B, H, T, d_head)
        if c.qk_norm:
            q = F.layer_norm(q, (c.d_head,))
        k, v = (z.repeat_interleave(c.n_heads // c.n_kv_heads, 1).expand(B, -1, -1, -1) for z in source)
        y = self._attend(q, k, v, None, mask)                           # (B, H, T, d_head)
        return self.output(y.transpose(1, 2).reshape(B, T, d))

    def _part(self, x, start, end):
        """What these rows of `qkv` make of x (B, T, d), by head: (B, heads, T, d_head)."""
        bias = None if self.qkv.bias is None else self.qkv.bias[start:end]
        return F.linear(x, self.qkv.weight[start:end], bias).view(*x.shape[:2], -1, self.config.d_head).transpose(1, 2)
