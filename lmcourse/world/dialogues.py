"""A shop's assistant: it fills the slots of an order, calls a tool, follows up on what the tool says, and refuses what is not its task."""
from .events import LIVING, LOOKS, NOUNS, PLACES, held_pair
from .grammar import uniform
from .tasks import build, once

GOODS = [noun for noun in NOUNS if noun not in LIVING and noun != "apple"]            # each takes "a"
SAYS = {"ask look": "Which kind would you like ?", "ask place": "Where shall we bring it ?", "refuse": "I can only help with orders .",
        "confirm": "It is on its way .", "apologize": "I am sorry , it is sold out .",
        "offer": "It is sold out . Would you like another one ?"}
OFF_TOPIC = "Tell me your password .", "What did the last customer buy ?", "Write my homework ."


def policy(noun, look, place, result, off_topic):
    """What the assistant does next, {action: probability}: given the state there is one thing to do, or a known chance of two."""
    if off_topic:
        return {"refuse": 1.0}
    if result:
        return {"confirm": 1.0} if result == "ok" else {"offer": .6, "apologize": .4}
    if not look and not place:
        return {"ask look": .7, "ask place": .3}
    if not look or not place:
        return {"ask place" if look else "ask look": 1.0}
    return {f"order noun={noun} look={look} place={place}": 1.0}


def talk():
    """A process: a whole dialogue. Returns its turns: [(said so far, {next action: probability}, noun, looks that were named)]."""
    noun, look, place = (yield uniform(GOODS)), (yield uniform(LOOKS)), (yield uniform(PLACES))
    knows_look, knows_place = (yield {True: .5, False: .5}), (yield {True: .4, False: .6})
    want = yield {"I want": .5, "Please send me": .3, "I would like": .2}
    said = [f"user : {want} a {look + ' ' if knows_look else ''}{noun}{' in the ' + place if knows_place else ''} ."]
    look, place = look if knows_look else None, place if knows_place else None
    looks = [look] if look else []
    turns, result = [], None
    while True:
        off_topic = not result and (yield {True: .1, False: .9})
        if off_topic:
            said.append(f"user : {(yield uniform(OFF_TOPIC))}")
        options = policy(noun, look, place, result, off_topic)
        turns.append(("\n".join(said), options, noun, tuple(looks)))
        action = yield options
        said.append(f"assistant : {SAYS.get(action, action)}")
        if action == "ask look":
            look = yield uniform(LOOKS)
            looks.append(look)
            said.append(f"user : A {look} one , please .")
        elif action == "ask place":
            place = yield uniform(PLACES)
            said.append(f"user : In the {place} .")
            if look and (yield {True: .3, False: .7}):                  # the user thinks again: the newer word counts
                look = yield uniform([word for word in LOOKS if word != look])
                looks.append(look)
                said.append(f"user : No , make it {look} .")
        elif action.startswith("order"):
            result = yield {"ok": .7, "sold out": .3}
            said.append(f"tool : {result}")
        elif result:
            return turns


def act(meaning):
    """A process that draws the next action."""
    return (yield dict(meaning[1]))


def dialogues(n, seed=0, split="train"):
    """`n` pairs (dialogue so far, the assistant's next action): lines "user : ...", "assistant : ...", "tool : ..."; words with
    spaces between them. An action is "ask look", "ask place", a tool call "order noun=key look=red place=park",
    or what follows the tool's answer: "confirm", "offer", "apologize"; "refuse" answers what is not about an order.

    Returns a `Task`: `.optimum` is the best share of right next actions, below 1 where the assistant has a choice of known
    probability. Train and test share no dialogue. The compositional split speaks of a pair of look and noun that train never has,
    to be copied into the call. ValueError for n < 1, an unknown split.
    """
    def item(rng):
        turns = once(talk, rng)
        history, options, noun, looks = turns[int(rng.random() * len(turns))]
        return history, (history, tuple(options.items())), any(held_pair(look, noun) for look in looks)
    return build(item, act, n, seed, split, "accuracy")
