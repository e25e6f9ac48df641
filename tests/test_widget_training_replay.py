"""TrainingReplay, Python's side: it says what was recorded, what is wrong with a trait, and stores names, not the recording."""
import base64
import json
import re

import numpy as np
import pytest

import lmcourse as lm
from lmcourse.widgets import sources

pytest.importorskip("anywidget")
from lmcourse.widgets.training_replay import recorded  # noqa: E402

RECORDING = json.loads(sources.recording("training-replay").packed)
STEPS = [moment["step"] for moment in RECORDING["moments"]]


@pytest.mark.parametrize("step", STEPS)
def test_a_moment_is_what_was_recorded(step):
    replay = lm.widgets.TrainingReplay(step=step, sample=1)
    moment, found = replay.moment(), RECORDING["moments"][STEPS.index(step)]
    assert [moment[name] for name in ("loss", "stage", "sound", "look")] == [found[name] for name in ("loss", "stage", "sound", "look")]
    assert list(moment["excess"].values()) == found["excess"] and moment["floor"] == RECORDING["floor"]
    written = found["samples"][1]["words"]
    assert re.sub(r"([.?:])", r" \1", moment["text"]).split()[-len(written):] == written
    assert moment["attention"].shape == (len(RECORDING["sentence"]),) * 2 and not np.triu(moment["attention"], 1).any()
    assert moment["attention"].sum(1) == pytest.approx(1, abs=0.012)
    assert f"step {step} of {STEPS[-1]}: loss {found['loss']:.2f}" in replay.described


@pytest.mark.parametrize("wrong, says", [
    ({"step": 30}, "step=30; it is 0 or 10 or 25"), ({"step": "end"}, "step='end'; it is 0 or 10"),
    ({"sample": 4}, "sample=4; it is a whole number from 0 to 3"),
    ({"row": -1}, "row=-1; it is a whole number from 0 to 22"), ({"row": 23}, "row=23")])
def test_what_is_wrong_is_said(wrong, says):
    with pytest.raises(ValueError, match=says):
        lm.widgets.TrainingReplay(**wrong)
    replay = lm.widgets.TrainingReplay()
    with pytest.raises(ValueError, match=says):
        replay.set_trait(*next(iter(wrong.items())))
    assert replay.step == 0
    with pytest.raises(ValueError, match="step=30 was not recorded; there are 0, 10, 25"):
        recorded(30)
    with pytest.raises(TypeError, match="TrainingReplay has no 'steps'; it has"):
        lm.widgets.TrainingReplay(steps=3)


def test_repr_picture_and_what_is_stored():
    replay, again = lm.widgets.TrainingReplay(step=100), lm.widgets.TrainingReplay(step=100)
    assert repr(replay) == repr(again) and replay.code.split("@")[1][:8] in repr(replay)
    assert "weights='training-replay@sha256:" in repr(replay)       # another recording: another repr, which nbval notices
    assert replay.carrier == again.carrier                          # the recording is sent once
    again.step = 200
    assert repr(replay) != repr(again) and replay._picture() != again._picture()
    data, _ = replay._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG") and len(data["image/png"]) < 90_000
    state = {name: value for name, value in replay.get_state().items() if name not in ("_esm", "_css")}
    assert len(json.dumps(state, default=str)) < 3_000
