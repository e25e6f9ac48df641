"""The course's figures: for the colour-blind, in light and dark, with units and with a text for those who do not see them.

Every function takes its words as arguments (so that they can be translated) and returns a matplotlib Figure whose
`alt(figure)` says in words what it shows. Jupyter stores that text beside the picture. No torch here.
"""
from __future__ import annotations

import io
import math
from contextlib import contextmanager
from itertools import cycle

import matplotlib
import numpy as np
from matplotlib.figure import Figure

# Okabe & Ito (2008), those of the eight that reach 3:1 on white and on the dark page: blue, vermilion, green, purple.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
# No grey reaches 4.5:1 on both white and #121212 (the best is 4.3). This one has 4.6:1 on white and 4.1:1 on #121212;
# the book's pages show figures 1.15 times brighter in the dark (DARK), where it then has 5.2:1.
INK = "#757575"
DARK = "brightness(1.15)"  # CSS filter
DASHES = ("-", "--", "-.", ":")
HATCHES = ("", "///", "...", "xx")
STYLE = {
    "figure.facecolor": "none", "axes.facecolor": "none", "savefig.facecolor": "auto", "legend.frameon": False,
    "figure.figsize": (6.4, 3.6), "font.size": 11, "axes.titlesize": 12, "lines.linewidth": 2,
    "text.color": INK, "axes.labelcolor": INK, "axes.titlecolor": INK, "xtick.color": INK, "ytick.color": INK, "axes.edgecolor": INK,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": INK, "grid.alpha": 0.25,
    "axes.axisbelow": True, "axes.prop_cycle": matplotlib.cycler(color=COLOURS),
}


def style():
    """`with lm.plots.style(): ...` draws one's own figure with the course's colours and a transparent background."""
    return matplotlib.rc_context(STYLE)


class CourseFigure(Figure):
    """A figure that Jupyter shows with its alternative text, as a PNG twice as fine as the page."""
    words = ""  # the alternative text

    def _repr_mimebundle_(self, include=None, exclude=None, **kwargs):
        png = io.BytesIO()
        self.savefig(png, format="png", dpi=2 * self.dpi, metadata={"Software": None})
        width, height = (round(inches * self.dpi) for inches in self.get_size_inches())
        return ({"image/png": png.getvalue(), "text/plain": repr(self)},
                {"image/png": {"width": width, "height": height, "alt": self.words}})

    def __repr__(self):
        labels = [label for axes in self.axes for label in (axes.get_xlabel(), axes.get_ylabel()) if label]
        return f"<Figure: {' · '.join(labels)}>"  # no address and no number: tests compare it


def alt(figure) -> str:
    """What a figure of this module shows, in words. ValueError for a figure that says nothing."""
    words = getattr(figure, "words", "")
    if not words:
        raise ValueError("this figure has no words: set figure.words to what it shows")
    return words


def canvas(width=6.4, height=3.6):
    """(figure, axes) in the course's style, in inches; not pyplot's, so that it is shown once, as a cell's last value."""
    with style():
        figure = CourseFigure(figsize=(width, height), dpi=100, layout="constrained")
        return figure, figure.add_subplot()


@contextmanager
def drawing(width=6.4, height=3.6):
    """`with drawing(4, 3) as (figure, axes): ...`: a canvas, and the course's style for all that is drawn on it."""
    with style():
        yield canvas(width, height)


def losses(histories, floor=None, x="training step", y="held-out loss (nats per token)", floor_label="floor (no model can do better)",
           describe="Lines of {y} over {x}. {series}{floor}", from_to="{name}: {first:.2f} at {start}, {last:.2f} at {end}. ",
           floor_words="Dashed line, {label}: {floor:.2f}."):
    """Held-out loss over training steps, one line a model, and the floor as a dashed line.

    histories: {name: History}; or {name: [(step, value), ...]}, a value being a number or an Excess (its .loss), in
    nats per token. floor: nats per token, or None. The rest: words.
    ValueError for a history without evaluations, or without a finite number among them.
    """
    if not histories:
        raise ValueError("histories is empty: give {name: history}")
    curves = {name: _curve(name, history) for name, history in histories.items()}
    with drawing() as (figure, axes):
        for (name, curve), colour, mark in zip(curves.items(), cycle(COLOURS), cycle("os^D")):
            axes.plot(*zip(*curve), color=colour, marker=mark, markersize=4, label=name)
        if floor is not None:
            axes.axhline(floor, color=INK, linestyle="--", label=floor_label)
        axes.set(xlabel=x, ylabel=y)
        axes.legend()
    series = "".join(from_to.format(name=name, start=c[0][0], first=c[0][1], end=c[-1][0], last=c[-1][1]) for name, c in curves.items())
    below = "" if floor is None else floor_words.format(label=floor_label, floor=floor)
    figure.words = describe.format(x=x, y=y, series=series, floor=below).strip()
    return figure


def bars_by_kind(excesses, x="loss above the floor (nats per token)", names=None, scale="linear",
                 describe="Bars of {x}, by kind of token. {rows}", row="{kind}: {values}. "):
    """How far each model is above the floor, by kind of token: one group of bars a kind, the largest on top.

    excesses: {model name: Excess or {kind: nats per token}}, all with the same kinds. names: {kind: what to call it}.
    scale: "linear", or "symlog" (linear up to 0.01, logarithmic beyond) if small ones must be seen beside large ones.
    """
    tables = {model: dict(getattr(excess, "by_kind", excess)) for model, excess in excesses.items()}
    if not tables:
        raise ValueError("excesses is empty: give {name: excess}")
    kinds = set(next(iter(tables.values())))
    for model, table in tables.items():
        if set(table) != kinds:
            raise ValueError(f"{model} has other kinds of token than the first model: {sorted(set(table) ^ kinds)}")
        for kind, value in table.items():
            if not math.isfinite(value):
                raise ValueError(f"{model}, {kind}: {value} is not a finite number")
    if scale not in ("linear", "symlog"):
        raise ValueError(f"scale={scale!r} must be 'linear' or 'symlog'")
    order = sorted(kinds, key=lambda kind: (-max(table[kind] for table in tables.values()), kind))
    thick = 0.8 / len(tables)
    with drawing(height=1.2 + len(order) * (0.12 + 0.2 * len(tables))) as (figure, axes):
        for i, (model, table) in enumerate(tables.items()):
            colour = COLOURS[i % len(COLOURS)]
            where = [place - 0.4 + thick * (i + 0.5) for place in range(len(order))]
            bars = axes.barh(where, [table[kind] for kind in order], height=0.9 * thick, label=model, edgecolor=colour,
                             facecolor="none" if i else colour, hatch=HATCHES[i % len(HATCHES)])
            axes.bar_label(bars, fmt="%.2f", padding=3, fontsize=9)
        axes.set_yticks(range(len(order)), [(names or {}).get(kind, kind) for kind in order])
        axes.invert_yaxis()
        axes.axvline(0, color=INK, linewidth=1)
        if scale == "symlog":
            axes.set_xscale("symlog", linthresh=0.01)
        axes.set_xlabel(x)
        axes.margins(x=0.12)
        axes.grid(False, axis="y")
        axes.legend(loc="lower right")
    rows = "".join(row.format(kind=(names or {}).get(kind, kind), values=", ".join(f"{model} {table[kind]:.2f}" for model, table in tables.items()))
                   for kind in order)
    figure.words = describe.format(x=x, rows=rows).strip()
    return figure


def attention_map(weights, tokens, title="", y="this token looks", x="at this one",
                  describe="Heat map{title}. Strongest: {strongest}.", look="{query} looks at {source} with {weight:.2f}", sources=None):
    """One head's attention as a heat map: weights (T, T), row = the token that looks, dark = much. tokens: T names.

    The colour is the square root of the weight, so that small ones can be seen; what the mask hides stays empty.
    sources: S names of what is looked at, where it is another text (cross-attention): weights (T, S).
    """
    weights, sources = np.asarray(weights, float), tokens if sources is None else sources
    if weights.shape != (len(tokens), len(sources)):
        raise ValueError(f"{len(tokens)} tokens need weights ({len(tokens)}, {len(sources)}), not {weights.shape}")
    size = max(3.4, min(7.0, 1.4 + 0.19 * max(len(tokens), len(sources))))
    with drawing(size, size) as (figure, axes):
        axes.imshow(np.where(weights > 0, weights, np.nan) ** 0.5, cmap="cividis_r", vmin=0, vmax=1)
        axes.set_xticks(range(len(sources)), sources, rotation=90, fontsize=8)
        axes.set_yticks(range(len(tokens)), tokens, fontsize=8)
        axes.xaxis.tick_top()
        axes.xaxis.set_label_position("top")
        axes.grid(False)
        axes.set(xlabel=x, ylabel=y)
        if title:
            axes.set_title(title)
    order = np.argsort(-weights, axis=None, kind="stable")[:3]
    pairs = [divmod(int(i), len(sources)) for i in order]
    strongest = "; ".join(look.format(query=tokens[i], source=sources[j], weight=weights[i, j]) for i, j in pairs)
    figure.words = describe.format(title=f", {title}" if title else "", strongest=strongest)
    return figure


def _curve(name, history) -> list[tuple[int, float]]:
    """[(step, loss)] of a History or of pairs."""
    pairs = getattr(history, "evaluations", history)
    curve = [(step, float(getattr(value, "loss", value))) for step, value in pairs]
    if not curve:
        raise ValueError(f"{name} has no evaluations: fit(..., evaluate=..., every=100) makes them")
    if not any(math.isfinite(loss) for _, loss in curve):
        raise ValueError(f"{name} has no finite loss to draw")
    return curve
