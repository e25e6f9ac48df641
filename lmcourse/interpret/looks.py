"""Which look back would help: for a word that repeats what was said, the places that say it.

A *look* is a pair (query, source): the token that looks, whose next token is to be guessed, and the token looked at.
"""
import torch

from .recording import record


def copying_looks(words, kinds, kind):
    """Looks that copy: {query: [sources]} for each word of this `kind` (such as "copied last name"): the query is the
    word before it, the sources are the words that followed the same word earlier (an induction head's; Olsson et al., 2022)."""
    looks = {}
    for at in range(1, len(words)):
        if kinds[at] == kind:
            sources = [j + 1 for j in range(at - 1) if words[j] == words[at - 1] and words[j + 1] == words[at]]
            if sources:
                looks[at - 1] = sources
    return looks


def pronoun_looks(words, kinds, about, before, to):
    """Looks that settle a pronoun: {query: [sources]} for each she, he, her or his that follows the words `before`.

    to="name": every mention of the person's first name so far and the last name after it; to="pronoun": every earlier
    pronoun that stands for the same person.
    """
    looks = {}
    for at in range(1, len(words)):
        if kinds[at] != "pronoun" or words[at] == "they" or words[at - 1] not in before:
            continue
        if to == "name":
            names = [j for j in range(at) if words[j] == about[at]]
            looks[at - 1] = sorted({j for name in names for j in (name, name + 1) if j < at})
        else:
            looks[at - 1] = [j for j in range(at) if kinds[j] == "pronoun" and about[j] == about[at] and words[j] != "they"]
    return {query: sources for query, sources in looks.items() if sources}


def random_looks(looks, rng):
    """As many other looks of the same queries, drawn with `rng` (a random.Random): the control for a cut. At least one
    source is left to each query."""
    drawn = {}
    for query, sources in looks.items():
        others = [j for j in range(query + 1) if j not in sources]
        drawn[query] = rng.sample(others, min(len(sources), len(others) - 1)) if len(others) > 1 else []
    return drawn


def mean_look(model, rows, looks):
    """How much each head looks where it should: rows of ids and their looks -> (n_layers, n_heads), the weight from each
    query to its sources together, averaged over all queries. ValueError if there is no look at all."""
    total, n = torch.zeros(model.config.n_layers, model.config.n_heads), 0
    for row, each in zip(rows, looks):
        if each:
            attention = torch.stack(record(model, torch.tensor([row])).attention)[:, 0]      # (L, H, T, T)
            for query, sources in each.items():
                total += attention[:, :, query, sources].sum(-1)
                n += 1
    if not n:
        raise ValueError("none of the rows has such a look: take more stories")
    return total / n


def strongest(table):
    """(layer, head) of the largest number in a (n_layers, n_heads) table."""
    return divmod(int(table.argmax()), table.shape[1])
