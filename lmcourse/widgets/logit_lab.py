"""From the last vector to a probability: final norm, dot products with the embeddings, temperature, softmax."""
from __future__ import annotations

import traitlets as t

from lmcourse.widgets.base import ModelWidget
from lmcourse.widgets.traits import Number


class LogitLab(ModelWidget):
    """The output layer of a GPT at work in the page, for a place in a text, and the scores of two sentences.

    model, tokenizer: as for AttentionExplorer.      text: a sentence; the model reads `<|endoftext|>` before it.
    other: a second sentence, whose score (the sum of its tokens' log-probabilities) stands beside that of `text`.
    position: the token after which the next one is scored, counted from 0, the start; -1 is the last.
    token: the id whose dot product is taken apart; -1 is the most probable.
    temperature: logits are divided by it before the softmax, 0.1 to 5.

    Every argument but the first two is a trait. ValueError for a text that is empty or too long for the model, and outside these ranges.
    """
    _shown = ("text", "other", "position", "temperature")
    text = t.Unicode("One night Dan Nash was in the market. He had a red").tag(sync=True)
    other = t.Unicode("One night Dan Nash was in the market. He had red a").tag(sync=True)
    position = Number(-1, -1, 4096)
    token = Number(-1, -1, 10 ** 6)
    temperature = Number(1.0, 0.1, 5)

    @t.validate("text", "other")
    def _check_text(self, proposal):
        text, name, most = proposal["value"], proposal["trait"].name, self.source.max_tokens
        if not text.strip() or len(self.source.tokenizer.encode(text)) > most:
            raise ValueError(f"{name}={text[:60]!r}; it is a text of 1 to {most} tokens")
        return text

    def _describe(self):
        return f"What the output layer makes of the text “{self.text}”, at temperature {self.temperature:g}, and its score beside that of “{self.other}”"

    def _figure(self):
        from lmcourse.interpret import record
        from lmcourse.plots import bars_by_kind
        import torch
        tokenizer = self.source.tokenizer
        ids = [tokenizer.end_id, *tokenizer.encode(self.text)]
        at = min(self.position, len(ids) - 1) if self.position >= 0 else -1
        p = (record(self.source.model(), torch.tensor([ids])).logits[0, at] / self.temperature).softmax(-1)
        best = {tokenizer.decode([i]).strip() or "the end": p[i].item() for i in p.topk(8).indices.tolist()}
        return bars_by_kind({"next token": best}, x="probability", describe="Bars of {x}. {rows}")
