"""The kernel's round trip of the widgets one by one: what Python sets the picture computes as Python does; what the reader does
Python hears, and a second widget, linked to the first, follows."""
import json
import time
from collections.abc import Callable
from typing import NamedTuple

import pytest
from playwright.sync_api import expect
from round_trip import opened

pytest.importorskip("jupyterlab")
SET_UP = """import json
import torch
import lmcourse as lm
from ipywidgets import VBox, link
story = lm.world.stories(1, seed=5).tokens[0][1:-1]
words = [lm.world.END, *sorted(set(story))]
even = [[1 / len(words)] * len(words)] * len(story)
def ids(text):
    return [w.source.tokenizer.end_id, *w.source.tokenizer.encode(text)]
def losses(name, text):
    return lm.evaluation.token_losses(lm.pretrained(name).model, ids(text)).tolist()
def best():
    p = (w.source.model()(torch.tensor([ids(w.text)]))[0, w.position] / w.temperature).softmax(-1)
    return [p.argmax().item(), p.max().item()]
"""


class Trip(NamedTuple):
    """One widget's way there and back. In Python's lines `w` is the widget."""
    root: str                                                       # its element in the page
    made: str                                                       # what it is made of
    sets: str                                                       # what Python sets
    cells: str                                                      # where the page then shows numbers,
    number: str                                                     # what they are of an element's dataset d,
    told: str                                                       # and the same numbers in Python
    act: Callable                                                   # what the reader does
    heard: str                                                      # how Python hears it
    target: str                                                     # where the linked widget shows it ("": its root),
    value: str                                                      # as what,
    attribute: str | None = None                                    # in which attribute (None: it is the value of a field)


def slide(field, value):
    field.evaluate("(input, value) => { input.value = value; input.dispatchEvent(new Event('input', {bubbles: true})); }", value)


def answer(field, text):
    field.fill(text)
    field.press("Enter")


CELL = "[data-matrix=vectors][data-row='0'][data-column='0']"
TRIPS = {
    "NormLab": Trip(
        ".lm-norm", "", "w.x, w.eps = [1.0, 2.0, 3.0, 4.0], 0.5", "[data-line^=x]", "[JSON.parse(d.values)[2]]", "w.outputs()['layer'].tolist()",
        lambda root: root.locator("input[name$='-view'][value=depth]").check(), "('view', 'depth')", "", "depth", "data-view"),
    "LogitLab": Trip(
        ".lm-logits", "text='One night'", "w.text, w.position, w.temperature = 'One winter Sam Bell', 2, 2.0",
        "tr[data-logit] >> nth=0", "[+d.id, +d.probability]", "best()",
        lambda root: root.get_by_label("Text", exact=True).fill("Anna Bell had"), "('text', 'Anna Bell had')", "input[id$=-text]", "Anna Bell had"),
    "GradientDescentLab": Trip(
        ".lm-descent", "", "w.surface, w.optimizer, w.steps = 'two_minima', 'adam', 9", "[data-optimizer=adam]", "[+d.x, +d.y]", "[*w._path('adam')[-1]]",
        lambda root: root.locator(".lm-descent-switch input[value=sgd]").check(), "('optimizer', 'sgd')", "input[name$=-optimizer]:checked", "sgd"),
    "AttentionStepper": Trip(
        ".lm-stepper", "", "w.w_q, w.row = [[1, 2], [3, 4], [5, 6]], 1", "[data-matrix=weights]", "[+d.value]", "w.attention()[1].flatten().tolist()",
        lambda root: root.locator(CELL).fill("2"), "('vectors', [[2", CELL, "2"),
    "BatchLab": Trip(
        ".lm-batches", "['Anna Bell had a red key.', 'One night', 'Ned Wood had a map.']", "w.way, w.length = 'pack', 8", ".lm-place", "[+d.input, +d.target]",
        "[number for place in w.places()[0] for number in place[:2]]",
        lambda root: slide(root.locator(".lm-size input"), 2), "('size', 2)", ".lm-size input", "2"),
    "EmbeddingMap": Trip(
        ".lm-embedding", "['red', 'blue', 'key', 'coin', 'garden']", "w.word = 'coin'", ".lm-embedding-list li:not([hidden])", "[+d.cosine]",
        "sorted((w.unit_vectors() @ w.unit_vectors()[3])[[0, 1, 2, 4]].tolist(), reverse=True)",
        lambda root: answer(root.locator(".lm-embedding-field").first, "blue"), "('word', 'blue')", ".lm-embedding-field >> nth=0", "blue"),
    "PositionLab": Trip(
        ".lm-position", "", "w.kind, w.position = 'rope', 5", "[data-score]", "[+d.score]", "w.scores()[5, :6].tolist()",
        lambda root: slide(root.locator("input[data-trait=position]"), 12), "('position', 12)", "", "12", "data-position"),
    "SurpriseReader": Trip(
        ".lm-reader", "text='One night'", "w.text, w.ended = 'One winter Sam Bell was', False", ".lm-surprise", "[+d.surprise]", "losses('course-gpt', w.text)",
        lambda root: root.locator(".lm-input").fill("Anna Bell had"), "('text', 'Anna Bell had')", ".lm-input", "Anna Bell had"),
    "TokenizerLab": Trip(
        ".lm-tokenizer", "", "w.text, w.under = 'Anna Bell 你', 'bytes'", ".lm-tk", "[+d.id]", "lm.pretrained('course-gpt').tokenizer.encode(w.text)",
        lambda root: slide(root.locator("input[type=range]"), 1), "('step', 1)", "", "1", "data-step"),
    "NextWordGame": Trip(
        ".lm-game", "[story], [['k'] * len(story)], [[5, 9]], {'even': [even]}, words", "w.guesses, w.unit = [[0, 5, '', 0.6]], 'nats'",
        ".lm-game-table tr:is([data-name=LSTM], [data-name=GPT])", "[-d.log]",
        "[losses(name, lm.world.render(story))[5] for name in ('course-lstm', 'course-gpt')]",
        lambda root: root.get_by_role("button", name="I don't know").click(), "('guesses', [[0, 5, '', 0.6], [0, 9, '', 0.6]])", "", "2", "data-guessed"),
}


@pytest.fixture(scope="module")
def book(browser, tmp_path_factory):
    """A notebook of three empty cells in a JupyterLab: one server and one kernel for all."""
    with opened(browser, tmp_path_factory.mktemp("lab"), ["", "", ""]) as book:
        yield book


@pytest.mark.parametrize("name", TRIPS)
def test_round_trip(book, name):
    trip, page, errors = TRIPS[name], book.page, []
    trait = trip.heard.split("'")[1]
    page.on("pageerror", lambda error: errors.append(str(error)))
    book.write([f"{SET_UP}w, other = (lm.widgets.{name}({trip.made}) for _ in range(2))\nheard, kept = [], link((w, {trait!r}), (other, {trait!r}))\n"
                f"w.observe(lambda change: heard.append((change['name'], change['new'])), [{trait!r}])\nVBox([w, other])",
                f"{trip.sets}\nprint(json.dumps({trip.told}))", "print(heard)"])
    assert "Error" not in book.run(0)
    roots = page.locator(f"{trip.root}[data-state=ready]")
    expect(roots).to_have_count(2, timeout=120_000)
    roots.first.evaluate("root => root.querySelectorAll('details').forEach(details => { details.open = true; })")

    expected, until = json.loads(book.run(1)), time.monotonic() + 30             # Python sets traits: the picture follows
    shown = lambda: roots.first.locator(trip.cells).evaluate_all(f"all => all.flatMap(({{dataset: d}}) => {trip.number})")  # noqa: E731
    while shown() != pytest.approx(expected, abs=1e-3) and time.monotonic() < until:
        page.wait_for_timeout(100)
    assert shown() == pytest.approx(expected, abs=1e-3)

    trip.act(roots.first)                                           # the reader does something: the linked one follows, Python hears
    target = roots.nth(1).locator(trip.target) if trip.target else roots.nth(1)
    if trip.attribute:
        expect(target).to_have_attribute(trip.attribute, trip.value)
    else:
        expect(target).to_have_value(trip.value)
    assert trip.heard in book.run(2)
    assert not errors, errors
