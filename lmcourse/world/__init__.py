"""The story world: text whose true probabilities are known, so that every model has a floor to be measured against."""
from .dialogues import dialogues
from .grammar import END, KINDS
from .hidden import hidden_places, hidden_word
from .pictures import pictures
from .programs import programs
from .questions import questions
from .repeats import Repeats, repeats
from .reviews import reviews
from .roles import roles
from .stories import Corpus, next_word, next_words, render, stories
from .summaries import summaries
from .tasks import Task
from .translations import translations

__all__ = ["END", "KINDS", "Corpus", "Repeats", "Task", "dialogues", "hidden_places", "hidden_word", "next_word", "next_words", "pictures", "programs",
           "questions", "render", "repeats", "reviews", "roles", "stories", "summaries", "translations"]
