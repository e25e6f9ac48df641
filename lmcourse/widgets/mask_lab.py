"""Hide a word of a text: what a masked and a causal model say there, what each may see, and the best that either could say."""
from __future__ import annotations

import math
import warnings

import traitlets as t

from lmcourse.widgets import sources
from lmcourse.widgets.base import ModelWidget, carried, short
from lmcourse.widgets.traits import Number, Text

SHOWN, MOST_STORIES = 5, 4
OTHERS = ""                                                         # in a stored table: the most that any word left out has


class MaskLab(ModelWidget):
    """One word is hidden. The masked model (course-bert) guesses it from both its sides, the causal one (course-gpt) from its left.

    stories: up to 4 texts. both, left: for each story and each of its words the exact distribution {word: probability} given all
        other words (`world.hidden_word`) and given those before it (`world.next_word`); what is stored of it are the largest and the
        word's own. They hold for any text as far as it agrees with a story: `left` up to the hidden word, `both` everywhere else.
    text: what is read, by default the first story; what does not fit is cut.
    place: which word is hidden, counted from 0 in the words and marks of the text; beyond its end the last one.

    `answers()` gives what both models say. Every argument is a trait (both, left: `best`). ValueError for an empty text, too many
    stories, or tables that do not fit them.
    """
    _shown = ("text", "place")
    text = Text().tag(sync=True)
    place = Number(0, 0)
    stories = t.List(t.Unicode()).tag(sync=True)
    best = t.List(help="a story: a word: [{word: probability} given both sides, given the left]").tag(sync=True)
    encoder = t.Unicode(help="the name of the masked model's weights").tag(sync=True)
    carrier_encoder = t.Unicode(help="the id of the Weights that bring them").tag(sync=True)

    def __init__(self, stories=(), both=(), left=(), text=None, **traits):
        if len(stories) > MOST_STORIES or not len(stories) == len(both) == len(left):
            raise ValueError(f"{len(stories)} stories, {len(both)} and {len(left)} tables: at most {MOST_STORIES} stories, and for each one list of tables "
                             "for both sides and one for the left")
        self.masked = sources.find("course-bert", kind="bert")
        self._brings = carried(self.masked)                         # keeps it alive as long as this widget
        best = [_tables(self._words(story), *pair) for story, *pair in zip(stories, both, left)]
        text = text if text is not None else stories[0] if stories else ""
        super().__init__("course-gpt", None, text=text, stories=list(stories), best=best, encoder=self.masked.name,
                         carrier_encoder=self._brings.model_id, **traits)

    def __repr__(self):
        return f"{super().__repr__()[:-1]}, encoder={short(self.encoder)!r})"

    def _words(self, text):
        return self.masked.tokenizer.words(text)

    def cut(self, text):
        """As much of a text as both models read."""
        fits, _ = self.source.cut(text)
        while len(self.masked.tokenizer.encode(fits)) > self.masked.config["max_len"] - 2:
            fits = fits[:-1]                                        # strange letters are many pieces each
        if fits != text:
            warnings.warn(f"text is too long; its first {len(fits)} characters fit, the rest was cut off", stacklevel=2)
        return fits

    def hidden(self):
        """(words of the text, the place that is hidden)."""
        words = self._words(self.text)
        return words, min(self.place, len(words) - 1)

    def answers(self):
        """{"masked": {word: probability}, "causal": {...}} of the hidden word, as the two models give them; pieces of words count as words."""
        import torch
        words, at = self.hidden()
        bert, gpt = self.masked.tokenizer, self.source.tokenizer
        pieces = [bert.pieces(word) for word in words]
        left = sum(pieces[:at], [])
        ids = [bert.start_id, *left, bert.mask_id, *sum(pieces[at + 1:], []), bert.end_id]
        before = [gpt.end_id, *gpt.encode(self._left(words, at))]
        with torch.no_grad():
            masked = self.masked.model()(torch.tensor([ids]))[0, 1 + len(left)].softmax(-1).tolist()
            causal = self.source.model()(torch.tensor([before]))[0, -1].softmax(-1).tolist()
        found = {"masked": dict(zip(bert.tokens, masked)), "causal": {}}
        for token, p in enumerate(causal):
            word = gpt.decode([token]).strip() or "␣"
            found["causal"][word] = found["causal"].get(word, 0) + p
        return found

    def _left(self, words, at):
        """The text before its word `at`."""
        end = 0
        for word in words[:at]:
            end = self.text.index(word, end) + len(word)
        return self.text[:end]

    def optimum(self):
        """{"masked": {word: probability} or None, "causal": ...}: the stored part of the exact answers, where they hold."""
        words, at = self.hidden()
        best = {"masked": None, "causal": None}
        for story, tables in zip(map(self._words, self.stories), self.best):
            if at < len(story) and story[:at] == words[:at]:
                if story[at + 1:] == words[at + 1:]:
                    return dict(zip(best, tables[at]))
                best["causal"] = best["causal"] or tables[at][1]
        return best

    def _describe(self):
        words, at = self.hidden()
        return f"Word {at + 1} of {len(words)}, “{words[at]}”, is hidden; guesses of the masked and of the causal model. Text: {self.text}"

    def _figure(self):
        from lmcourse.plots import bars_by_kind
        answers, words = self.answers(), []
        for found in answers.values():
            words += sorted(found, key=found.get, reverse=True)[:SHOWN]
        return bars_by_kind({f"{kind} model": {word: found.get(word, 0.0) for word in words} for kind, found in answers.items()},
                            x="probability of the hidden word", describe="Bars of the {x}. {rows}")


def _tables(words, both, left):
    """What is kept of the exact distributions of one story."""
    if not len(words) == len(both) == len(left):
        raise ValueError(f"a story of {len(words)} words has {len(both)} and {len(left)} tables: each word needs one for both sides and one for the left")
    for word, *tables in zip(words, both, left):
        for table in tables:
            if word not in table or not math.isclose(sum(table.values()), 1, abs_tol=1e-6):
                raise ValueError(f"a table of the word {word!r} lacks it or does not sum to 1: {dict(list(table.items())[:4])} ...")
    return [[_largest(table, word) for table in pair] for word, *pair in zip(words, both, left)]


def _largest(table, word):
    """The largest probabilities and the word's own; under "" the most that any other word has."""
    order = sorted(table, key=table.get, reverse=True)
    kept = [*order[:SHOWN], *([word] if word not in order[:SHOWN] else [])]
    rest = [table[other] for other in order if other not in kept and table[other] >= 5e-5]
    return {**{each: round(table[each], 4) for each in kept if table[each] >= 5e-5 or each == word}, **({OTHERS: round(rest[0], 4)} if rest else {})}
