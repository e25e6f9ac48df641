"""Figures: the numbers drawn are the numbers given, visible on light and dark, with units and words."""
import math
import re
import subprocess
import sys
from types import SimpleNamespace

import matplotlib.colors
import numpy as np
import pytest

from lmcourse import plots

WHITE, NIGHT = "#ffffff", "#121212"


def luminance(colour):
    """Relative luminance, WCAG 2.2."""
    parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in matplotlib.colors.to_rgb(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def brighter(colour):
    """The colour after the filter with which the book's pages show figures in the dark."""
    factor = float(plots.DARK.removeprefix("brightness(").removesuffix(")"))
    return tuple(min(1.0, part * factor) for part in matplotlib.colors.to_rgb(colour))


def test_the_measure_itself():
    assert contrast("black", "white") == pytest.approx(21)
    assert contrast("#767676", "white") == pytest.approx(4.54, abs=0.01)  # the best-known example


def test_text_can_be_read():
    assert contrast(plots.INK, WHITE) >= 4.5
    assert contrast(brighter(plots.INK), NIGHT) >= 4.5
    assert contrast(plots.INK, NIGHT) >= 4  # where no filter helps: JupyterLab's dark theme


@pytest.mark.parametrize("colour", plots.COLOURS)
def test_lines_can_be_seen(colour):
    for background in (WHITE, NIGHT):
        assert contrast(colour, background) >= 3
    assert contrast(brighter(colour), NIGHT) >= 3


def pixels(figure):
    """(height, width, 4) of the PNG that Jupyter would store, 0 to 1."""
    import io

    import matplotlib.image
    data, _ = figure._repr_mimebundle_()
    return matplotlib.image.imread(io.BytesIO(data["image/png"]), format="png")


HISTORIES = {"GPT": SimpleNamespace(evaluations=[(100, 2.5), (200, 1.25), (300, 0.9)]),
             "LSTM": [(100, SimpleNamespace(loss=3.0, mean=2.2)), (300, SimpleNamespace(loss=1.5, mean=0.7))]}


def test_losses_draws_what_it_was_given():
    figure = plots.losses(HISTORIES, floor=0.76)
    axes, = figure.axes
    drawn = {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in axes.lines}
    assert drawn["GPT"] == ([100, 200, 300], [2.5, 1.25, 0.9])
    assert drawn["LSTM"] == ([100, 300], [3.0, 1.5])
    assert drawn["floor (no model can do better)"][1] == [0.76, 0.76]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("training step", "held-out loss (nats per token)")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(drawn)
    assert len({line.get_color() for line in axes.lines}) == len({line.get_marker() for line in axes.lines}) == 3


def test_losses_in_words():
    words = plots.alt(plots.losses(HISTORIES, floor=0.76))
    assert words == ("Lines of held-out loss (nats per token) over training step. GPT: 2.50 at 100, 0.90 at 300. "
                     "LSTM: 3.00 at 100, 1.50 at 300. Dashed line, floor (no model can do better): 0.76.")
    assert "Dashed" not in plots.alt(plots.losses(HISTORIES))
    chinese = plots.losses(HISTORIES, x="步", y="损失", describe="{y} · {x}: {series}", from_to="{name} {last:.1f} ")
    assert plots.alt(chinese) == "损失 · 步: GPT 0.9 LSTM 1.5"


@pytest.mark.parametrize("histories, why", [
    ({}, "empty"), ({"GPT": SimpleNamespace(evaluations=[])}, "GPT has no evaluations"), ({"GPT": [(1, math.nan)]}, "no finite loss"),
])
def test_losses_of_nothing(histories, why):
    with pytest.raises(ValueError, match=why):
        plots.losses(histories, floor=0.76)


KINDS = {"GPT": SimpleNamespace(by_kind={"name": 0.02, "place": 0.5}), "LSTM": {"place": 0.4, "name": 3.6}}


@pytest.mark.parametrize("scale", ["linear", "symlog"])
def test_bars_draw_what_they_were_given(scale):
    figure = plots.bars_by_kind(KINDS, names={"name": "copied name"}, scale=scale)
    axes, = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["copied name", "place"]  # the largest on top
    drawn = {bars.get_label(): [bar.get_width() for bar in bars] for bars in axes.containers}
    assert drawn == {"GPT": [0.02, 0.5], "LSTM": [3.6, 0.4]}
    assert (axes.get_xlabel(), axes.get_xscale()) == ("loss above the floor (nats per token)", scale)
    assert plots.alt(figure).endswith("copied name: GPT 0.02, LSTM 3.60. place: GPT 0.50, LSTM 0.40.")


@pytest.mark.parametrize("excesses, options, why", [
    ({}, {}, "empty"), ({"a": {"x": 1.0}, "b": {"y": 1.0}}, {}, r"b has other kinds.*\['x', 'y'\]"),
    ({"a": {"x": math.nan}}, {}, "a, x: nan"), ({"a": {"x": 1.0}}, {"scale": "log"}, "'linear' or 'symlog'"),
])
def test_bars_of_nothing(excesses, options, why):
    with pytest.raises(ValueError, match=why):
        plots.bars_by_kind(excesses, **options)


def test_an_attention_map_of_two_texts():
    """Rows are the words that look, columns those looked at; what is 0 stays empty."""
    weights = np.array([[0.9, 0.1, 0.0], [0.2, 0.3, 0.5]])
    figure = plots.attention_map(weights, ["a", "b"], sources=["x", "y", "z"])
    axes, = figure.axes
    assert [[label.get_text() for label in labels] for labels in (axes.get_yticklabels(), axes.get_xticklabels())] == [["a", "b"], ["x", "y", "z"]]
    drawn = axes.images[0].get_array()
    assert np.allclose(drawn.filled(0) ** 2, weights) and drawn.mask.sum() == 1
    assert "a looks at x with 0.90; b looks at z with 0.50; b looks at y with 0.30" in plots.alt(figure)


@pytest.mark.parametrize("sources, size", [(None, "(2, 2)"), (["x"], "(2, 1)")])
def test_an_attention_map_needs_a_name_for_each_word(sources, size):
    with pytest.raises(ValueError, match=re.escape(f"2 tokens need weights {size}, not (2, 3)")):
        plots.attention_map(np.ones((2, 3)), ["a", "b"], sources=sources)


@pytest.mark.parametrize("figure", [plots.losses(HISTORIES, 0.76), plots.bars_by_kind(KINDS)], ids=["losses", "bars"])
def test_background_is_transparent(figure):
    image = pixels(figure)
    assert image.shape[2] == 4
    edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    assert (edge[:, 3] == 0).all()
    assert 0.01 < (image[..., 3] > 0.5).mean() < 0.5  # something is drawn, and it is not a card
    solid = image[image[..., 3] == 1][:, :3]
    assert solid.max(1).min() > 0.3  # no black that vanishes in the dark
    assert solid.min(1).max() < 0.7  # no white that vanishes in the light


def test_jupyter_stores_picture_size_and_words():
    formatters = pytest.importorskip("IPython.core.formatters")
    figure = plots.losses(HISTORIES, 0.76)
    data, metadata = formatters.DisplayFormatter().format(figure)
    assert data["image/png"].startswith(b"\x89PNG")
    assert metadata["image/png"] == {"width": 640, "height": 360, "alt": plots.alt(figure)}
    assert data["text/plain"] == "<Figure: training step · held-out loss (nats per token)>"  # no address, no number
    assert pixels(figure).shape[:2] == (720, 1280)


def test_style_ends_with_its_block():
    before = dict(matplotlib.rcParams)
    with plots.style():
        assert matplotlib.rcParams["text.color"] == plots.INK
    assert dict(matplotlib.rcParams) == before
    plots.losses(HISTORIES)
    assert dict(matplotlib.rcParams) == before


def test_a_figure_without_words():
    figure, _ = plots.canvas()
    with pytest.raises(ValueError, match="no words"):
        plots.alt(figure)


def test_neither_torch_nor_pyplot():
    code = "import sys; sys.modules['torch'] = None; import lmcourse.plots; assert 'matplotlib.pyplot' not in sys.modules"
    import os
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
