"""The training loop: loss, gradient, step, again."""
import contextlib
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F

from .batches import IGNORED
from .devices import Processes, pick_device, pick_format
from .optimizers import optimizers, share_of_lr


@dataclass
class History:
    """What happened: `losses[i]` is the training loss of step i + 1 (nats a token); `evaluations` are (step, value of
    the caller's `evaluate`); `seconds` is CPU time used."""
    losses: list = field(default_factory=list)
    evaluations: list = field(default_factory=list)
    seconds: float = 0.0


def loss_of(model, inputs, targets):
    """Mean cross-entropy in nats over the targets that are scored. inputs, targets (B, T); a Seq2Seq's inputs are a pair."""
    logits = model(inputs)                                              # (B, T, V)
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def fit(model, batches, steps, optimizer="adamw", lr=3e-3, muon_lr=0.05, weight_decay=0.01, warmup=50, schedule="linear",
        clip=1.0, accumulate=1, precision="auto", evaluate=None, every=None, checkpoint=None, device="auto"):
    """Trains `model` in place for `steps` batches of (inputs, targets), each (B, T); target -100 is not scored.

    schedule    after the warm-up: "linear" or "cosine" to zero, "wsd" (level, then down in the last fifth), "constant"
    accumulate  a batch is computed in that many parts, one after the other: the same step in less memory
    precision   of the products: "auto" (bfloat16 or float16 on a GPU, else float32) or the name of one; float16 with loss scaling
    evaluate    called with the model every `every` steps and at the end; what it returns goes into the history
    checkpoint  a file, written every `every` steps; if it exists the run resumes from it, to the same numbers
    device      "auto" (cuda, else mps, else cpu) or the name of one
    Under `torchrun` each process takes its share of every batch; the first evaluates and writes.
    Returns a `History`. Raises ValueError for settings that cannot be, RuntimeError if the loss is no longer a number.
    """
    if steps < 1 or accumulate < 1:
        raise ValueError(f"steps={steps} and accumulate={accumulate} must be at least 1")
    if (evaluate or checkpoint) and not every:
        raise ValueError("say how often: every=100 evaluates and saves every 100 steps")
    share_of_lr(0, steps, warmup, schedule)                             # says it if there is no such schedule
    processes = Processes(pick_device(device))
    run = _Run(model, processes, pick_format(precision, processes.device), accumulate, clip,
               optimizers(model.to(processes.device).train(), optimizer, lr, muon_lr, weight_decay))
    history, done = run.history, 0
    if checkpoint and Path(checkpoint).exists():
        done = run.resume(checkpoint, steps)
    highest = [lr, muon_lr]
    for step, (inputs, targets) in enumerate(batches):
        if step < done:
            continue                                                    # seen before the run broke off
        if step == steps:
            break
        began = time.process_time()
        for stepper, top in zip(run.steppers, highest):
            stepper.param_groups[0]["lr"] = top * share_of_lr(step, steps, warmup, schedule)
        history.losses.append(run.step(inputs, targets))
        history.seconds += time.process_time() - began
        if history.losses[-1] != history.losses[-1]:
            raise RuntimeError(f"the loss of step {step + 1} is not a number; try a smaller lr than {lr}")
        if every and ((step + 1) % every == 0 or step + 1 == steps) and processes.rank == 0:
            if evaluate:
                history.evaluations.append((step + 1, run.evaluated(evaluate)))
            if checkpoint:
                run.write(checkpoint, steps)
    if len(history.losses) < steps:
        raise ValueError(f"the batches ended after {len(history.losses)} of {steps} steps; give an endless iterable, such as Batches")
    processes.end()
    model.eval()
    return history


class _Run:
    """What one run of `fit` carries from step to step."""
    def __init__(self, model, processes, dtype, accumulate, clip, steppers):
        self.model, self.wrapped, self.processes = model, processes.wrap(model), processes
        self.accumulate, self.clip, self.steppers, self.history = accumulate, clip, steppers, History()
        kind = processes.device.type
        self.cast = contextlib.nullcontext() if dtype == torch.float32 else torch.autocast(kind, dtype)
        self.scaler = torch.amp.GradScaler(kind, enabled=dtype == torch.float16)       # else it passes everything on

    def step(self, inputs, targets):
        """One step; returns the loss of the whole batch, over all parts and processes."""
        self.model.zero_grad(set_to_none=True)
        loss = self.backward(inputs, targets)
        self.scaler.unscale_(self.steppers[0])
        torch.nn.utils.clip_grad_norm_(self.steppers[0].param_groups[0]["params"], self.clip)   # an orthogonal step needs none
        for stepper in self.steppers:
            self.scaler.step(stepper)
        self.scaler.update()
        return loss

    def backward(self, inputs, targets):
        parts, count, total = self.accumulate * self.processes.count, (targets != IGNORED).sum(), 0.0
        if parts > len(targets):
            raise ValueError(f"a batch of {len(targets)} rows cannot be shared out into {parts} parts (accumulate x processes)")
        for part in range(self.processes.rank, parts, self.processes.count):
            some = slice(part, None, parts)                             # every so many rows
            x, y = _to(inputs, some, self.processes.device), targets[some].to(self.processes.device)
            last = part + self.processes.count >= parts
            with contextlib.nullcontext() if last or self.processes.count == 1 else self.wrapped.no_sync(), self.cast:
                loss = loss_of(self.wrapped, x, y)                      # its mean counts by its share of the batch's scored places
                loss = loss * ((targets[some] != IGNORED).sum() / count).item() if parts > 1 else loss
                self.scaler.scale(loss * self.processes.count).backward()   # the processes' gradients are averaged
            total += loss.item()
        return self.processes.sum(total)

    def evaluated(self, evaluate):
        self.model.eval()
        with torch.no_grad():
            value = evaluate(self.model)
        self.model.train()
        return value

    def write(self, path, steps):
        """All of the run in one file, put in place in one move: a kill leaves the old one or the new one, never half."""
        path = Path(path)
        state = {"model": self.model.state_dict(), "optimizers": [s.state_dict() for s in self.steppers], "history": vars(self.history),
                 "scaler": self.scaler.state_dict(), "steps": steps, "random": torch.get_rng_state()}
        torch.save(state, path.with_suffix(".part"))
        os.replace(path.with_suffix(".part"), path)

    def resume(self, path, steps):
        """Take the run up where the file left it; returns how many steps it had done."""
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:
            raise ValueError(f"{path} is no checkpoint of a run, or is damaged ({error}); delete it to start afresh") from error
        if state["steps"] != steps:
            raise ValueError(f"{path} belongs to a run of {state['steps']} steps, not {steps}: the learning rates would differ")
        self.model.load_state_dict(state["model"])
        for stepper, saved in zip(self.steppers, state["optimizers"]):
            stepper.load_state_dict(saved)
        if state.get("scaler"):
            self.scaler.load_state_dict(state["scaler"])
        torch.set_rng_state(state["random"])
        vars(self.history).update(state["history"])
        return len(self.history.losses)


def _to(inputs, rows, device):
    """Some rows of the inputs, on the device; a Seq2Seq's inputs are a pair."""
    return inputs[rows].to(device) if torch.is_tensor(inputs) else tuple(x[rows].to(device) for x in inputs)
