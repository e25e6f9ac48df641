"""Notebooks keep a widget's traits and names, never its code or weights."""
import json

STATE = "application/vnd.jupyter.widget-state+json"
OURS = "lmcourse.widgets."
TAKEN = ("_esm", "_css", "data")                                  # code, style, weights


def is_ours(record: dict) -> bool:
    """Whether a record of the widget state belongs to a widget of this package."""
    return record.get("state", {}).get("_anywidget_id", "").startswith(OURS)


def records(nb: dict) -> dict:
    """The notebook's widget records by model id; empty where there are none."""
    return nb.get("metadata", {}).get("widgets", {}).get(STATE, {}).get("state", {})


def strip(nb: dict) -> dict:
    """Take code, style and weights out of the stored widgets of a notebook (nbformat 4), in place; returns it.

    What stays: the traits, `code` and `weights` (names with digests), at most 16 KB a widget. ValueError if a widget of
    ours is larger than that: a trait then holds data that belongs elsewhere.
    """
    for model_id, record in records(nb).items():
        if not is_ours(record):
            continue
        state = record["state"]
        for key in TAKEN:
            state.pop(key, None)
        record.pop("buffers", None)
        size = len(json.dumps(record, ensure_ascii=False).encode())
        if size > 16384:
            raise ValueError(f"widget {model_id} ({state['_anywidget_id']}) would store {size} bytes; 16384 is the most. "
                             "Shorten its text, or refer to large data by name.")
    return nb
