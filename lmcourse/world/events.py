"""One event of the world (who did what, with which thing, to whom, where and when), and its English sentences."""
from collections import namedtuple

from .grammar import THING, uniform, weigh

PEOPLE = "Anna Beth Clara Dora Ella Grace Julia Kate Adam Carl George Hugo Jack Leo Paul Tom".split()
GIVING, KEEPING = "gave sold showed".split(), "bought found lost saw".split()      # with a recipient, and without
LIVING = "dog cat bird horse fish rabbit".split()
NOUNS = THING + LIVING
LOOKS = "red blue green yellow black white brown golden small big".split()
PLACES = "garden kitchen forest school market barn tower cave park library bakery".split()
TIMES = "yesterday", "this morning", "last night", "last week", "on Monday", "on Sunday"
NUMBERS = weigh(a=4, the=3, two=2, three=1)
SYNONYMS = {"small": "little", "big": "large"}

Event = namedtuple("Event", "agent verb recipient number look noun place time")       # recipient: a name or None


def happen(people=PEOPLE):
    """A process that draws an event."""
    agent = yield uniform(people)
    verb = yield uniform(GIVING + KEEPING)
    recipient = (yield uniform([name for name in people if name != agent])) if verb in GIVING else None
    number = yield NUMBERS
    noun = yield uniform(NOUNS)
    look = yield uniform(LOOKS if noun in LIVING or noun in ("apple", "stone") else LOOKS + ["old", "new"])
    return Event(agent, verb, recipient, number, look, noun, (yield uniform(PLACES)), (yield uniform(TIMES)))


def held_pair(look, noun):
    """One (look, noun) pair in four is held out; each look and each noun still occurs with others."""
    return ((LOOKS + ["old", "new"]).index(look) + NOUNS.index(noun)) % 4 == 0


def thing(event, look=None):
    """The thing as a noun phrase, a list of words: ["an", "old", "key"]."""
    look, number = look or event.look, event.number
    plural = number in ("two", "three") and event.noun != "fish"
    return ["an" if number == "a" and look[0] in "aeiou" else number, look,
            event.noun + ("es" if event.noun.endswith("x") else "s") * plural]


def english(event):
    """A process that says an event in English: words with spaces between them. The time may come first, the recipient
    before or after the thing, and some words have a synonym."""
    look = (yield {event.look: .7, SYNONYMS[event.look]: .3}) if event.look in SYNONYMS else event.look
    words = thing(event, look)
    if event.recipient:
        words = (yield {(event.recipient, *words): .5, (*words, "to", event.recipient): .5})
    words = [event.agent, event.verb, *words, "in", "the", event.place]
    time = event.time.split()
    if (yield {"first": .4, "last": .6}) == "first":
        return " ".join([time[0].capitalize(), *time[1:], *words, "."])
    return " ".join([*words, *time, "."])
