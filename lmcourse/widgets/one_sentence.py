"""One sentence through the whole of a GPT: from its bytes to the probability of the next word, every number on the way."""
from __future__ import annotations

import traitlets as t

from lmcourse.widgets.base import ModelWidget, short
from lmcourse.widgets.traits import Number, Text, within

TEXT = "One morning Nora Bell was in the garden. She had a red key. Adam Hill was her friend. Nora Bell went to the river. Adam"
SIZES = {"layer": "n_layers", "head": "n_heads", "channel": "d_model"}


class OneSentence(ModelWidget):
    """What happens to one token of a sentence, stage by stage, computed in the page; each stage leads to the widget that explains it.

    model, tokenizer: as for AttentionExplorer.
    text: a sentence. The model reads `<|endoftext|>` before it; what does not fit into max_len tokens is cut, with a warning.
    position: the token that is followed, counted from 0, the start; -1 is the last.
    layer, head: which layer is open and which of its heads, counted from 0 (the page counts from 1).
    channel: which number of each vector is written out beside it, counted from 0.
    world: a function that gives the exact distribution after each word of a text, such as `lm.world.next_words`, or nothing. What it
        says of `text` is kept as `exact`, and asked for anew when the text changes.

    Every argument but `model`, `tokenizer` and `world` is a trait. ValueError for an empty text, and for a layer, head or channel that
    the model does not have.
    """
    # Where each stage is explained: widgets, or chapters, of which the first that a book has is linked to (theme/places.py).
    opens = {"bytes": ("TokenizerLab",), "token": ("TokenizerLab",), "embedding": ("EmbeddingMap",), "position": ("PositionLab",),
             "norm": ("NormLab",), "stream": ("NormLab",), "head": ("AttentionExplorer",), "hand": ("AttentionStepper",),
             "mlp": ("projects/gpt-from-scratch",), "lens": ("LogitLab",),
             "logits": ("LogitLab", "algorithm/output-layer"), "surprise": ("SurpriseReader",)}
    _shown = ("text", "position", "layer", "head")
    text = Text(TEXT).tag(sync=True)
    position = Number(-1, -1)
    layer = Number(0, 0)
    head = Number(0, 0)
    channel = Number(0, 0)
    exact = t.List(help="[[word, {next word: its probability in the world}], ...], from the start token on").tag(sync=True)

    def __init__(self, model="course-gpt", tokenizer=None, text=TEXT, world=None, **traits):
        super().__init__(model, tokenizer, text=text, **traits)
        if world is not None:
            self.exact = self.known(self.text, world)
            self.observe(lambda change: self.set_trait("exact", self.known(change["new"], world)), "text")

    @staticmethod
    def known(text, world):
        """The trait `exact` of a text: what `world(text)` gives, to six digits."""
        return [[word, {other: round(p, 6) for other, p in options.items()}] for word, options in world(text)]

    @t.validate(*SIZES)
    def _check_size(self, proposal):
        name = proposal["trait"].name
        return within(name, proposal["value"], self.source.config[SIZES[name]])

    def _describe(self):
        return f"Every stage of {short(self.weights)} on one sentence, layer {self.layer + 1}, head {self.head + 1}: {self.text}"

    def lens(self):
        """(probabilities of the next token (n_layers + 1, V) that the stream would give before each layer and at the end, the streams
        (n_layers + 1, d)) at `position`, as lmcourse.interpret computes them."""
        import torch

        from lmcourse.interpret import logit_lens, record
        model, ids = self.source.model(), torch.tensor([[self.source.tokenizer.end_id, *self.source.tokenizer.encode(self.text)]])
        at = self.position if 0 <= self.position < ids.shape[1] else -1
        return logit_lens(model, ids)[:, 0, at].exp(), torch.stack(record(model, ids).residual)[:, 0, at]

    def _figure(self):
        """The stream after each layer as a strip, and the word that the model would say there."""
        from lmcourse.plots import drawing
        probabilities, streams = self.lens()
        scaled = streams / streams.abs().amax(1, keepdim=True)
        said = [f"{self.source.tokenizer.decode([int(row.argmax())]).strip() or 'end'} ({row.max():.0%})" for row in probabilities]
        names = ["embedding", *(f"layer {i + 1}" for i in range(len(said) - 1))]
        with drawing(6.4, 0.9 + 0.42 * len(said)) as (figure, axes):
            axes.imshow((scaled.sign() * scaled.abs().sqrt()).numpy(), cmap="PuOr_r", vmin=-1, vmax=1, aspect="auto", interpolation="nearest")
            axes.set_yticks(range(len(said)), [f"{name}: {word}" for name, word in zip(names, said)])
            axes.set(xlabel="channel of the stream", ylabel="after")
            axes.grid(False)
        return figure
