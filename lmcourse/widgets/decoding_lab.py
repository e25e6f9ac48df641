"""A text written token by token: what greedy, sampling with its filters, and beam search make of one model's probabilities."""
from __future__ import annotations

import itertools

import traitlets as t

from lmcourse.widgets.base import ModelWidget
from lmcourse.widgets.traits import Choice, Number


class DecodingLab(ModelWidget):
    """A prompt, the distribution of the next token with what each filter cuts, and the text that the settings write. The same settings
    always write the same text: `written()` in Python, token for token.

    model, tokenizer: as for AttentionExplorer.
    text: the prompt; the model reads `<|endoftext|>` before it, which alone is the start of a story, so it may be empty. What does not fit is cut.
    way: "sample", "greedy" or "beam".
    temperature (0.1 to 5), top_k (0 to 50, 0: off), top_p (0.01 to 1, 1: off), min_p (0 to 1, 0: off), repetition_penalty (1 to 2): as in
        lm.Sample; greedy has the penalty alone.      beams (1 to 5), length_penalty (0 to 2): as in lm.Beam.
    seed: of `lmcourse.generation.Draws`.      steps: how many tokens are written, as far as there is room.
    stop: "end" stops at the end token, "sentence" at a full stop, too.

    Every argument but the first two is a trait. ValueError outside these ranges.
    """
    _shown = ("text", "way", "seed", "steps")
    text = t.Unicode("One night").tag(sync=True)
    way = Choice("sample", "greedy", "beam")
    temperature = Number(1.0, 0.1, 5)
    top_k = Number(0, 0, 50)
    top_p = Number(1.0, 0.01, 1)
    min_p = Number(0.0, 0, 1)
    repetition_penalty = Number(1.0, 1, 2)
    beams = Number(3, 1, 5)
    length_penalty = Number(1.0, 0, 2)
    seed = Number(1, 0, 9999)
    steps = Number(0, 0, 4096)
    stop = Choice("end", "sentence")

    @t.validate("text")
    def _check_text(self, proposal):
        return self.cut(proposal["value"].rstrip())

    def prompt(self) -> list[int]:
        """The start token and the text."""
        return [self.source.tokenizer.end_id, *self.source.tokenizer.encode(self.text)]

    def strategy(self):
        """The settings as one of `lmcourse.generation`'s strategies."""
        from lmcourse.generation import Beam, Greedy, Sample
        if self.way == "beam":
            return Beam(self.beams, self.length_penalty)
        if self.way == "greedy":
            return Greedy(self.repetition_penalty)
        return Sample(self.temperature, self.top_k or None, self.top_p, self.min_p or None, self.repetition_penalty)

    def branches(self):
        """(running, finished) of the beam search after `steps` tokens, as `lmcourse.generation.beam_steps` gives them; a list of all so far."""
        from lmcourse.generation import beam_steps
        from lmcourse.generation.stops import stopper
        prompt, model = self.prompt(), self.source.model()
        search = beam_steps(model, prompt, self._room(prompt), self.strategy(), stopper(self._stop(), self.source.tokenizer))
        return list(itertools.islice(search, self.steps))

    def written(self) -> list[int]:
        """The new ids, at most `steps`; of a beam search those of the best text."""
        from lmcourse.generation import Draws, generate
        if self.steps == 0:
            return []
        if self.way == "beam":
            running, finished = self.branches()[-1]
            return max([*finished, *((total / len(ids) ** self.length_penalty, ids) for total, ids in running)])[1]
        prompt, tokenizer = self.prompt(), self.source.tokenizer
        return generate(self.source.model(), [prompt], min(self.steps, self._room(prompt)), self.strategy(), self._stop(),
                        Draws(self.seed), tokenizer=tokenizer)[0][len(prompt):]

    def _room(self, prompt):
        return self.source.max_tokens + 2 - len(prompt)             # the last token is written, never read

    def _stop(self):
        return [self.source.tokenizer.end_id, *(["."] if self.stop == "sentence" else [])]

    def _describe(self):
        settings = {"sample": f"temperature {self.temperature:g}, top-k {self.top_k or 'off'}, top-p {self.top_p:g}, min-p {self.min_p:g}, seed {self.seed}",
                    "greedy": f"repetition penalty {self.repetition_penalty:g}", "beam": f"{self.beams} beams"}[self.way]
        return f"The next token after “{self.text}”, and {self.steps} tokens written by {self.way}, {settings}"

    def _figure(self):
        """Bars of the next token's probability after the prompt: as the model gave it, and as it is drawn from."""
        import torch

        from lmcourse.plots import bars_by_kind
        tokenizer, prompt = self.source.tokenizer, self.prompt()
        with torch.no_grad():
            logits = self.source.model()(torch.tensor([prompt]))[0, -1:]
        p = logits.softmax(-1)
        now = self.strategy().distribution(logits, torch.zeros_like(p, dtype=torch.bool).index_fill_(1, torch.tensor(prompt), True)) if self.way == "sample" else p
        names = {i: tokenizer.decode([i]).strip() or "␣" for i in p[0].topk(6).indices.tolist()}
        rows = {"model": {name: p[0, i].item() for i, name in names.items()}, "drawn from": {name: now[0, i].item() for i, name in names.items()}}
        return bars_by_kind(rows if self.way == "sample" else {"model": rows["model"]}, x="probability of the next token", describe="Bars of {x}. {rows}")
