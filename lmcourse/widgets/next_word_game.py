"""Guess the next word of a story, against models that guess the same words."""
from __future__ import annotations

import math
import re

import numpy as np
import traitlets as t

from lmcourse.widgets.base import ModelWidget
from lmcourse.widgets.traits import Choice

SURE = (0.3, 0.6, 0.9, 0.99)
SHOWN = 6                                                           # words of the first guesser that are offered; of each, three are shown
SPECIAL = re.compile(r"<\|.*\|>$")                                  # the end token is no word to guess


class NextWordGame(ModelWidget):
    """The reader sees a story up to a word, names the next one and says how sure he is; then all see what came, and pay for it.

    Everybody pays -log of the probability that he gave to the word that came. The reader gives `sure` to his word and shares the rest
    evenly among the other words of the world; upper and lower case count as one. "I don't know" gives every word the same.
    stories: lists of words, without start and end tokens, each word one token of the model.
    kinds: what kind of word each is, lists of the same lengths.      places: which words of each story are to be guessed.
    guessers: {name: [(T, V) probabilities of each word of `words`, one array a story]}, row i for the word i of the story; they are
        computed once, here. The last one is taken for the best there is (the exact world). The model itself runs in the page.
    words: the V words of the world, special tokens with them.      model, tokenizer: as in AttentionExplorer; model_name: what it is called.
    story: which story, from 0.      guesses: [[story, place, word, sure], ...] so far, "" for "I don't know".      unit: "bits" or "nats".

    ValueError for lengths or shapes that do not fit, a word that is not in `words`, or one that is not one token of the model.
    """
    _shown = ("story", "guesses", "unit")
    stories = t.List(help="[{words, kinds, places, table: [[[log q, rank, [words]] a place] a guesser]}]").tag(sync=True)
    names = t.List(t.Unicode(), help="of the guessers, in order; nobody can beat the last one on average").tag(sync=True)
    words = t.List(t.Unicode()).tag(sync=True)
    model_name = t.Unicode().tag(sync=True)
    story = t.Int(0).tag(sync=True)
    guesses = t.List().tag(sync=True)
    sure = Choice(0.6, 0.3, 0.9, 0.99)
    unit = Choice("bits", "nats")

    def __init__(self, stories, kinds, places, guessers, words, model="course-gpt", tokenizer=None, model_name="GPT", **traits):
        words = list(words)
        if not stories or not len(stories) == len(kinds) == len(places) or any(len(each) != len(stories) for each in guessers.values()):
            raise ValueError(f"{len(stories)} stories need as many lists of kinds ({len(kinds)}), of places ({len(places)}) and of each guesser's arrays")
        if unknown := [word for story in stories for word in story if word not in words]:
            raise ValueError(f"{unknown[0]!r} is not among the {len(words)} words")
        rounds = [_round(list(story), list(kind), sorted(place), {name: each[i] for name, each in guessers.items()}, words)
                  for i, (story, kind, place) in enumerate(zip(stories, kinds, places))]
        super().__init__(model, tokenizer, stories=rounds, words=[word for word in words if not SPECIAL.match(word)], names=list(guessers), model_name=model_name, **traits)
        for story in stories:
            text = "".join(word if word in ".?:" else " " + word for word in story).lstrip()
            if len(self.source.tokenizer.encode(text)) != len(story) or len(story) > self.source.max_tokens:
                raise ValueError(f"a story has {len(story)} words and {len(self.source.tokenizer.encode(text))} tokens, of which {self.source.max_tokens} fit: "
                                 "in the game each word is one token")

    @t.validate("story")
    def _check_story(self, proposal):
        if self.stories and not 0 <= proposal["value"] < len(self.stories):
            raise ValueError(f"story={proposal['value']}; there are {len(self.stories)}, counted from 0")
        return proposal["value"]

    @t.validate("guesses")
    def _check_guesses(self, proposal):
        seen = set()
        for guess in proposal["value"]:
            story, place, word, sure = guess if len(guess) == 4 else (-1, -1, "", 0)
            right = 0 <= story < len(self.stories) and place in self.stories[story]["places"] and word in ("", *self.words) and sure in SURE
            if not right or (story, place) in seen:
                raise ValueError(f"guesses holds {guess!r}; it is a list of [story, place, word, sure], each place once, sure one of {SURE}")
            seen.add((story, place))
        return proposal["value"]

    def _describe(self):
        return f"Guess the next word: {len(self.stories)} stories, {sum(len(each['places']) for each in self.stories)} words to guess, {len(self.guesses)} guessed"

    def _figure(self):
        from lmcourse.plots import bars_by_kind
        means = {name: -sum(entry[0] for each in self.stories for entry in each["table"][k]) / sum(len(each["places"]) for each in self.stories)
                 for k, name in enumerate(self.names)}
        factor = 1 / math.log(2) if self.unit == "bits" else 1
        return bars_by_kind({"words to guess": {name: mean * factor for name, mean in means.items()}}, x=f"surprise ({self.unit} per word)", describe="Bars of {x}. {rows}")


def _round(story, kinds, places, guessers, words):
    """What a story of the game holds: its words, and for each place to guess each guesser's log q, rank and first words."""
    if len(kinds) != len(story) or not places or places[0] < 1 or places[-1] >= len(story):
        raise ValueError(f"{len(story)} words, {len(kinds)} kinds, places {places}: one kind a word, and places from 1 to {len(story) - 1}")
    table = []
    for k, (name, q) in enumerate(guessers.items()):
        q = np.asarray(q, float)
        if q.shape != (len(story), len(words)) or (q < 0).any() or np.abs(q.sum(1) - 1).max() > 1e-3:
            raise ValueError(f"{name}: shape {q.shape}; a story of {len(story)} words needs ({len(story)}, {len(words)}), rows that sum to 1")
        table.append([_entry(q[place], words.index(story[place]), words, 3 if k else SHOWN) for place in places])
    return {"words": story, "kinds": kinds, "places": places, "table": table}


def _entry(q, came, words, shown):
    """[log q of the word that came, its rank from 1, the likeliest words] of one place."""
    if q[came] <= 0:
        raise ValueError(f"{words[came]!r} came and had probability 0: a model must leave something for every word that can come")
    first = [words[i] for i in np.argsort(-q, kind="stable") if q[i] > 0 and not SPECIAL.match(words[i])][:shown]
    return [round(float(np.log(q[came])), 4) + 0.0, int((q > q[came]).sum()) + 1, first]
