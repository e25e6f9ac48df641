"""A translation and the three attentions that make it: encoder, decoder and cross-attention, each with its mask."""
from __future__ import annotations

import warnings
from contextlib import ExitStack

import traitlets as t

from lmcourse.widgets.base import ModelWidget
from lmcourse.widgets.traits import Choice, Number, Text, among, within

PARTS = "cross", "encoder", "decoder"


class TranslationExplorer(ModelWidget):
    """Type a sentence of the world; the encoder-decoder translates it in the page, and each of its heads shows where it looks.

    model: "course-seq2seq" (bundled, English into 中文, no torch needed) or a Seq2Seq with its WordTokenizer as `tokenizer`.
    text: the sentence that is read, words that the tokenizer knows; what does not fit into max_len words is cut, with a warning.
    target: a text that the decoder is given instead of its own translation; "" for that one, written greedily.
    examples: sentences to choose from.
    part: which attention is shown large: "cross" (target looks at source), "encoder" (source at source) or "decoder" (target at target).
    layer, head: whose attention is shown, counted from 0 (the page counts from 1); head=-1 is the mean of the layer's heads.
    place: which word of the target is being written, counted from 0: where the decoder looks then, and what it expects; -1 is the end.
    source_place: the source word whose looks are shown, counted from 0.
    causal: False takes the decoder's mask away while it reads the finished target: each word then sees those after it.
    heads_off: (part, layer, head) triples whose output is replaced by zero.

    `read()` gives in Python what the page shows. Every argument but the first two is a trait. ValueError for an empty
    text, a word that the model does not know, a layer or head that it does not have.
    """
    _kind = "seq2seq"
    _shown = ("text", "part", "layer", "head")
    text = Text(example="Anna found a red key in the garden yesterday .").tag(sync=True)
    target = t.Unicode().tag(sync=True)
    examples = t.List(t.Unicode()).tag(sync=True)
    part = Choice(*PARTS)
    layer = Number(0, 0)
    head = Number(0, -1)
    place = Number(0, -1)
    source_place = Number(0, 0)
    causal = t.Bool(True).tag(sync=True)
    heads_off = t.List().tag(sync=True)

    def __init__(self, model="course-seq2seq", tokenizer=None, text="", heads_off=(), **traits):
        super().__init__(model, tokenizer, text=text, heads_off=[list(each) for each in heads_off], **traits)

    def _describe(self):
        return (f"{self.part.capitalize()} attention of layer {self.layer + 1}, {f'head {self.head + 1}' if self.head >= 0 else 'the mean of its heads'}, "
                f"while the model translates: {self.text}")

    def read(self):
        """(source words, target words from the start on, `lm.Seq2SeqRecord`) as they are shown; the target is the model's own where none is given."""
        import torch
        from lmcourse.generation import generate
        from lmcourse.interpret import ablate, record
        model, tokenizer = self.source.model(), self.source.tokenizer
        source, target = tokenizer.encode(self.text), tokenizer.encode(self.target)
        with ExitStack() as stack:
            for part, layer, head in self.heads_off:
                stack.enter_context(ablate(model, [(layer, head)], part=part))
            if not target:
                target = generate(model, [source], model.config.max_len - 1, stop=tokenizer.end_id)[0][1:]
            target = [i for i in target if i != tokenizer.end_id]
            seen = record(model, (torch.tensor([source]), torch.tensor([[model.config.start_id, *target]])), causal=self.causal)
        return [tokenizer.tokens[i] for i in source], ["start", *(tokenizer.tokens[i] for i in target)], seen

    def cut(self, text, name="text", most=None):
        """As many words of a text as the encoder reads, or `most`; ValueError that says which word is not known."""
        ids, most = self.source.tokenizer.encode(text), most or self.source.config["max_len"]
        if len(ids) <= most:
            return text
        warnings.warn(f"{name} has {len(ids)} words; the first {most} fit, the rest was cut off", stacklevel=2)
        return self.source.tokenizer.decode(ids[:most])

    @t.validate("target")
    def _check_target(self, proposal):
        return self.cut(proposal["value"], "target", self.source.config["max_len"] - 1)     # the start token takes one place

    @t.validate("layer", "head")
    def _check_size(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        return value if value == -1 else within(name, value, self.source.config[f"n_{name}s"])      # only a head may be -1: the mean

    @t.validate("heads_off")
    def _check_heads_off(self, proposal):
        for each in proposal["value"]:
            if len(each) != 3:
                raise ValueError(f"heads_off holds {each!r}; it is a list of (part, layer, head), such as [('cross', 0, 1)]")
            among("part in heads_off", each[0], PARTS)
            for name, value in zip(("layer", "head"), each[1:]):
                within(f"{name} in heads_off", value, self.source.config[f"n_{name}s"])
        return sorted(map(list, proposal["value"]))

    def _figure(self):
        from lmcourse.plots import attention_map
        source, target, seen = self.read()
        weights = getattr(seen, self.part)[self.layer][0, slice(None) if self.head < 0 else [self.head]].mean(0).clamp_min(1e-9)     # 0 is the mask's
        numbers = [str(i) for i in range(len(target))]              # not every machine has letters for all languages
        rows, columns = source if self.part == "encoder" else numbers, numbers if self.part == "decoder" else source
        return attention_map(weights.tril() if self.part == "decoder" and self.causal else weights, rows, y="this word looks", x="at this one", sources=columns)
