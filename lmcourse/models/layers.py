"""The parts of a block that look at one token at a time: norms and the MLP."""
import torch.nn as nn
import torch.nn.functional as F


def norm(config):
    """LayerNorm (Ba et al., 2016) or RMSNorm (Zhang & Sennrich, 2019) over the last dimension."""
    if config.norm == "rms":
        return nn.RMSNorm(config.d_model, eps=config.norm_eps)
    return nn.LayerNorm(config.d_model, eps=config.norm_eps, bias=config.bias)


class MLP(nn.Module):
    """Two matrices with a bend between them, or three (SwiGLU; Shazeer, 2020). (..., d) -> (..., d)"""
    def __init__(self, config):
        super().__init__()
        self.kind = config.mlp
        self.up = nn.Linear(config.d_model, config.d_hidden, bias=config.bias)
        self.gate = nn.Linear(config.d_model, config.d_hidden, bias=config.bias) if config.mlp == "swiglu" else None
        self.down = nn.Linear(config.d_hidden, config.d_model, bias=config.bias)

    def forward(self, x):
        if self.kind == "swiglu":
            return self.down(F.silu(self.gate(x)) * self.up(x))
        return self.down(F.gelu(self.up(x), approximate="tanh" if self.kind == "gelu_tanh" else "none"))
