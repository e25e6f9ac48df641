"""Draws that a page can repeat, and beam search step by step."""
import json
import shutil
import subprocess
from pathlib import Path

import pytest
import torch
from small import SMALL, randomised

import lmcourse as lm
from lmcourse.generation import Draws, beam_search, beam_steps

JS = Path(__file__).resolve().parent.parent / "lmcourse" / "widgets" / "js" / "draws.js"


@pytest.fixture(scope="module")
def gpt():
    return randomised(lm.GPT(lm.TransformerConfig(**SMALL)), 0.4)


def test_the_first_numbers_of_a_seed():
    """mulberry32(0) as published begins so."""
    draws = Draws(0)
    assert [draws.next() * 2 ** 32 for _ in range(3)] == [1144304738, 1416247, 958946056]


@pytest.mark.skipif(not shutil.which("node"), reason="no node")
def test_javascript_draws_the_very_same():
    code = f"""import {{Draws, fallsOn}} from '{JS.as_uri()}';
        const out = [0, 1, 77, 9999, 4294967295].map(seed => {{ const draws = new Draws(seed); return Array.from({{length: 50}}, () => draws.next()); }});
        console.log(JSON.stringify([out, [0, 0.1, 0.31, 0.999].map(x => fallsOn([0.1, 0, 0.2, 0.7, 0], x))]));"""
    numbers, ids = json.loads(subprocess.run(["node", "--input-type=module", "-e", code], capture_output=True, text=True, check=True).stdout)
    for seed, row in zip([0, 1, 77, 9999, 4294967295], numbers):
        draws = Draws(seed)
        assert row == [draws.next() for _ in range(50)]
    assert ids == [0, 2, 3, 3] == [_fixed(x) for x in (0, 0.1, 0.31, 0.999)]


def _fixed(x):
    draws = Draws(0)
    draws.next = lambda: x
    return draws.choose(torch.tensor([[0.1, 0, 0.2, 0.7, 0]], dtype=torch.float64)).item()


def test_a_draw_falls_as_often_as_the_probabilities_say():
    p = torch.tensor([0.05, 0.0, 0.25, 0.6, 0.1])
    counts = torch.bincount(Draws(5).choose(p.expand(20_000, -1)), minlength=5)
    expected = 20_000 * p
    assert counts[1] == 0 and (((counts - expected) ** 2)[p > 0] / expected[p > 0]).sum() < 16.3     # chi-square, 3 degrees, p = 0.001


def test_generate_with_draws_repeats_itself_and_follows_the_distribution(gpt):
    rows = [[3, 1, 4], [1, 5]]
    strategy = lm.Sample(1.3, top_k=9, min_p=0.02)
    assert lm.generate(gpt, rows, 8, strategy, seed=Draws(2)) == lm.generate(gpt, rows, 8, strategy, seed=Draws(2))
    assert lm.generate(gpt, rows, 8, strategy, seed=Draws(2)) != lm.generate(gpt, rows, 8, strategy, seed=Draws(3))
    text, draws = [3, 1, 4], Draws(2)
    for _ in range(8):                                              # one row, by hand
        text.append(draws.choose(strategy.distribution(gpt(torch.tensor([text]))[:, -1])).item())
    assert lm.generate(gpt, [[3, 1, 4]], 8, strategy, seed=Draws(2)) == [text]


@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_the_steps_of_a_beam_search_grow_from_each_other_and_end_in_its_result(gpt, penalty):
    over, beam = (lambda new: new[-1] == 7), lm.Beam(4, penalty)
    steps = list(beam_steps(gpt, [5, 3], 9, beam, over))
    for n, (running, finished) in enumerate(steps, 1):
        assert len(running) <= 4 and all(len(ids) == n for _, ids in running)
        assert [total for total, _ in running] == sorted((total for total, _ in running), reverse=True)
        if n > 1:
            assert {tuple(ids[:-1]) for _, ids in running} <= {tuple(ids) for _, ids in steps[n - 2][0]}
        for total, ids in running:
            log_p = gpt(torch.tensor([[5, 3, *ids]]))[0, 1:-1].log_softmax(-1)
            assert total == pytest.approx(log_p.gather(1, torch.tensor(ids)[:, None]).sum().item(), abs=1e-3)
    running, finished = steps[-1]
    everything = sorted([*finished, *((total / len(ids) ** penalty, ids) for total, ids in running)], key=lambda pair: -pair[0])[:4]
    assert beam_search(gpt, [5, 3], 9, beam, over) == everything
