"""How good a language model is: its loss on held-out stories, and how far that is above the floor."""
from collections import defaultdict
from dataclasses import dataclass

import torch


@dataclass
class Excess:
    """Nats a token above the floor, on the same stories: `.mean` over all tokens, `.by_kind` {kind: mean over the tokens
    of that kind}, `.counts` {kind: how many}, `.loss` the model's own loss and `.floor` the stories'."""
    mean: float
    by_kind: dict
    counts: dict
    loss: float
    floor: float

    def __float__(self):
        return self.mean


@torch.no_grad()
def token_losses(model, row):
    """-log q of each token of one row of ids after the first, in nats: float32 (len(row) - 1,)."""
    ids = torch.tensor([row], device=next(model.parameters()).device)   # (1, T)
    log_q = model(ids[:, :-1])[0].log_softmax(-1)                       # (T - 1, V)
    return -log_q.gather(1, ids[0, 1:, None])[:, 0].cpu()               # (T - 1,)


def excess_over_floor(model, rows, corpus):
    """The model's loss minus the exact least loss, paired story by story: `rows` are `corpus` as ids, one token a word.

    Returns an `Excess`. Raises ValueError if a row and its story differ in length, as with a tokenizer that splits words.
    """
    if len(rows) != len(corpus):
        raise ValueError(f"{len(rows)} rows for {len(corpus)} stories")
    model.eval()
    scored = []
    for row, log_p, kinds in zip(rows, corpus.log_probs, corpus.kinds):
        if len(row) != len(log_p):
            raise ValueError(f"a story of {len(log_p)} tokens became a row of {len(row)}: the floor holds only where one word is one token")
        scored += zip(kinds[1:], token_losses(model, row).tolist(), log_p[1:])
    return _excess(scored)


@torch.no_grad()
def excess_at_hidden(model, rows, corpus, places, mask_id):
    """A masked model's loss at hidden words minus the exact least loss: at each of `places` (`world.hidden_places`) that one word
    of the story is hidden, and nothing else. `rows` are `corpus` as ids, one token a word; `.counts` and means count hidden words.

    Returns an `Excess`. Raises ValueError if a row and its story differ in length.
    """
    model.eval()
    scored, device = [], next(model.parameters()).device
    for n, at, log_p in places:
        if len(rows[n]) != len(corpus.tokens[n]):
            raise ValueError(f"a story of {len(corpus.tokens[n])} tokens became a row of {len(rows[n])}: the optimum holds only where one word is one token")
        ids = torch.tensor([rows[n]], device=device)                    # (1, T)
        word, ids[0, at] = rows[n][at], mask_id
        scored.append((corpus.kinds[n][at], -model(ids)[0, at].log_softmax(-1)[word].item(), log_p))
    return _excess(scored)


def _excess(scored):
    """The Excess of words: [(kind, the model's loss, exact log-probability)]."""
    by_kind, n = defaultdict(list), len(scored)
    for kind, own, best in scored:
        by_kind[kind].append(own + best)
    mean, loss = sum(map(sum, by_kind.values())) / n, sum(own for _, own, _ in scored) / n
    order = sorted(by_kind, key=lambda kind: -sum(by_kind[kind]))
    return Excess(mean, {kind: sum(by_kind[kind]) / len(by_kind[kind]) for kind in order}, {kind: len(by_kind[kind]) for kind in order}, loss, loss - mean)


def perplexity(model, rows):
    """exp of the mean loss a token over all rows of ids: as if the model chose among that many words each time."""
    return torch.cat([token_losses(model, row) for row in rows]).mean().exp().item()
