"""Training: the loop learns, a killed run resumes to the same bits, the excess over the floor is what it says."""
import random
import signal
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F

import lmcourse as lm
from lmcourse.evaluation import excess_over_floor, perplexity
from lmcourse.training.muon import orthogonalise


@pytest.fixture(scope="module")
def world():
    corpus = lm.world.stories(200, seed=3)
    tokenizer = lm.WordTokenizer.train(lm.world.stories(1500, seed=4).texts)
    return corpus, tokenizer, tokenizer.rows(corpus.texts)


def small(tokenizer, **options):
    torch.manual_seed(0)
    return lm.GPT(lm.TransformerConfig(len(tokenizer), 32, 2, 2, 130, **options))


def test_batches_hold_whole_stories_once_an_epoch(world):
    _, tokenizer, rows = world
    batches = lm.Batches(rows, 16, seed=1)
    seen = []
    for (inputs, targets), _ in zip(batches, range(len(batches.groups))):
        for x, y in zip(inputs, targets):
            n = int((y != -100).sum())
            seen.append([*x[:n].tolist(), int(y[n - 1])])
            assert x[0] == tokenizer.end_id and y[n - 1] == tokenizer.end_id and torch.equal(x[1:n], y[:n - 1])
    assert sorted(seen) == sorted(rows)
    first = [x for (x, _), _ in zip(batches, range(5))]
    assert all(torch.equal(a, b) for a, (b, _) in zip(first, batches))  # iterating again gives the same order


def test_padding_is_not_scored(world):
    _, tokenizer, rows = world
    model = small(tokenizer).eval()
    from lmcourse.training.batches import pad
    from lmcourse.training.loop import loss_of
    pair = [torch.tensor(rows[0]), torch.tensor(max(rows, key=len))]
    each = [F.cross_entropy(model(row[None, :-1])[0], row[1:], reduction="sum") for row in pair]
    assert loss_of(model, *pad(pair)).item() == pytest.approx((sum(each) / sum(len(r) - 1 for r in pair)).item(), rel=1e-5)


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_the_loss_falls_well_below_the_unigram(world, optimizer):
    corpus, tokenizer, rows = world
    model = small(tokenizer)
    before = excess_over_floor(model, rows, corpus).mean
    history = lm.fit(model, lm.Batches(rows), 60, optimizer=optimizer, lr=1e-2, warmup=10)
    assert excess_over_floor(model, rows, corpus).mean < before - 2     # nats a token
    assert len(history.losses) == 60 and history.losses[-1] < history.losses[0]


def test_an_excess_of_zero_for_a_model_that_knows_the_grammar(world):
    """A model that looks up the exact distribution stands on the floor; one that is a little wrong stands above it."""
    corpus, tokenizer, rows = world

    class Knows(torch.nn.Module):
        def __init__(self, doubt):
            super().__init__()
            self.doubt, self.anchor = doubt, torch.nn.Parameter(torch.zeros(1))

        def forward(self, ids):
            words = [tokenizer.tokens[i] for i in ids[0]]
            p = torch.full((1, len(words), len(tokenizer)), self.doubt / len(tokenizer))
            for t in range(len(words)):
                for word, share in lm.world.next_word(words[:t + 1]).items():
                    p[0, t, tokenizer.ids[word]] += (1 - self.doubt) * share
            return p.log()

    few = lm.world.stories(8, seed=3)
    excess = excess_over_floor(Knows(0.0), rows[:8], few)
    assert abs(excess.mean) < 1e-6 and all(abs(value) < 1e-6 for value in excess.by_kind.values())
    assert excess_over_floor(Knows(0.1), rows[:8], few).mean > 0.05
    assert sum(excess.counts.values()) == sum(len(row) - 1 for row in rows[:8])


def test_perplexity_of_a_uniform_model_is_the_vocabulary_size(world):
    _, tokenizer, rows = world
    model = small(tokenizer)
    torch.nn.init.zeros_(model.token_embedding.weight)                  # tied: all logits are 0
    assert perplexity(model, rows[:5]) == pytest.approx(len(tokenizer), rel=1e-5)


def test_orthogonalise_brings_all_singular_values_near_one():
    torch.manual_seed(0)
    singular = torch.linalg.svdvals(orthogonalise(torch.randn(3, 16, 40)))
    assert singular.min() > 0.5 and singular.max() < 1.3
    assert torch.linalg.svdvals(torch.randn(16, 40)).max() > 5          # as the ones it starts from are not


def test_muon_treats_queries_keys_and_values_apart(world):
    """One fused matrix and three separate ones take the same step."""
    torch.manual_seed(0)
    fused, gradient = torch.nn.Parameter(torch.randn(24, 8)), torch.randn(24, 8)
    apart = [torch.nn.Parameter(part.clone()) for part in fused.detach().split(8)]
    fused.grad = gradient.clone()
    for part, g in zip(apart, gradient.split(8)):
        part.grad = g.clone()
    lm.training.Muon([("qkv.weight", fused)]).step()
    lm.training.Muon([(f"{i}.weight", part) for i, part in enumerate(apart)]).step()
    torch.testing.assert_close(fused.detach(), torch.cat([p.detach() for p in apart]))


RUN = """
import io, os, signal, sys, torch, lmcourse as lm
step_of_death, write_of_death = map(int, sys.argv[3:])
torch.manual_seed(0)
rows = lm.WordTokenizer.train(lm.world.stories(1500, 4).texts).rows(lm.world.stories(200, 3).texts)
model, steps, writes, save = lm.GPT(lm.TransformerConfig(210, 32, 2, 2, 130, dropout=0.1)), [], [], torch.save
torch.manual_seed(7)
def batches():
    for step, batch in enumerate(lm.Batches(rows)):
        if step == step_of_death:
            os.kill(os.getpid(), signal.SIGKILL)
        yield batch
def saved(state, path):
    writes.append(path)
    if len(writes) == write_of_death:                                   # half of the file is on the disk
        save(state, whole := io.BytesIO())
        open(path, "wb").write(whole.getvalue()[:whole.tell() // 2])
        os.kill(os.getpid(), signal.SIGKILL)
    save(state, path)
torch.save = saved
model.register_forward_pre_hook(lambda *_: steps.append(1))
lm.fit(model, batches(), 60, optimizer="muon", every=5, checkpoint=sys.argv[1])
save(model.state_dict(), sys.argv[2])
print(len(steps))
"""


def test_a_run_killed_at_any_step_resumes_to_the_same_bits(tmp_path):
    """SIGKILL before a step drawn at random, then in the middle of writing a checkpoint, then it may finish; dropout makes the random state matter."""
    def run(name, step=-1, write=-1):
        return subprocess.run([sys.executable, "-c", RUN, str(tmp_path / f"{name}.ckpt"), str(tmp_path / f"{name}.pt"), str(step), str(write)],
                              cwd=tmp_path, stdout=subprocess.PIPE, text=True)

    assert run("whole").stdout == "60\n"
    step = random.randrange(1, 60)
    write = random.randint(1, (60 - step // 5 * 5) // 5)
    where = f"killed before step {step}, then in write {write} after that"
    for dies in ({"step": step}, {"write": write}):
        assert run("killed", **dies).returncode == -signal.SIGKILL and not (tmp_path / "killed.pt").exists(), where
    done = run("killed")
    assert done.returncode == 0 and int(done.stdout) == 60 - 5 * (step // 5 + write - 1), where     # it went on where the last whole file stood
    whole, killed = (torch.load(tmp_path / f"{name}.pt", weights_only=True) for name in ("whole", "killed"))
    assert all(torch.equal(whole[name], killed[name]) for name in whole), where


def test_clear_errors(world, tmp_path):
    corpus, tokenizer, rows = world
    model, batches = small(tokenizer), lm.Batches(rows)
    with pytest.raises(ValueError, match="device='cuda:7' is not there|no CUDA"):
        lm.fit(model, batches, 1, device="cuda:7" if not torch.cuda.is_available() else "xpu")
    with pytest.raises(ValueError, match="must be 'adamw' or 'muon'"):
        lm.fit(model, batches, 1, optimizer="sgdm")
    with pytest.raises(ValueError, match="has none, take 'adamw'"):
        lm.fit(lm.LSTMLanguageModel(len(tokenizer)), batches, 1, optimizer="muon")
    with pytest.raises(ValueError, match="say how often"):
        lm.fit(model, batches, 1, evaluate=lambda model: 0)
    with pytest.raises(ValueError, match="ended after 1 of 5 steps"):
        lm.fit(model, [next(iter(batches))], 5)
    with pytest.raises(RuntimeError, match="the loss of step .* is not a number"):
        lm.fit(small(tokenizer), batches, 40, lr=1e20, clip=1e20, warmup=0)
    (tmp_path / "broken.ckpt").write_bytes(b"not a checkpoint")
    with pytest.raises(ValueError, match="is damaged"):
        lm.fit(model, batches, 4, every=2, checkpoint=tmp_path / "broken.ckpt")
    lm.fit(model, batches, 4, every=2, checkpoint=tmp_path / "run.ckpt")
    with pytest.raises(ValueError, match="belongs to a run of 4 steps, not 8"):
        lm.fit(model, batches, 8, every=2, checkpoint=tmp_path / "run.ckpt")
    with pytest.raises(ValueError, match="no rows"):
        lm.Batches([])
    with pytest.raises(ValueError, match="became a row of"):
        excess_over_floor(model, [row[:-1] for row in rows], corpus)
    with pytest.raises(ValueError, match="0 rows for 200 stories"):
        excess_over_floor(model, [], corpus)
