"""How surprised a model is by each token of a text, beside the least surprise that is possible."""
from __future__ import annotations

import math

import traitlets as t

from lmcourse.widgets.base import ModelWidget, short
from lmcourse.widgets.traits import Choice, Number, Text


class SurpriseReader(ModelWidget):
    """Each token of a text, coloured by the model's surprise -ln q; for stories of the world beside the grammar's, -ln p.

    model: "course-gpt" (bundled, no torch needed) or a GPT. tokenizer: the BPETokenizer of a GPT; not needed with a name.
    text: what is read; by default the first of `stories`. The model reads `<|endoftext|>` before it; what does not fit is cut.
    stories: a Corpus of at most 6 stories, or nothing. Its exact log-probabilities are kept as `surprises`, in nats a token,
        the start token left out and the end token last. They hold for any text as far as it agrees with a story.
    colour: by which surprise tokens are coloured: "model", "grammar" or "difference".
    ended: whether the end of the text is a token to be predicted, too.
    place: the token that is described, counted from 0; -1 is the most surprising one.

    Every argument but the first two is a trait (stories: `stories`, the texts, and `surprises`). ValueError for an empty text,
    an unknown colour, too many stories, or stories in which a word is not one token of this model.
    """
    _shown = ("text", "colour", "ended")
    text = Text().tag(sync=True)
    stories = t.List(t.Unicode()).tag(sync=True)
    surprises = t.List(t.List(t.Float()), help="-ln p of each token of each story").tag(sync=True)
    colour = Choice("model", "grammar", "difference")
    ended = t.Bool(True).tag(sync=True)
    place = Number(-1, -1)

    def __init__(self, model="course-gpt", tokenizer=None, text=None, stories=None, **traits):
        texts, surprises = ([], []) if stories is None else (stories.texts, [[round(-p, 5) for p in row[1:]] for row in stories.log_probs])
        if len(texts) > 6:
            raise ValueError(f"{len(texts)} stories; at most 6 are kept with the figure")
        text = text if text is not None else texts[0] if texts else ""
        super().__init__(model, tokenizer, text=text, stories=list(texts), surprises=surprises, **traits)
        for story, known in zip(texts, surprises):
            if len(self.source.tokenizer.encode(story)) + 1 != len(known):
                raise ValueError("in these stories a word is not one token of this model, so the grammar's surprise has no place to stand")

    def true_surprises(self):
        """-ln p of the text's tokens as far as it agrees with one of the stories; the end token's if it is that story."""
        encode, best = self.source.tokenizer.encode, []
        ids = encode(self.text)
        for story, known in zip(self.stories, self.surprises):
            words = encode(story)
            same = next((i for i, (a, b) in enumerate(zip(ids, words)) if a != b), min(len(ids), len(words)))
            found = known if self.ended and ids == words else known[:same]
            best = max(best, found, key=len)
        return list(best)

    def _describe(self):
        return f"Surprise of {short(self.weights)} at each token of the text: {self.text}"

    def _figure(self):
        """Bars of the model's surprise, a mark for the grammar's."""
        import torch

        from lmcourse import plots
        tokenizer, model = self.source.tokenizer, self.source.model()
        ids = [tokenizer.end_id, *tokenizer.encode(self.text), *([tokenizer.end_id] if self.ended else [])]
        with torch.no_grad():
            log_q = model(torch.tensor([ids[:-1]]))[0].log_softmax(-1)
        surprise = -log_q.gather(1, torch.tensor(ids[1:])[:, None])[:, 0]                        # (T,)
        labels = [tokenizer.decode([i]).strip() or "␣" for i in ids[1:]]
        true = self.true_surprises()
        with plots.drawing(max(4.0, min(9.0, 1 + 0.16 * len(labels))), 2.6) as (figure, axes):
            axes.bar(range(len(labels)), surprise.tolist(), color=plots.COLOURS[0], width=0.8)
            axes.plot(range(len(true)), true, "_", color=plots.COLOURS[1], markersize=6, markeredgewidth=2)
            axes.set_xticks(range(len(labels)), ["end" if label == "<|endoftext|>" else label for label in labels], rotation=90, fontsize=6)
            axes.set(ylabel="surprise (nats)")
            axes.set_ylim(0, max(1.0, math.ceil(surprise.max().item())))
            axes.grid(False, axis="x")
        return figure
