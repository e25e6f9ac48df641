"""The logit lens: what the model would say if it had to speak after each block (nostalgebraist, 2020; Belrose et al., 2023)."""
import torch

from .recording import record


@torch.no_grad()
def logit_lens(model, ids):
    """Each layer's stream read through the final norm and the output layer: ids (B, T) -> log-probabilities (L + 1, B, T, V).

    [i] is the next-token distribution that the stream before block i would give, [L] the model's own. ValueError for a
    post-norm model: its stream is normalised in every block, and no final norm is there to read it through.
    """
    if not model.config.norm_first:
        raise ValueError("the lens reads the stream through the final norm; a model with norm_first=False has none")
    stream = model.final_norm(torch.stack(record(model, ids).residual))                 # (L + 1, B, T, d)
    logits = stream @ model.token_embedding.weight.mT if model.output is None else model.output(stream)
    return logits.log_softmax(-1)
