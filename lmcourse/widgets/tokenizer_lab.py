"""Any text as tokens, and how byte-pair encoding makes them out of bytes, one merge at a time."""
from __future__ import annotations

import json
import warnings

import traitlets as t

from lmcourse.tokenizers import BPETokenizer, load_tokenizer
from lmcourse.widgets.base import Widget
from lmcourse.widgets.sources import DATA
from lmcourse.widgets.traits import Choice, Number, among

MOST_CHARACTERS, MOST_BYTES = 300, 12_000                           # of the text; of all merges together, as stored in a notebook


class TokenizerLab(Widget):
    """Type any text; see its tokens, their ids and bytes, and replay the merges that made them, computed in the page.

    tokenizer: "course-gpt" (that model's own), a BPETokenizer, or {name: either of them} to choose from. The merges are stored in
        the notebook, so they must be few: about 1,300 in all.
    text: any text of at most 300 characters; what is longer is cut, with a warning.
    chosen: the name of the tokenizer that is shown; at first the first.
    step: how many merges are done; 0 shows the bytes, -1 the tokens.
    under: what stands under each token, "ids" or "bytes".

    Every argument but the first is a trait. ValueError for an empty text, a tokenizer of another kind or with too many merges, a
    name that is not there, a step below -1.
    """
    _shown = ("merges", "text", "chosen", "step")
    vocabularies = t.List(help="[{name, prefix, merges: ids of left, right, left, right, ...}]").tag(sync=True)
    text = t.Unicode("The quick brown fox. 你好，世界！").tag(sync=True)
    chosen = t.Unicode().tag(sync=True)
    step = Number(-1, -1)
    under = Choice("ids", "bytes")

    def __init__(self, tokenizer="course-gpt", chosen="", **traits):
        named = tokenizer if isinstance(tokenizer, dict) else {tokenizer if isinstance(tokenizer, str) else "tokenizer": tokenizer}
        self.tokenizers = {name: _find(name, each) for name, each in named.items()}
        if not self.tokenizers:
            raise ValueError("no tokenizer is given; give 'course-gpt', a BPETokenizer, or {name: tokenizer}")
        vocabularies = [_stored(name, each) for name, each in self.tokenizers.items()]
        size = len(json.dumps(vocabularies))
        if size > MOST_BYTES:
            raise ValueError(f"{sum(self.merges.values())} merges would take {size:,} bytes in the notebook; {MOST_BYTES:,} is the most. "
                             "Train with a smaller vocab_size.")
        super().__init__(vocabularies=vocabularies, chosen=chosen or next(iter(self.tokenizers)), **traits)

    @property
    def merges(self):
        """{name of a tokenizer: how many merges it has learned}"""
        return {name: len(each.merges) for name, each in self.tokenizers.items()}

    def _describe(self):
        return f"Tokens of the text: {self.text}"

    @t.validate("text")
    def _check_text(self, proposal):
        text = proposal["value"].encode("utf-16", "surrogatepass").decode("utf-16", "replace")     # half a surrogate pair: U+FFFD
        if not text:
            raise ValueError("text is empty; give any text, such as 'a red key'")
        if len(text) > MOST_CHARACTERS:
            warnings.warn(f"text has {len(text)} characters; the first {MOST_CHARACTERS} are shown, the rest was cut off", stacklevel=2)
        return text[:MOST_CHARACTERS]

    @t.validate("chosen")
    def _check_chosen(self, proposal):
        return among("chosen", proposal["value"], self.tokenizers)

    def _figure(self):
        """The tokens in their boxes. What matplotlib's own font lacks is drawn as bytes, so that every machine draws the same."""
        from matplotlib.font_manager import FontProperties, findfont, get_font

        from lmcourse.plots import COLOURS, INK, drawing
        letters = get_font(findfont(FontProperties(family="DejaVu Sans Mono"))).get_charmap()
        steps = self.tokenizers[self.chosen].steps(self.text)
        across, x, y = 74, 0.0, 0                                   # characters of the font in a line
        with drawing(6.4, 0.4) as (figure, axes):
            for i, part in enumerate(steps[-1 if self.step < 0 else min(self.step, len(steps) - 1)][1]):
                label = part.replace(" ", "␣").replace("\n", "⏎")
                if any(ord(letter) not in letters for letter in label):
                    label = part.encode("utf-8").hex(" ").upper()
                elif label.startswith("<0x"):
                    label = label.replace("<0x", " ").replace(">", "").strip()
                if x and x + len(label) + 1 > across:
                    x, y = 0, y + 1
                axes.text(x + 0.5, y, label.replace("$", r"\$"), family="DejaVu Sans Mono", fontsize=9, color=INK, va="center",
                          bbox={"facecolor": "none", "edgecolor": COLOURS[i % 3], "boxstyle": "round,pad=0.25", "linewidth": 1.2})
                x += len(label) + 1.3
            axes.set(xlim=(0, across + 2), ylim=(y + 0.7, -0.7))
            axes.axis("off")
        figure.set_size_inches(6.4, 0.3 * (y + 1.4))
        return figure


def _find(name, tokenizer):
    if isinstance(tokenizer, str):
        if not (DATA / tokenizer / "tokenizer.json").is_file():
            raise ValueError(f"no bundled model is called {tokenizer!r}; give 'course-gpt' or a BPETokenizer")
        tokenizer = load_tokenizer(DATA / tokenizer)
    if not isinstance(tokenizer, BPETokenizer):
        raise ValueError(f"{name}: a {type(tokenizer).__name__} has no merges to show; give a BPETokenizer")
    return tokenizer


def _stored(name, tokenizer):
    if tokenizer.split_digits:
        raise ValueError(f"{name}: it reads numbers digit by digit (split_digits), which the page does not")
    if tokenizer.tokens != BPETokenizer(tokenizer.merges).tokens:
        raise ValueError(f"{name}: its ids are not those of the bytes, then of the merges in order, then of <|endoftext|>; "
                         "build it anew as BPETokenizer(tokenizer.merges)")
    return {"name": name, "prefix": tokenizer.prefix, "merges": [tokenizer.ids[part] for pair in tokenizer.merges for part in pair]}
