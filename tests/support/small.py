"""Small models that several tests share."""
import torch

SMALL = {"vocab_size": 50, "d_model": 32, "n_heads": 4, "n_layers": 2, "max_len": 24}
MODERN = {"position": "rope", "qk_norm": True, "token_shift": True, "n_kv_heads": 2, "norm": "rms", "mlp": "swiglu", "bias": False}


def randomised(model, std=0.2):
    """Random weights everywhere, so that no part is silent as it is at the start of training."""
    torch.manual_seed(0)
    for p in model.parameters():
        torch.nn.init.normal_(p, std=std)
    return model.eval()
