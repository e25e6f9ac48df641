"""The first steps of the recorded run, trained anew on this machine: they are those of the recording, as far as machines agree."""
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from lmcourse.widgets import sources

torch = pytest.importorskip("torch")
sys.path.append(str(Path(__file__).resolve().parent.parent / "scripts"))
import training_replay  # noqa: E402

# Nats. With ATEN_CPU_CAPABILITY default, avx2 and avx512 of one CPU these moments agree to the rounding of the recording (0.0001); training
# amplifies other orders of sums on other machines (0.003 after 200 steps were seen), hence the room that grows with the steps.
LOSS, KIND = {0: 2e-4, 10: 1e-3, 25: 2e-3, 50: 5e-3}, {0: 2e-4, 10: 5e-3, 25: 0.02, 50: 0.05}


@pytest.fixture(scope="module")
def anew():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    course = training_replay.Course()
    seen, _ = course.train(tuple(LOSS))
    torch.set_num_threads(threads)
    return course, seen


def test_the_first_moments_come_out_again(anew):
    course, seen = anew
    recording = json.loads(sources.recording("training-replay").packed)
    assert recording["milestones"] == pytest.approx(course.milestones, abs=1e-4)
    layer, head = recording["head"]
    for now, then in zip(seen, recording["moments"]):
        step = now["step"]
        assert step == then["step"] and now["loss"] == pytest.approx(then["loss"], abs=LOSS[step])
        assert [now["excess"][kind] for kind, _, _ in recording["kinds"]] == pytest.approx(then["excess"], abs=KIND[step])
        attention = now["attention"][layer, head].numpy()
        assert max(np.abs(attention[i, :i + 1] - np.array(row) / 1000).max() for i, row in enumerate(then["attention"])) < 0.001 + 5 * LOSS[step]
        assert training_replay.stage(now["loss"], now["sound"], now["fitting"], course.milestones) == then["stage"]
        assert sum(abs(now["first"].get(kind, 0) - then["first"].get(kind, 0)) for kind in {*now["first"], *then["first"]}) <= 40


def test_another_moment_is_not_this_one(anew):
    """The control: the tolerances are far narrower than the way from one moment to the next."""
    _, seen = anew
    for a, b in zip(seen, seen[1:]):
        assert abs(a["loss"] - b["loss"]) > 10 * LOSS[b["step"]]
