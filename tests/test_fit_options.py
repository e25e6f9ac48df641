"""fit's dials: schedules, accumulation, number formats, several processes, devices that are not here."""
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small import SMALL, randomised

import lmcourse as lm
from lmcourse.training.devices import pick_device, pick_format
from lmcourse.training.optimizers import SCHEDULES, share_of_lr


def rows(count=48, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randint(1, 50, (int(n),), generator=generator).tolist() for n in torch.randint(5, 20, (count,), generator=generator)]


def model():
    return randomised(lm.GPT(lm.TransformerConfig(**SMALL)), 0.05)


def apart(a, b):
    return max((p - q).abs().max().item() for p, q in zip(a.parameters(), b.parameters()))


@given(st.sampled_from(sorted(SCHEDULES)), st.integers(2, 500), st.integers(0, 50))
@settings(deadline=None)
def test_a_schedule_rises_then_never_rises_again(schedule, steps, warmup):
    shares = [share_of_lr(step, steps, warmup, schedule) for step in range(steps)]
    assert all(0 <= share <= 1 for share in shares)
    after = shares[warmup:]
    assert all(a >= b for a, b in zip(after, after[1:]))
    if schedule == "constant":
        assert set(after) <= {1.0}
    elif steps > 50 * max(warmup, 1):
        assert shares[-1] < 0.1 < max(shares)


def test_schedules_against_torch():
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=40)
    for step in range(40):
        assert share_of_lr(step, 40, 0, "cosine") == pytest.approx(theirs.get_last_lr()[0], abs=1e-12)
        optimizer.step()
        theirs.step()
    assert [share_of_lr(step, 10, 0, "wsd") for step in (0, 7, 8, 9)] == pytest.approx([1, 1, 1, 0.5])


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_a_batch_in_parts_is_the_same_step(optimizer):
    """Rows of different length: a mean of means would weigh short rows too much."""
    whole, parts = model(), model()
    a = lm.fit(whole, lm.Batches(rows(), 12), 8, optimizer=optimizer, warmup=2)
    b = lm.fit(parts, lm.Batches(rows(), 12), 8, optimizer=optimizer, warmup=2, accumulate=4)
    assert apart(whole, parts) < 1e-5 and a.losses == pytest.approx(b.losses, abs=1e-5)
    other = model()
    lm.fit(other, lm.Batches(rows(), 12, seed=1), 8, optimizer=optimizer, warmup=2)
    assert apart(whole, other) > 1e-3                                   # the comparison can fail


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_learns_nearly_the_same(precision):
    exact, rough = model(), model()
    a = lm.fit(exact, lm.Batches(rows(), 12), 40, warmup=5, precision="float32")
    b = lm.fit(rough, lm.Batches(rows(), 12), 40, warmup=5, precision=precision)
    assert a.losses != b.losses and b.losses[-1] < b.losses[0]
    assert b.losses[-1] == pytest.approx(a.losses[-1], abs=0.1)
    assert all(p.dtype == torch.float32 for p in rough.parameters())    # the weights themselves stay whole


@pytest.mark.parametrize("cuda, mps, first", [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")])
def test_auto_takes_cuda_before_mps_before_the_cpu(monkeypatch, cuda, mps, first):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert pick_device() == torch.device(first) and pick_device("cpu") == torch.device("cpu")
    for name, there in (("cuda:0", cuda), ("mps", mps)):
        if there:
            assert pick_device(name) == torch.device(name)
        else:
            with pytest.raises(ValueError, match=f"device='{name}' is not there; this machine has {'mps, ' if mps else 'cuda, ' if cuda else ''}cpu"):
                pick_device(name)


def test_what_a_cpu_picks():
    assert pick_format("auto", torch.device("cpu")) == torch.float32
    with pytest.raises(ValueError, match="precision='int8' must be 'auto', 'float32'"):
        lm.fit(model(), lm.Batches(rows()), 1, precision="int8")
    with pytest.raises(ValueError, match="schedule='triangle' must be one of constant, linear, cosine, wsd"):
        lm.fit(model(), lm.Batches(rows()), 1, schedule="triangle")
    with pytest.raises(ValueError, match="batch of 12 rows cannot be shared out into 20 parts"):
        lm.fit(model(), lm.Batches(rows(), 12), 1, accumulate=20)


SCRIPT = """
import sys, torch
sys.path[:0] = sys.argv[2].split(":")
import lmcourse as lm
from test_fit_options import model, rows
trained, seen = model(), []
history = lm.fit(trained, lm.Batches(rows(), 12), 8, optimizer="muon", warmup=2, accumulate=2, every=4, evaluate=lambda m: seen.append(1))
if int(__import__("os").environ.get("RANK", 0)) == 0:
    torch.save({"state": trained.state_dict(), "losses": history.losses, "evaluations": len(seen)}, sys.argv[1])
else:
    assert not seen
"""


def test_two_processes_agree_with_one(tmp_path):
    """The same script, alone and under torchrun with two gloo processes."""
    (tmp_path / "train.py").write_text(SCRIPT)
    paths = ":".join([str(__import__("pathlib").Path(__file__).parent), *sys.path])
    alone, two = tmp_path / "alone.pt", tmp_path / "two.pt"
    subprocess.run([sys.executable, str(tmp_path / "train.py"), str(alone), paths], check=True, cwd=tmp_path)
    done = subprocess.run([sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", str(tmp_path / "train.py"), str(two), paths],
                          cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    a, b = (torch.load(path, weights_only=True) for path in (alone, two))
    assert max((a["state"][name] - b["state"][name]).abs().max().item() for name in a["state"]) < 1e-5
    assert a["losses"] == pytest.approx(b["losses"], abs=1e-5) and a["evaluations"] == b["evaluations"] == 2


FAKE = """
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.backend_registration import _DummyBackendModule, _setup_privateuseone_for_python_backend

class Module(_DummyBackendModule):
    def get_amp_supported_dtype(self):
        return [torch.float16, torch.bfloat16]
    def synchronize(self, *_):
        pass

_setup_privateuseone_for_python_backend("gpu", backend_module=Module())
import lmcourse as lm
from lmcourse.generation.generate import _steps
from lmcourse.training import loss_of

def move(model):
    memo = {}                                                           # tied weights stay tied
    for module in model.modules():
        for name, p in module._parameters.items():
            if p is not None:
                module._parameters[name] = memo.setdefault(id(p), torch.nn.Parameter(p.detach().to("gpu")))
        for name, b in module._buffers.items():
            if b is not None:
                module._buffers[name] = b.to("gpu")
        if isinstance(module, torch.nn.RNNBase):
            module._flat_weights = [getattr(module, n) for n in module._flat_weights_names]
    return model

def trains(model):
    ids = torch.ones(2, 9, dtype=torch.long).to("gpu")
    loss = loss_of(model, ids, ids)
    loss.backward()
    assert loss.device.type == "gpu" and all(p.grad is None or p.grad.device.type == "gpu" for p in model.parameters())

tensor = torch.tensor                                                   # the device that is none cannot make one from a list
torch.tensor = lambda data, device="cpu", **options: tensor(data, **options).to(device)

def writes(model):
    shut = torch.zeros(50, dtype=torch.bool).to("gpu")
    for strategy in (lm.Greedy(), lm.Sample(0.8, top_k=9, top_p=0.9, min_p=0.01, repetition_penalty=1.2)):
        with torch.no_grad():
            chosen = list(_steps(model, [[1, 2, 3], [4, 5]], 4, strategy, None, shut, None))
        assert len(chosen) == 5 and all(each.device.type == "gpu" for each in chosen)

class LeavesOneBehind(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
    def forward(self, ids):
        return self.model(ids) + torch.zeros(1)                         # a tensor of the CPU

with FakeTensorMode():
    plain = dict(vocab_size=50, d_model=32, n_heads=4, n_layers=2, max_len=24)
    modern = dict(position="rope", qk_norm=True, token_shift=True, n_kv_heads=2, norm="rms", mlp="swiglu", bias=False)
    for options in (plain, modern, dict(position="alibi"), dict(position="sinusoidal")):
        model = move(lm.GPT(lm.TransformerConfig(**plain | options)))
        trains(model)
        writes(model)
    lstm = move(lm.LSTMLanguageModel(50))
    trains(lstm)
    writes(lstm)
    trains(move(lm.BERT(lm.TransformerConfig(**plain, n_types=2))))
    optimizer = lm.training.Muon([("a.weight", torch.nn.Parameter(torch.ones(8, 8).to("gpu")))])
    for p in optimizer.param_groups[0]["params"]:
        p.grad = torch.ones(8, 8).to("gpu")
    optimizer.step()
    try:
        trains(LeavesOneBehind(move(lm.GPT(lm.TransformerConfig(**plain)))))
    except RuntimeError as error:
        assert "device" in str(error), error
        print("caught")
"""


def test_nothing_is_left_on_the_cpu():
    """Forward, loss, backward, Muon's step and writing on a device that torch only pretends to have; a model that leaves a tensor behind is caught."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", FAKE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == ["caught"]
