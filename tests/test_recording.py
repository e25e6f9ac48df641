"""The recorded training run: frozen, consistent with itself, and judged as the world judges."""
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

import lmcourse as lm
from lmcourse.widgets import sources

torch = pytest.importorskip("torch")
ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "scripts"))
import training_replay  # noqa: E402

SOURCE = sources.recording("training-replay")
RECORDING = json.loads(SOURCE.packed)
MOMENTS = RECORDING["moments"]
by_moment = pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: f"step {moment['step']}")


def test_it_is_the_one_on_its_card_and_small():
    card = json.loads((sources.DATA / "training-replay" / "card.json").read_text())
    assert SOURCE.name == f"training-replay@sha256:{card['sha256']}" and len(SOURCE.packed) <= 150_000
    assert (card["steps"], card["seed"], card["floor"]) == (RECORDING["steps"], training_replay.SEED, RECORDING["floor"])
    assert [moment["step"] for moment in MOMENTS] == list(training_replay.MOMENTS) and MOMENTS[-1]["step"] == RECORDING["steps"]
    assert len(RECORDING["training"]) * RECORDING["block"] == RECORDING["steps"]


def test_damage_is_noticed(tmp_path, monkeypatch):
    shutil.copytree(sources.DATA / "training-replay", tmp_path / "training-replay")
    file = tmp_path / "training-replay" / "recording.json"
    file.write_text(file.read_text().replace("0", "1", 1))
    monkeypatch.setattr(sources, "DATA", tmp_path)
    with pytest.raises(ValueError, match=r"training-replay/recording.json is damaged: its SHA-256 is \w+, card.json says"):
        sources.recording.__wrapped__("training-replay")
    with pytest.raises(ValueError, match="no recording is called 'other'; there is training-replay"):
        sources.recording.__wrapped__("other")


def test_floor_and_kinds_are_those_of_the_held_out_stories():
    held_out = lm.world.stories(training_replay.HELD_OUT, training_replay.HELD_OUT_SEED)
    assert RECORDING["floor"] == pytest.approx(held_out.floor, abs=5e-5)
    kinds = [kind for row in held_out.kinds for kind in row[1:]]
    assert {kind: count for kind, _, count in RECORDING["kinds"]} == {kind: kinds.count(kind) for kind in set(kinds)}
    assert sum(len(row) for row in training_replay.GROUPS.values()) == len(lm.world.KINDS) == len(RECORDING["kinds"])


@by_moment
def test_the_mean_is_made_of_the_kinds(moment):
    counts = np.array([count for _, _, count in RECORDING["kinds"]])
    mean = (counts * moment["excess"]).sum() / counts.sum()
    assert mean == pytest.approx(moment["loss"] - RECORDING["floor"], abs=2e-4)         # three numbers, each rounded to 0.0001


@by_moment
def test_texts_are_judged_as_the_world_judges(moment):
    """`world.next_word` is asked anew: all words before the mistake are possible, the mistake is not."""
    beginning = [lm.world.END, *RECORDING["prompt"].replace(".", " .").split()]
    for sample in moment["samples"]:
        words, mistake = sample["words"], sample["mistake"]
        end = len(words) if mistake is None else mistake["at"]
        for i in range(end):
            assert words[i] in lm.world.next_word(beginning + words[:i])
        if mistake:
            due = lm.world.next_word(beginning + words[:end])
            assert words[end] not in due and len(due) == mistake["of"] and set(mistake["possible"]) <= set(due)
            assert mistake["kind"] in lm.world.KINDS
        else:
            assert words[-1] == lm.world.END or len(words) == training_replay.LONGEST
    assert moment["sound"] + sum(moment["first"].values()) == RECORDING["written"]


def test_words_that_never_follow_are_odd_and_no_word_of_a_story_is():
    stories = lm.world.stories(300, seed=77)
    fit = {pair for words in stories.tokens for pair in zip(words, words[1:])}
    for sample in (sample for moment in MOMENTS for sample in moment["samples"]):
        pairs = list(zip([".", *sample["words"]], sample["words"]))
        assert not [pairs[i] for i in sample["odd"] if pairs[i] in fit]
        end = len(pairs) if sample["mistake"] is None else sample["mistake"]["at"]
        assert all(i >= end for i in sample["odd"])                 # what the grammar allows, 40,000 stories hold


@by_moment
def test_attention_is_causal_and_each_row_is_one(moment):
    for i, row in enumerate(moment["attention"]):
        assert len(row) == i + 1 and sum(row) == pytest.approx(1000, abs=0.5 * len(row) + 0.5)
    assert len(moment["attention"]) == len(RECORDING["sentence"])


def test_stages_follow_from_the_numbers_and_all_are_met():
    for moment in MOMENTS:
        named = training_replay.stage(moment["loss"], moment["sound"], moment["fitting"], RECORDING["milestones"])
        assert moment["stage"] == named
    assert [moment["stage"] for moment in MOMENTS][0] == "nothing" and MOMENTS[-1]["stage"] == "stories"
    assert {moment["stage"] for moment in MOMENTS} == {"nothing", "salad", "pairs", "sentences", "stories"}


def test_a_mistake_is_found_where_it_is():
    story = lm.world.stories(1, seed=5).tokens[0]
    assert training_replay.first_mistake(story) is None
    name = next(i for i, word in enumerate(story) if word == "was") - 1
    found = training_replay.first_mistake([*story[:name], "frog", *story[name + 1:]])
    assert found["at"] == name and found["kind"] == "new last name" and found["of"] == 30 and "frog" not in found["possible"]
    assert training_replay.first_mistake(story[:12]) is None        # not over yet
