"""Word vectors as a map: neighbours by cosine, and analogies a - b + c."""
from __future__ import annotations

import base64

import numpy as np
import traitlets as t

from lmcourse.widgets.base import ModelWidget, Widget
from lmcourse.widgets.traits import Choice, among

LARGEST = 11_000                                                    # bytes of vectors that a stored widget has room for


class EmbeddingMap(ModelWidget):
    """A map of word vectors (their first two principal components), the neighbours of a word, and analogies, computed in the page.

    words: 3 to 400 different words, in the order of the vectors' rows.
    vectors: {name: where from}, one or more: an array (n, d), which is stored as int8, one scale a row; or, for one of them, the name
        of a bundled model or a GPT with its `tokenizer`: the rows of its token embedding, each word one token (with a space before it).
        An array or a name alone will do. Every row is brought to length 1, so that a dot product is a cosine.
    groups: {name of a kind: its words}, at most 12; each gets a mark and a colour.
    shown: the name of the vectors shown.      word: whose neighbours are listed.      mode: "neighbours" or "analogy".
    analogy: [a, b, c], asks for a - b + c.     keep: True lets a, b and c themselves be answers (gensim leaves them out, too).
    examples: analogies to try, [a, b, c] each.

    ValueError for a word or name that is not there, for shapes that do not fit, for more vectors than a notebook should hold.
    """
    _shown = ("shown", "word", "analogy")
    words = t.List(t.Unicode()).tag(sync=True)
    tables = t.Dict(help="name -> {d, rows: base64 of int8 (n, d)}").tag(sync=True)
    model_name = t.Unicode(help="the name under which the model's vectors are chosen; empty: there is no model").tag(sync=True)
    groups = t.List(help="[[name, words], ...]: a stored dictionary would lose its order").tag(sync=True)
    shown = t.Unicode().tag(sync=True)
    word = t.Unicode().tag(sync=True)
    mode = Choice("neighbours", "analogy")
    analogy = t.List().tag(sync=True)
    keep = t.Bool(False).tag(sync=True)
    examples = t.List().tag(sync=True)

    def __init__(self, words, vectors="course-gpt", tokenizer=None, **traits):
        words, vectors = list(words), dict(vectors) if isinstance(vectors, dict) else {vectors if isinstance(vectors, str) else "vectors": vectors}
        if not 3 <= len(words) <= 400 or len(set(words)) < len(words):
            raise ValueError(f"{len(words)} words, {len(set(words))} different; give 3 to 400, each once")
        arrays = {name: np.asarray(each, float) for name, each in vectors.items() if isinstance(each, (list, np.ndarray))}
        models = [name for name in vectors if name not in arrays]
        if len(models) > 1:
            raise ValueError(f"{' and '.join(models)} are two models; one can be shown, beside any number of arrays")
        first = words[0]
        traits = {"words": words, "tables": self._stored(words, arrays), "model_name": models[0] if models else "", "shown": next(iter(vectors)),
                  "word": first, "analogy": words[:3], **traits}
        traits["groups"] = [[name, list(members)] for name, members in dict(traits.get("groups", {})).items()]
        if models:
            super().__init__(vectors[models[0]], tokenizer, **traits)
            for word in words:
                if len(self._ids(word)) != 1:
                    raise ValueError(f"{word!r} is {len(self._ids(word))} tokens in {models[0]}; only a word of one token has one vector there")
        else:
            Widget.__init__(self, **traits)

    @staticmethod
    def _stored(words, arrays):
        for name, array in arrays.items():
            if array.ndim != 2 or len(array) != len(words) or not np.isfinite(array).all() or not array.any(1).all():
                raise ValueError(f"{name} has shape {array.shape}; {len(words)} words need ({len(words)}, d), finite, and no row all zero")
        if (size := sum(array.size for array in arrays.values())) > LARGEST:
            raise ValueError(f"{size} numbers; a stored widget has room for {LARGEST}. Take fewer words or fewer dimensions")
        return {name: {"d": array.shape[1], "rows": base64.b64encode(np.rint(127 * array / np.abs(array).max(1, keepdims=True)).astype(np.int8).tobytes()).decode()}
                for name, array in arrays.items()}

    @t.validate("shown")
    def _check_shown(self, proposal):
        names = [*self.tables, *filter(None, [self.model_name])]
        return among("shown", proposal["value"], names or [proposal["value"]])

    @t.validate("word", "analogy", "examples", "groups")
    def _check_words(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        lists = {"word": lambda: [[value]], "analogy": lambda: [value], "examples": lambda: value, "groups": lambda: [members for _, members in value]}[name]()
        for each in lists:
            if name in ("analogy", "examples") and len(each) != 3:
                raise ValueError(f"{name} holds {each!r}; an analogy is three words [a, b, c]")
            if self.words and (unknown := [word for word in each if word not in self.words]):
                raise ValueError(f"{name}: {unknown[0]!r} is not among the {len(self.words)} words")
        if name == "groups" and len(value) > 12:
            raise ValueError(f"{len(value)} groups; 12 can be told apart")
        return value

    def _ids(self, word):
        return self.source.tokenizer.encode(word)

    def _describe(self):
        what = f"neighbours of {self.word}" if self.mode == "neighbours" else "{} - {} + {}".format(*self.analogy)
        return f"Map of {len(self.words)} word vectors ({self.shown}); {what}"

    def unit_vectors(self, name=None):
        """(n, d) float64, rows of length 1: what the page computes with. name: of the vectors; those shown if None."""
        name = name or self.shown
        if name == self.model_name:
            table = self.source.model().token_embedding.weight.detach().double().numpy()
            rows = table[[self._ids(word)[0] for word in self.words]]
        else:
            rows = np.frombuffer(base64.b64decode(self.tables[name]["rows"]), np.int8).reshape(len(self.words), -1).astype(float)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def _figure(self):
        from lmcourse.plots import COLOURS, drawing
        unit = self.unit_vectors()
        left, sizes, _ = np.linalg.svd(unit - unit.mean(0), full_matrices=False)
        at = dict(zip(self.words, left[:, :2] * sizes[:2]))         # (n, 2)
        with drawing(5.6, 4.6) as (figure, axes):
            for i, (name, members) in enumerate(self.groups or [["words", self.words]]):
                axes.scatter(*zip(*(at[word] for word in members)), color=COLOURS[i % 4], marker="os^D"[i // 4], s=16, label=name)
                axes.annotate(members[0], at[members[0]], fontsize=8)
            axes.annotate(self.word, at[self.word], fontweight="bold")
            axes.set(xlabel="first principal component", ylabel="second")
            axes.legend(fontsize=7, ncol=2)
        return figure
