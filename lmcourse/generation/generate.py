"""Writing text: choose a token, append it, ask again."""
import torch

from .beams import beam_search
from .draws import Draws
from .reading import Reading, writing
from .sources import alone, begin
from .stops import stopper
from .strategies import Beam, Greedy


def generate(model, ids, max_new_tokens, strategy=None, stop=None, seed=None, allowed=None, tokenizer=None):
    """Continues each row of `ids` with a GPT or an LSTMLanguageModel; with a Seq2Seq writes a text for each.

    ids        a tensor (B, T), or a list of rows (lists of ids) that may differ in length; a Seq2Seq's are its sources, and
               what comes back are its texts, each from the model's start_id on
    strategy   Greedy() (the default), Sample(...) or Beam(...)
    stop       what ends a row: an id, such as the tokenizer's end_id; a string that the new text contains (with `tokenizer`);
               a list of these; or a function of the row's new ids, a list, that says whether it is over
    seed       makes Sample repeatable: a whole number for torch's generator, or `Draws(number)` for the one that the pages have, too
    allowed    ids that may come; all others get probability 0
    Returns what it was given: a tensor (B, T + n), n <= max_new_tokens, in which a row that ended is filled with its stop id,
    or a list of rows, each cut behind its end. A row's result does not depend on the others (Sample: its random draws do).
    ValueError for an empty prompt, ids or settings that do not fit, or a text that would outgrow the model's max_len.
    """
    model, ids, rows = begin(model, ids, _rows(ids))
    texts = isinstance(ids, torch.Tensor)
    if texts and len(rows) > 1 and stop is not None and not (isinstance(stop, int) and not isinstance(stop, bool)):
        raise ValueError("rows that stop at words or by a function differ in length: give ids as a list of rows and get one back")
    over = stopper(stop, tokenizer)
    shut = _shut(allowed, _check(Reading(model), rows, max_new_tokens), model)
    with writing(model), torch.inference_mode():
        if isinstance(strategy, Beam):
            new = [beam_search(alone(model, n), row, max_new_tokens, strategy, over, shut)[0][1] for n, row in enumerate(rows)]
        else:
            log = _Log(rows, max_new_tokens, over) if over or not texts else None
            written = list(_steps(model, rows, max_new_tokens, strategy or Greedy(), seed, shut, log))
            new = None if log is None else log.new
    if not texts:
        return [row + more for row, more in zip(rows, new)]
    if new is not None:
        most = max(map(len, new))
        written = torch.tensor([more + [stop] * (most - len(more)) for more in new], device=ids.device).unbind(1)
    return torch.cat([ids, torch.stack(written, 1).to(ids.device)], 1)  # outside, so that it may go through a model that learns


def stream(model, ids, max_new_tokens, strategy=None, stop=None, seed=None, allowed=None, tokenizer=None):
    """The same, token by token: yields, as soon as it is chosen, a list with each row's new id; None for a row that is
    over, or that still reads its prompt. Beam has nothing to stream: its text is known only at the end."""
    if isinstance(strategy, Beam):
        raise ValueError("Beam cannot stream: which text wins is known only at the end; use generate")
    model, _, rows = begin(model, ids, _rows(ids))
    shut = _shut(allowed, _check(Reading(model), rows, max_new_tokens), model)
    return _stream(model, rows, max_new_tokens, strategy or Greedy(), seed, shut, _Log(rows, max_new_tokens, stopper(stop, tokenizer)))


@torch.inference_mode()
def _stream(model, *asked):
    with writing(model):
        for _ in _steps(model, *asked):
            yield asked[-1].last


class _Log:
    """What each row has written, and whether it is over. `note(chosen)`, (B,), says whether all are."""
    def __init__(self, rows, most, over):
        shortest = min(map(len, rows))
        self.waits = [len(row) - shortest for row in rows]              # steps until the row has read its prompt
        self.new, self.ended, self.most, self.over = [[] for _ in rows], [False] * len(rows), most, over

    def note(self, chosen):
        self.last = chosen.tolist()
        for b, token in enumerate(self.last):
            if self.waits[b] or self.ended[b]:
                self.waits[b], self.last[b] = max(0, self.waits[b] - 1), None
                continue
            self.new[b].append(token)
            self.ended[b] = len(self.new[b]) == self.most or self.over is not None and self.over(self.new[b])
        return all(self.ended)


def _steps(model, rows, max_new_tokens, strategy, seed, shut, log):
    """Yields what is appended to each row (B,), step by step.

    Rows of different length begin together at their first token, and while a longer prompt lasts its own next token is
    appended, not the chosen one. So every token stands where it stands alone, nothing is padded, and nothing need be masked.
    """
    reading, device = Reading(model, max_new_tokens), next(model.parameters()).device
    generator = seed if seed is None or isinstance(seed, Draws) else torch.Generator(device).manual_seed(seed)
    lengths = [len(row) for row in rows]
    shortest, longest = min(lengths), max(lengths)
    prompts = torch.tensor([row + [-1] * (longest - len(row)) for row in rows], device=device)        # (B, longest), -1: free
    logits, seen = reading.read(prompts[:, :shortest]), None            # (B, V)
    if getattr(strategy, "repetition_penalty", 1) != 1:
        seen = torch.zeros_like(logits, dtype=torch.bool).scatter_(1, prompts[:, :shortest], True)
    for n in range(steps := longest - shortest + max_new_tokens):
        if shut is not None:
            logits = logits.masked_fill(shut, float("-inf"))
        chosen = strategy.choose(logits, generator) if seen is None else strategy.choose(logits, generator, seen)
        if n < longest - shortest:
            given = prompts[:, shortest + n]
            chosen = chosen.where(given < 0, given)
        over = log is not None and log.note(chosen)
        yield chosen
        if over or n == steps - 1:
            return
        if seen is not None:
            seen.scatter_(1, chosen[:, None], True)
        logits = reading.read(chosen[:, None])


def _rows(ids):
    """`ids` as a list of lists."""
    if isinstance(ids, torch.Tensor):
        if ids.dim() != 2 or ids.is_floating_point():
            raise ValueError(f"ids must be whole numbers (B, T), or a list of rows; got {tuple(ids.shape)} of {ids.dtype}")
        rows = ids.tolist()
    else:
        if not all(isinstance(row, (list, tuple)) for row in ids):
            raise ValueError("ids must be a tensor (B, T) or a list of rows, each a list of ids")
        rows = [list(row) for row in ids]
        if odd := [each for row in rows for each in row if not isinstance(each, int)]:
            raise ValueError(f"ids holds {odd[0]!r}; ids are whole numbers, such as tokenizer.encode(text) gives")
    if not rows or not all(rows):
        where = "" if not rows else f" in row {[bool(row) for row in rows].index(False)}"
        raise ValueError(f"an empty prompt{where}: each row needs at least one token; the tokenizer's end_id starts a text")
    return rows


def _check(reading, rows, max_new_tokens):
    """The size of the vocabulary. ValueError where prompts or lengths do not fit the model."""
    if not isinstance(max_new_tokens, int) or max_new_tokens < 1:
        raise ValueError(f"max_new_tokens={max_new_tokens} must be a whole number of at least 1")
    low, high = min(map(min, rows)), max(map(max, rows))
    if low < 0 or high >= reading.vocab_size:
        raise ValueError(f"ids go from {low} to {high}, but the model knows 0 to {reading.vocab_size - 1}; do tokenizer and model belong together?")
    longest, room = max(map(len, rows)), reading.max_len
    if room is not None and longest + max_new_tokens > room + 1:        # the last token is written, never read
        raise ValueError(f"{longest} tokens and {max_new_tokens} new ones outgrow max_len={room}; "
                         + (f"ask for at most {room + 1 - longest}" if longest <= room else "shorten the prompt"))
    return reading.vocab_size


def _shut(allowed, size, model):
    """(V,), True for the tokens that `allowed` leaves out; None if all are allowed."""
    if allowed is None:
        return None
    ids = sorted(set(allowed))
    if not ids or ids[0] < 0 or ids[-1] >= size:
        raise ValueError(f"allowed holds {'no ids' if not ids else f'ids from {ids[0]} to {ids[-1]}'}; the model knows 0 to {size - 1}")
    shut = torch.ones(size, dtype=torch.bool, device=next(model.parameters()).device)
    shut[ids] = False
    return shut
