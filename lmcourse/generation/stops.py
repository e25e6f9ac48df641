"""When a text is over: at a token, at words, or when a function says so."""


def stopper(stop, tokenizer=None):
    """`stop` as a function of a row's new ids (a list of whole numbers) that says whether the row has ended; None for None.

    stop  an id; a string, which ends the row as soon as the new text contains it (needs `tokenizer`); several of these in a
          list; or such a function already.
    ValueError for a string without a tokenizer, an empty string or list, TypeError for anything else.
    """
    if stop is None or callable(stop):
        return stop
    kinds = set(stop) if isinstance(stop, (list, tuple, set, frozenset)) else {stop}
    if not kinds or "" in kinds:
        raise ValueError("stop is empty: give an id, a string or a function, or leave it out")
    ids, words = {each for each in kinds if _whole(each)}, sorted(each for each in kinds if isinstance(each, str))
    if len(ids) + len(words) < len(kinds):
        raise TypeError(f"stop={stop!r}; it is an id, a string, a list of these, or a function of the new ids")
    if words and tokenizer is None:
        raise ValueError(f"stop={stop!r} is text: give the tokenizer, too, as in generate(..., stop={words[0]!r}, tokenizer=tokenizer)")

    def over(new):
        if new[-1] in ids:
            return True
        text = tokenizer.decode(new) if words else ""
        return any(word in text for word in words)
    return over


def _whole(x):
    return isinstance(x, int) and not isinstance(x, bool)
