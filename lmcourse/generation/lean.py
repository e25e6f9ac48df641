"""The same step with less around it: one new token for a GPT-2, as a plain run of functions.

For a small model most of the time of one token goes into Python: module calls, checks, dictionary look-ups. Here every
weight is in a tuple and every operation is one call. `generate` uses it where it applies; a test holds that it gives
what the readable model gives.
"""
import torch
import torch.nn.functional as F

LONG = 64       # new tokens from which on it pays to copy weights for them (measured at d = 384 and 768)


def applies(model):
    """Whether `model` is a plain GPT-2 that nobody looks into (probes, hooks) and no layer of which was exchanged (LoRA)."""
    c = model.config
    return ((c.position, c.norm, c.norm_first, c.qk_norm, c.token_shift, c.tie_weights, c.n_kv_heads)
            == ("learned", "layer", True, False, False, True, c.n_heads)
            and c.mlp != "swiglu" and all(block.attention.probe is None for block in model.blocks)
            and all(type(layer) is torch.nn.Linear for b in model.blocks for layer in (b.attention.qkv, b.attention.output, b.mlp.up, b.mlp.down))
            and not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules()))


class LeanStep:
    """`step(ids, cache)`: ids (B,) -> logits (B, V), continuing and filling `cache` like `model(ids[:, None], cache)`.

    For a text of LONG new tokens or more it copies weights (see `turned`): after the model has learned, make it anew.
    """
    def __init__(self, model, new):
        self.model, c = model, model.config
        self.sizes, self.eps, self.approximate = (c.n_heads, c.d_head), c.norm_eps, "tanh" if c.mlp == "gelu_tanh" else "none"
        both = lambda norm: (norm.weight, norm.bias)
        line = lambda layer: (turned(layer.weight, new), layer.weight.new_zeros(len(layer.weight)) if layer.bias is None else layer.bias)
        self.blocks = [(*both(b.attention_norm), *line(b.attention.qkv), *line(b.attention.output),
                        *both(b.mlp_norm), *line(b.mlp.up), *line(b.mlp.down)) for b in model.blocks]
        self.final, self.head = both(model.final_norm), turned(model.token_embedding.weight, new)         # head (d, V)

    def __call__(self, ids, cache):
        B, t, (heads, size), eps = len(ids), cache.length, self.sizes, self.eps
        if t >= self.model.config.max_len:
            raise ValueError(f"{t + 1} tokens are more than max_len={self.model.config.max_len}")
        x = self.model.token_embedding.weight[ids] + self.model.position_embedding.weight[t]         # (B, d), a new one: it may change in place
        d = x.shape[1:]
        for kept, (n1, c1, qkv, c2, out, c3, n2, c4, up, c5, down, c6) in zip(cache.layers, self.blocks):
            q, k, v = torch.addmm(c2, F.layer_norm(x, d, n1, c1, eps), qkv).view(B, 3, heads, 1, size).unbind(1)
            k, v = kept.extend(k, v)                                                    # (B, H, t + 1, d_head)
            y = F.scaled_dot_product_attention(q, k, v).view(B, -1)                     # (B, d)
            x = x.add_(c3).addmm_(y, out)
            h = F.gelu(torch.addmm(c5, F.layer_norm(x, d, n2, c4, eps), up), approximate=self.approximate)      # (B, 4d)
            x = x.add_(c6).addmm_(h, down)
        return F.layer_norm(x, d, *self.final, eps) @ self.head


def turned(weight, new):
    """A Linear's weight (out, in) as (in, out). On a CPU, for LONG new tokens or more, its longer side then lies in one piece in
    memory: (d, 4d) is copied, (4d, d) is so already.

    One token is one vector, so each weight is fetched for a single product, and from d = 384 on long runs arrive nearly twice
    as fast. The copies are two thirds of GPT-2's size, and take as long as 10 to 65 tokens save.
    """
    return weight.t().contiguous() if new >= LONG and weight.shape[0] > weight.shape[1] and weight.device.type == "cpu" else weight.t()
