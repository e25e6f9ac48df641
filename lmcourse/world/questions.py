"""A story of a few events, a question about one of them, and where in the story its answer stands."""
from .events import GIVING, KEEPING, NOUNS, PEOPLE, english, happen, thing
from .grammar import uniform
from .tasks import build, once

BASE = dict(gave="give", sold="sell", showed="show", bought="buy", found="find", lost="lose", saw="see")
KINDS = "agent", "thing", "place", "recipient"


def told():
    """A process: two to five events, no agent and no noun twice, said in English; one of them, and what is asked about it."""
    events, sentences = [], []
    for _ in range((yield uniform([2, 3, 4, 5]))):
        event = yield from happen()
        agents, nouns = [e.agent for e in events], [e.noun for e in events]
        event = event._replace(agent=(yield uniform([name for name in PEOPLE if name not in agents and name != event.recipient])))
        if event.noun in nouns:
            event = event._replace(noun=(yield uniform([noun for noun in NOUNS[:12] if noun not in nouns])))
        events.append(event)
        sentences.append((yield from english(event)))
    at = yield uniform(range(len(events)))
    kind = yield uniform(KINDS if events[at].verb in GIVING else KINDS[:3])
    return tuple(events), tuple(sentences), at, kind


def asked(event, kind):
    noun, verb = thing(event)[-1], BASE[event.verb]
    return {"agent": f"Who {event.verb} the {noun} ?", "thing": f"What did {event.agent} {verb} ?",
            "place": f"Where did {event.agent} {verb} the {noun} ?", "recipient": f"To whom did {event.agent} {verb} the {noun} ?"}[kind]


def span(meaning):
    """A process: (start, end) in words of the story. People mark a thing with its article or without, a place with "in" or without."""
    events, sentences, at, kind = meaning
    event, words = events[at], sentences[at].split()
    start = len(" ".join(sentences[:at]).split())
    if kind in ("agent", "recipient"):
        place = start + words.index(event.agent if kind == "agent" else event.recipient)
        return place, place + 1
    end = start + 1 + words.index(thing(event)[-1] if kind == "thing" else event.place)
    return ((end - (yield {3: .8, 2: .2})) if kind == "thing" else (end - (yield {2: .7, 3: .3}))), end


def held(verb, kind):
    return ((GIVING + KEEPING).index(verb) + KINDS.index(kind)) % 4 == 1


def questions(n, seed=0, split="train"):
    """`n` pairs ((story, question), (start, end)): words with spaces between them; the answer is `story.split()[start:end]`.

    Returns a `Task`: `.optimum` is the best share of answers marked exactly as drawn. It is below 1 as people differ, with known
    probability: "a red key" or "red key", "the park" or "in the park". Train and test share no story. The compositional split has
    pairs of verb and kind of question that train never has (`held`: what was found, who sold it).
    ValueError for n < 1, an unknown split.
    """
    def item(rng):
        events, sentences, at, kind = meaning = once(told, rng)
        return (" ".join(sentences), asked(events[at], kind)), meaning, held(events[at].verb, kind)
    return build(item, span, n, seed, split, "accuracy")
