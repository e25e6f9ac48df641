"""Who did what to whom: a sentence and the role of each word, in active and passive, with the recipient in three places."""
from .events import KEEPING, happen, thing
from .grammar import uniform
from .tasks import build, told

PARTICIPLE = dict(gave="given", sold="sold", showed="shown", bought="bought", found="found", lost="lost", saw="seen")
WITH_RECIPIENT = "double object", "dative", "passive", "recipient passive"
WITHOUT = "active", "passive"
HELD = {("gave", "recipient passive"), ("sold", "dative"), ("showed", "passive"), ("found", "passive"), ("lost", "passive")}
# "saw the dog in the park": who says where it was seen, and who says which dog? The share of the first reading.
EVENT_READING = {"saw": .6, "found": .8}


def phrases(event, construction):
    """[(words, role or None)] without the place."""
    who, act, what = (event.agent, "AGENT"), (event.verb, "ACTION"), (" ".join(thing(event)), "PATIENT")
    done, by, to = (PARTICIPLE[event.verb], "ACTION"), ("by", None), ("to", None)
    whom, was = (event.recipient, "RECIPIENT"), ("were" if event.number in ("two", "three") else "was", None)
    if construction == "passive":
        return [what, was, done, *([to, whom] if event.recipient else []), by, who]
    return {"double object": [who, act, whom, what], "dative": [who, act, what, to, whom], "active": [who, act, what],
            "recipient passive": [whom, ("was", None), done, what, by, who]}[construction]


def tags(meaning):
    """A process that labels each word B- (a role begins), I- (it goes on) or O (no role)."""
    event, construction, front = meaning
    parts, where = phrases(event, construction), (f"in the {event.place}", "PLACE")
    if front:
        parts = [where, (",", None), *parts]
    else:
        reading = EVENT_READING.get(event.verb, 1.0) if construction == "active" else 1.0
        of_event = reading == 1 or (yield {True: reading, False: 1 - reading})
        parts = [*parts, where] if of_event else [*parts[:-1], (f"{parts[-1][0]} {where[0]}", "PATIENT")]
    labels = []
    for words, role in [*parts, (".", None)]:
        labels += [f"{'I' if i else 'B'}-{role}" if role else "O" for i in range(len(words.split()))]
    return " ".join(labels)


def sentence(meaning):
    event, construction, front = meaning
    words = " ".join(part for part, _ in phrases(event, construction))
    text = f"in the {event.place} , {words} ." if front else f"{words} in the {event.place} ."
    return text[0].upper() + text[1:]


def telling():
    """A process: an event, how it is told, and whether its place comes first."""
    event = yield from happen()
    construction = yield uniform(WITHOUT if event.verb in KEEPING else WITH_RECIPIENT)
    return event._replace(time=None), construction, (yield {True: .3, False: .7})


def held(meaning):
    return (meaning[0].verb, meaning[1]) in HELD


def roles(n, seed=0, split="train"):
    """`n` pairs (sentence, tags): words with spaces between them, and as many tags out of B- and I- AGENT, ACTION, PATIENT, RECIPIENT,
    PLACE, and O (Palmer, Gildea and Kingsbury, 2005, call them arguments of the verb).

    Returns a `Task`: `.optimum` is the best share of sentences tagged right throughout. It is below 1 since some sentences
    truly have two readings, of known probability: in "Anna saw the dog in the park" the park is where she saw it, or tells which dog.
    Train and test share no sentence. The compositional split has pairs of verb and construction (`HELD`: "was given a book by")
    that train never has; train has each verb, and each construction, with others. ValueError for n < 1, an unknown split.
    """
    return build(told(telling, sentence, held), tags, n, seed, split, "accuracy")
