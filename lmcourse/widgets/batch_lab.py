"""How texts of different length become a batch: padding or packing, and what each place reads, predicts and may see."""
from __future__ import annotations

import traitlets as t

from lmcourse.widgets import sources
from lmcourse.widgets.base import Widget
from lmcourse.widgets.traits import Choice, Number


class BatchLab(Widget):
    """Some short texts as rows of a batch; see the padding, the shifted targets, the mask and the wasted places.

    texts: 2 to 12 texts, each of 40 tokens at most.
    tokenizer: anything with .encode, .decode and .end_id; without one, course-gpt's.
    way: "right" or "left" pads each text to the longest of its batch; "pack" puts the texts end to end and cuts rows of
        `length` tokens, as `lmcourse.training.batches.pack` does.
    length: tokens a packed row, 4 to 48 (fewer where there are fewer in all). size: rows a batch, 1 to 8.
    alike: texts of similar length go together, as in `lm.Batches` (padding only).
    apart: the mask keeps a token from seeing another text (packing only).
    batch, row, place: what is looked at, counted from 0.

    Every argument but the tokenizer is a trait. ValueError for anything outside these ranges.
    """
    _shown = ("way", "length", "size", "alike", "apart")
    texts = t.List(t.Unicode()).tag(sync=True)
    rows = t.List(help="each text as ids, from its start to its end token").tag(sync=True)
    labels = t.Dict(help="id -> how the token is shown").tag(sync=True)
    way = Choice("right", "left", "pack")
    length = Number(16, 4, 48)
    size = Number(4, 1, 8)
    alike = t.Bool(False).tag(sync=True)
    apart = t.Bool(False).tag(sync=True)
    batch = Number(0, 0)
    row = Number(0, 0)
    place = Number(0, 0)

    def __init__(self, texts, tokenizer=None, **traits):
        self.tokenizer = tokenizer or sources.find("course-gpt").tokenizer
        rows, labels = self._read(texts)
        super().__init__(texts=list(texts), rows=rows, labels=labels, **traits)
        self.observe(self._again, "texts")

    def _read(self, texts):
        """(rows, labels) of the texts; ValueError says what is wrong with one."""
        if isinstance(texts, str) or not 2 <= len(texts) <= 12:
            raise ValueError("texts is a list of 2 to 12 texts")
        tokenizer, rows = self.tokenizer, []
        for text in texts:
            ids = tokenizer.encode(text)
            if not 1 <= len(ids) <= 40:
                raise ValueError(f"a text has {len(ids)} tokens; 1 to 40 can be shown: {text[:30]!r}")
            rows.append([tokenizer.end_id, *ids, tokenizer.end_id])
        labels = {str(i): tokenizer.decode([i]).strip() or "␣" for row in rows for i in row}
        labels[str(tokenizer.end_id)] = ""                          # the page has its own word for the end
        return rows, labels

    def _again(self, change):
        rows, labels = self._read(change["new"])
        self.labels, self.rows = labels, rows

    @t.validate("texts")
    def _check_texts(self, proposal):
        self._read(proposal["value"])
        return proposal["value"]

    def places(self):
        """[row][place] of all batches in order: (input id, target id, text); padding has the target -100 and no text."""
        if self.way == "pack":
            stream = [(self.rows[0][0], 0)]
            for n, row in enumerate(self.rows):                     # the end of one text is the start of the next
                stream += [(token, min(n + (i == len(row) - 2), len(self.rows) - 1)) for i, token in enumerate(row[1:])]
            length = min(self.length, len(stream) - 1)
            return [[(stream[i][0], stream[i + 1][0], stream[i][1]) for i in range(at, at + length)]
                    for at in range(0, len(stream) - length, length)]
        order = sorted(range(len(self.rows)), key=lambda n: len(self.rows[n])) if self.alike else list(range(len(self.rows)))
        found = []
        for at in range(0, len(order), self.size):
            group = order[at:at + self.size]
            width = max(len(self.rows[n]) for n in group) - 1
            for n in group:
                row = self.rows[n]
                real = [(row[i], row[i + 1], n) for i in range(len(row) - 1)]
                empty = [(0, -100, None)] * (width - len(real))
                if empty and self.way == "right":                   # the end token is read, and predicts nothing
                    empty[0] = (row[-1], -100, None)
                found.append(empty + real if self.way == "left" else real + empty)
        return found

    def _describe(self):
        places = [place for row in self.places() for place in row]
        wasted = sum(target == -100 for _, target, _ in places)
        how = {"right": "padded on the right", "left": "padded on the left", "pack": "packed into rows"}[self.way]
        return f"{len(self.texts)} texts, {how}: {len(places)} places, {wasted} of them padding"

    def _figure(self):
        """The rows as cells, one colour a text, padding hatched."""
        from lmcourse import plots
        rows = self.places()
        with plots.drawing(6.4, 0.9 + 0.28 * len(rows)) as (figure, axes):
            for y, row in enumerate(rows):
                for x, (_, _, text) in enumerate(row):
                    colour = plots.INK if text is None else plots.COLOURS[text % 4]
                    axes.barh(y, 1, left=x, height=0.8, facecolor="none" if text is None else colour, edgecolor=colour,
                              hatch="///" if text is None else "", linewidth=0.6)
            axes.set(xlabel="place in the row (tokens)", ylabel="row", yticks=range(len(rows)), yticklabels=range(1, len(rows) + 1))
            axes.invert_yaxis()
            axes.grid(False)
        return figure
