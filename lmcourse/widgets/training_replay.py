"""A training run, replayed: what the model was like at recorded moments on its way to the floor."""
from __future__ import annotations

import io
import json
from textwrap import fill

import numpy as np

from lmcourse.widgets import sources
from lmcourse.widgets.base import ModelWidget
from lmcourse.widgets.traits import Choice, Number

SOURCE = sources.recording("training-replay")
RECORDING = json.loads(SOURCE.packed)
STEPS = [moment["step"] for moment in RECORDING["moments"]]
PLACES = len(RECORDING["sentence"])                                 # the first is the start token
TIGHT = (".", "?", ":")                                             # stand right after the word before them
TEXTS = len(RECORDING["moments"][0]["samples"])


def recorded(step, sample=0) -> dict:
    """What was recorded after this step, one of `STEPS` (ValueError for another): step, loss and floor (nats a token), excess {kind of word:
    nats above the floor}, stage (the name of what it writes), sound (how many of the `written` texts follow the grammar), first {kind of
    word: in how many texts it is missed first}, fitting (share of neighbouring words that stand together in some training story), look (0 to
    1: the head's, at a name to be copied), text (number `sample`, with its beginning), mistake (None, or {at, kind, possible, of}) and
    attention (T, T), row = the word that looks."""
    if step not in STEPS:
        raise ValueError(f"step={step!r} was not recorded; there are {', '.join(map(str, STEPS))}")
    found = RECORDING["moments"][STEPS.index(step)]
    chosen, attention = found["samples"][sample], np.zeros((PLACES, PLACES))
    for i, row in enumerate(found["attention"]):
        attention[i, :i + 1] = np.array(row) / 1000
    excess = dict(zip((kind for kind, _, _ in RECORDING["kinds"]), found["excess"]))
    text = RECORDING["prompt"] + "".join(word if word in TIGHT else " " + word for word in chosen["words"])
    return {name: found[name] for name in ("step", "loss", "stage", "sound", "first", "fitting", "look")} | {
        "floor": RECORDING["floor"], "written": RECORDING["written"], "excess": excess, "text": text,
        "mistake": chosen["mistake"], "attention": attention}


class TrainingReplay(ModelWidget):
    """The course's recipe at recorded moments of its training: loss and floor, the excess by kind of word, texts that the model of that
    moment wrote, with the first word that the grammar does not allow, and how one head looks at a sentence.

    step: one of the recorded steps (`STEPS`).      sample: which of its texts, from 0.
    row: whose look is said in words, a place of the sentence; 0 is the start token.

    Nothing is computed here: scripts/training_replay.py (`make checkpoints`) measured it on the models themselves. The head is the one that at
    the end looks most at the last name to be copied. Every argument is a trait. ValueError outside these ranges.
    """
    _shown = ("step", "sample", "row")
    step = Choice(*STEPS)
    sample = Number(0, 0, TEXTS - 1)
    row = Number(PLACES - 1, 0, PLACES - 1)                          # the last word: what comes next has to be copied

    def __init__(self, **traits):
        super().__init__(SOURCE, **traits)                          # the recording takes the place of a model

    def moment(self) -> dict:
        """What was recorded at `step`, with the text `sample`: see `recorded`."""
        return recorded(self.step, self.sample)

    def _describe(self):
        moment = self.moment()
        return (f"A training run at step {self.step} of {STEPS[-1]}: loss {moment['loss']:.2f}, floor {moment['floor']:.2f}, "
                f"excess by kind of word, a text it wrote, one head's attention")

    def _figure(self):
        """Loss with the moment marked, the excess by kind of word, and the beginning of the text."""
        from lmcourse import plots
        moments, excess = RECORDING["moments"], self.moment()["excess"]
        with plots.drawing(6.8, 3.6) as (figure, _):
            figure.clear()
            left, right = figure.subplots(1, 2)
            left.plot(np.sqrt(STEPS), [moment["loss"] for moment in moments], color=plots.COLOURS[0], marker="o", markersize=3)
            left.plot([self.step ** 0.5], [self.moment()["loss"]], "o", markersize=11, fillstyle="none", color=plots.COLOURS[1])
            left.axhline(RECORDING["floor"], color=plots.INK, linestyle="--")
            left.set_xticks(np.sqrt([0, 100, 400, 1000, STEPS[-1]]), ["0", "100", "400", "1000", str(STEPS[-1])], fontsize=9)
            left.set(xlabel="training step", ylabel="loss (nats per token)")
            right.barh(range(len(excess)), np.sqrt(np.maximum(0, list(excess.values()))), color=plots.COLOURS[0])
            right.set_yticks(range(len(excess)), list(excess), fontsize=7)
            right.set_xticks(np.sqrt([0, 0.1, 1, 3, 7]), ["0", "0.1", "1", "3", "7"], fontsize=9)
            right.set(xlabel="loss above the floor (nats per token)")
            right.invert_yaxis()
            right.grid(False, axis="y")
            figure.supxlabel(fill(" ".join(self.moment()["text"].split()[:44]) + " ...", 115), fontsize=7)
        return figure

    def _picture(self):
        """On white and in 64 colours: a third of the bytes, for a notebook with many pictures."""
        if (png := super()._picture()) is None:
            return None
        from PIL import Image                                       # matplotlib brings it
        drawn, small = Image.open(io.BytesIO(png)), io.BytesIO()
        white = Image.new("RGBA", drawn.size, "white")
        Image.alpha_composite(white, drawn).convert("RGB").quantize(64).save(small, "PNG", optimize=True)
        return small.getvalue()
