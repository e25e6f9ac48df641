"""Guess the next word of a story, against models that guess the same words."""
from __future__ import annotations

import math
import re

import numpy as np
import traitlets as t

from lmcourse.widgets import sources
from lmcourse.widgets.base import ModelWidget, carried, short
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
    guessers: {name: [(T, V) probabilities of each word of `words`, one array a story]}, row i for the word i of the story: those that
        cannot run in the page, computed once, here. The last one is taken for the best there is (the exact world).
        Two more, the model and the bundled course-lstm ("LSTM"), run in the page.
    words: the V words of the world, special tokens with them.      model, tokenizer: as in AttentionExplorer; model_name: what it is called.
    story: which story, from 0.      guesses: [[story, place, word, sure], ...] so far, "" for "I don't know".      unit: "bits" or "nats".

    ValueError for lengths or shapes that do not fit, two guessers of one name, a word that is not in `words`, or one that is not one
    token of both models.
    """
    _shown = ("story", "guesses", "unit")
    stories = t.List(help="[{words, kinds, places, table: [[[log q, rank, [words]] a place] a guesser]}]").tag(sync=True)
    names = t.List(t.Unicode(), help="of the guessers in the table, in order; nobody can beat the last one on average").tag(sync=True)
    words = t.List(t.Unicode()).tag(sync=True)
    model_name = t.Unicode().tag(sync=True)
    lstm = t.Unicode(help="the name of the LSTM's weights").tag(sync=True)
    carrier_lstm = t.Unicode(help="the id of the Weights that bring them").tag(sync=True)
    story = t.Int(0).tag(sync=True)
    guesses = t.List().tag(sync=True)
    sure = Choice(0.6, 0.3, 0.9, 0.99)
    unit = Choice("bits", "nats")

    def __init__(self, stories, kinds, places, guessers, words, model="course-gpt", tokenizer=None, model_name="GPT", **traits):
        words = list(words)
        if not stories or not len(stories) == len(kinds) == len(places) or any(len(each) != len(stories) for each in guessers.values()):
            raise ValueError(f"{len(stories)} stories need as many lists of kinds ({len(kinds)}), of places ({len(places)}) and of each guesser's arrays")
        if twice := {"LSTM", model_name} & set(guessers) or {"LSTM"} & {model_name}:
            raise ValueError(f"two guessers are called {min(twice)!r}; the two that run in the page are 'LSTM' and model_name={model_name!r}")
        if unknown := [word for story in stories for word in story if word not in words]:
            raise ValueError(f"{unknown[0]!r} is not among the {len(words)} words")
        rounds = [_round(list(story), list(kind), sorted(place), {name: each[i] for name, each in guessers.items()}, words)
                  for i, (story, kind, place) in enumerate(zip(stories, kinds, places))]
        self.recurrent = sources.find("course-lstm", kind="lstm")
        self._brings = carried(self.recurrent)                      # keeps it alive as long as this widget
        super().__init__(model, tokenizer, stories=rounds, words=[word for word in words if not SPECIAL.match(word)], names=list(guessers),
                         model_name=model_name, lstm=self.recurrent.name, carrier_lstm=self._brings.model_id, **traits)
        for source in (self.source, self.recurrent):
            for story in stories:
                if len(_ids(source, story)) != len(story) + 1 or len(story) > source.max_tokens:
                    raise ValueError(f"a story has {len(story)} words and {len(_ids(source, story)) - 1} tokens, of which {source.max_tokens} fit: "
                                     "in the game each word is one token")

    def __repr__(self):
        return f"{super().__repr__()[:-1]}, lstm={short(self.lstm)!r})"

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
        means = {name: -float(np.mean([entry[0] for each in self.stories for entry in each["table"][k]])) for k, name in enumerate(self.names)}
        best = {self.names[-1]: means.pop(self.names[-1])}
        means |= {"LSTM": self._paid(self.recurrent), self.model_name: self._paid(self.source)} | best
        factor = 1 / math.log(2) if self.unit == "bits" else 1
        means = {name: mean * factor for name, mean in means.items()}
        return bars_by_kind({"words to guess": means}, x=f"surprise ({self.unit} per word)", describe="Bars of {x}. {rows}")

    def _paid(self, source):
        """What a model that runs in the page pays for the words to guess, nats a word, as torch computes it."""
        import torch
        costs, model = [], source.model()
        for each in self.stories:
            ids = _ids(source, each["words"])
            with torch.no_grad():
                log_q = model(torch.tensor([ids]))[0].log_softmax(-1)
            costs += [-log_q[place, ids[place + 1]].item() for place in each["places"]]
        return float(np.mean(costs))


def _ids(source, story):
    """The start token and the tokens of a story."""
    text = "".join(word if word in ".?:" else " " + word for word in story).lstrip()
    return [source.tokenizer.end_id, *source.tokenizer.encode(text)]


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
