"""Beam search: keep the k likeliest texts of each length, extend them all, set aside those that ended."""
import torch

from .reading import Reading


def beam_search(model, prompt, max_new_tokens, beam, over=None, shut=None):
    """The best continuations of one prompt, a list of ids: [(score, new ids), ...], best first, at most beam.k.

    over: function(new ids) -> whether the text has ended; None: none ends early.   shut: (V,), True for tokens that may not come.
    It goes on until no running text can still overtake the k that ended (transformers' early_stopping="never").
    """
    for running, finished in beam_steps(model, prompt, max_new_tokens, beam, over, shut):
        pass
    scored = [(total / len(text) ** beam.length_penalty, text) for total, text in running]
    return sorted(finished + scored, key=lambda pair: -pair[0])[:beam.k]


@torch.inference_mode()
def beam_steps(model, prompt, max_new_tokens, beam, over=None, shut=None):
    """The same search, step by step: yields (running, finished) after each new token, best first.

    running: [(sum of log-probabilities, new ids), ...], at most k texts that go on.   finished: [(score, new ids), ...], the k best that ended.
    """
    device = next(model.parameters()).device
    reading, k, penalty = Reading(model, max_new_tokens), beam.k, beam.length_penalty
    logits = reading.read(torch.tensor([prompt], device=device))        # (1, V)
    running, finished = [(0.0, [])], []
    for n in range(1, max_new_tokens + 1):
        log_p = (logits if shut is None else logits.masked_fill(shut, float("-inf"))).log_softmax(-1)
        sums = torch.tensor([total for total, _ in running], device=device)[:, None] + log_p          # (k', V)
        sums, flat = sums.flatten().topk(min(2 * k, sums.numel()))      # twice as many, as up to k of them may end
        extended, parents = [], []
        for place, (total, at) in enumerate(zip(sums.tolist(), flat.tolist())):
            parent, token = divmod(at, log_p.shape[1])
            text = [*running[parent][1], token]
            if total == float("-inf"):
                break
            if over is not None and over(text):
                if place < k:
                    finished.append((total / n ** penalty, text))
            elif len(extended) < k:
                extended.append((total, text))
                parents.append(parent)
        running, finished = extended, sorted(finished, key=lambda pair: -pair[0])[:k]
        yield running, finished
        if not running or n == max_new_tokens or len(finished) == k and finished[-1][0] >= _hope(running[0][0], n, max_new_tokens, penalty):
            return
        reading.take(torch.tensor(parents, device=device))
        logits = reading.read(torch.tensor([[text[-1]] for _, text in running], device=device))       # (k', V)


def _hope(total, n, longest, penalty):
    """The highest score that a running text can still reach: sums only fall, and a penalty above 0 forgives length."""
    return total / (longest if penalty > 0 else n) ** penalty
