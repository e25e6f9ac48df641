"""The same step with less around it: one new token for a GPT-2, as a plain run of functions.

For a small model most of the time of one token goes into Python: module calls, checks, dictionary look-ups. Here every
weight is in a tuple and every operation is one call. `generate` uses it where it applies; a test holds that it gives
what the readable model gives.
"""
import torch.nn as nn
import torch.nn.functional as F


def applies(model):
    """Whether `model` is a plain GPT-2 that nobody looks into (probes, hooks) and no layer of which was exchanged (LoRA)."""
    c = model.config
    return ((c.position, c.norm, c.norm_first, c.qk_norm, c.token_shift, c.tie_weights, c.n_kv_heads)
            == ("learned", "layer", True, False, False, True, c.n_heads)
            and c.mlp != "swiglu" and all(block.attention.probe is None for block in model.blocks)
            and all(type(layer) is nn.Linear for b in model.blocks for layer in (b.attention.qkv, b.attention.output, b.mlp.up, b.mlp.down))
            and not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules()))


class LeanStep:
    """`step(ids, cache)`: ids (B,) -> logits (B, V), continuing and filling `cache` like `model(ids[:, None], cache)`."""
    def __init__(self, model):
        self.model, c = model, model.config
        self.sizes, self.eps, self.approximate = (c.n_heads, c.d_head), c.norm_eps, "tanh" if c.mlp == "gelu_tanh" else "none"
        both = lambda module: (module.weight, module.bias)
        self.blocks = [(*both(b.attention_norm), *both(b.attention.qkv), *both(b.attention.output),
                        *both(b.mlp_norm), *both(b.mlp.up), *both(b.mlp.down)) for b in model.blocks]

    def __call__(self, ids, cache):
        B, t, (heads, size), eps = len(ids), cache.length, self.sizes, self.eps
        tokens, final = self.model.token_embedding.weight, self.model.final_norm
        if t >= self.model.config.max_len:
            raise ValueError(f"{t + 1} tokens are more than max_len={self.model.config.max_len}")
        x = tokens[ids] + self.model.position_embedding.weight[t]                       # (B, d)
        d = x.shape[1:]
        for kept, (n1, c1, qkv, c2, out, c3, n2, c4, up, c5, down, c6) in zip(cache.layers, self.blocks):
            q, k, v = F.linear(F.layer_norm(x, d, n1, c1, eps), qkv, c2).view(B, 3, heads, 1, size).unbind(1)
            k, v = kept.extend(k, v)                                                    # (B, H, t + 1, d_head)
            y = F.scaled_dot_product_attention(q, k, v).view(B, -1)                     # (B, d)
            x = x + F.linear(y, out, c3)
            x = x + F.linear(F.gelu(F.linear(F.layer_norm(x, d, n2, c4, eps), up, c5), approximate=self.approximate), down, c6)
        return F.linear(F.layer_norm(x, d, final.weight, final.bias, eps), tokens)
