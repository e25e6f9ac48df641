"""The grammar of the stories: one coroutine, from which every probability follows.

`story()` draws nothing at random. It yields what may come next, as a `Choice`, and is sent the word that came. So the
distribution of the next word is a function of the words before it by construction, and its logarithm is exact.

What a reader has to remember, and so what a model has to learn: who *she* is, whose last name follows a first name, what
was lost and which colour it had, where it lies or who has it, and the words of a song.
"""
from collections import namedtuple

END = "<|endoftext|>"                                   # stands before and after every story
FEMALE = "Anna Beth Clara Dora Ella Fay Grace Hana Iris Julia Kate Lily Mary Nora Olga Rosa Sara Tina Uma Vera".split()
MALE = "Adam Ben Carl Dan Evan Finn George Hugo Ivan Jack Karl Leo Max Ned Oscar Paul Rob Sam Tom Will".split()
LAST = ("Abbot Bell Cook Dale Eaton Ford Gray Hill Irving Jones King Lane Moss Nash Owen Page Quinn Reed Shaw Todd "
        "Unger Vance Wood York Baker Clark Drake Frost Hart Knox").split()
THING = "key ball hat book cup ring drum lamp kite map coin flute apple box pen doll rope bell stone basket".split()
THINGS = "keys boots gloves books cups coins apples pens shells stones".split()
COLOR = "red blue green yellow black white brown golden old new small big".split()
PLACE = "garden kitchen forest school market river barn tower cave park library bakery".split()
TIME = "morning evening night summer winter".split()
FEELING = "happy sad tired angry proud afraid".split()
ANIMAL = "dog cat bird dogs cats birds".split()
PASTIME = "laughed danced slept waited".split()
SONG = ("moon star sun rain snow wind fire sea leaf rose wolf bear fox owl frog bee milk honey bread salt gold "
        "silver dream smoke").split()
TURNS = 10                                              # a story has at most nine events before its question

# What kind of word it is; charts show losses by these names. The first group is known word for word from the grammar
# alone, the second needs memory (something said earlier decides the word), the third is a free choice.
FIXED, AGREEMENT = "fixed word", "was or were"
PRONOUN, COPIED_FIRST, COPIED_LAST, COPIED_THING = "pronoun", "copied first name", "copied last name", "copied thing"
REFRAIN, TRACKED, ANSWER = "refrain", "tracked place or owner", "with or in"
FIRST, LAST_NAME, NEW_THING, NEW_PLACE, NEW_SONG = "new first name", "new last name", "new thing", "new place", "new song"
EVENT, VERB, RELATION, OTHER = "event", "verb", "relation", "other choice"
KINDS = (FIXED, AGREEMENT, PRONOUN, COPIED_FIRST, COPIED_LAST, COPIED_THING, REFRAIN, TRACKED, ANSWER,
         FIRST, LAST_NAME, NEW_THING, NEW_PLACE, NEW_SONG, EVENT, VERB, RELATION, OTHER)

Choice = namedtuple("Choice", "words kind about")       # {word: probability}, one of KINDS, whose first name a pronoun stands for
Person = namedtuple("Person", "first last she her relative")


def zipf(words, exponent=0.7):
    """Earlier words are likelier: p(i) proportional to 1 / i ** exponent (Zipf, 1935)."""
    weights = [(i + 1) ** -exponent for i in range(len(words))]
    return {word: weight / sum(weights) for word, weight in zip(words, weights)}


def uniform(words):
    return {word: 1 / len(words) for word in words}


def weigh(**weights):
    """weigh(a=3, b=1) -> {"a": 0.75, "b": 0.25}; what weighs nothing is left out."""
    total = sum(weights.values())
    return {word: weight / total for word, weight in weights.items() if weight}


TIMES, PLACES, COLORS, THING_ONE, THING_MANY = zipf(TIME), zipf(PLACE), zipf(COLOR), zipf(THING), zipf(THINGS)
FEELINGS, ANIMALS, PASTIMES, LASTS = zipf(FEELING), zipf(ANIMAL), zipf(PASTIME), uniform(LAST)


def say(text, kind=FIXED, about=None):
    """Words without a choice."""
    for word in text.split():
        yield Choice({word: 1.0}, kind, about)


def choose(words, kind=OTHER, about=None):
    """One word with a choice; the value is the word that was chosen."""
    return (yield Choice(words, kind, about))


def new_person(besides=()):
    first = yield from choose(uniform([name for name in FEMALE + MALE if name not in besides]), FIRST)
    last = yield from choose(LASTS, LAST_NAME)
    return Person(first, last, "she", "her", "aunt") if first in FEMALE else Person(first, last, "he", "his", "uncle")


def name(person, first_is_said=False):
    """A person met before: the last name has to be remembered."""
    if not first_is_said:
        yield from say(person.first, COPIED_FIRST)
    yield from say(person.last, COPIED_LAST)


def new_song():
    """Three to six different words; after the third it may end."""
    words = []
    while True:
        options = uniform([word for word in SONG if word not in words])
        stop = 0 if len(words) < 3 else 1 if len(words) == 6 else 0.3
        options = {word: p * (1 - stop) for word, p in options.items() if stop < 1}
        if stop:
            options["."] = stop
        word = yield from choose(options, NEW_SONG)
        if word == ".":
            return words
        words.append(word)


class Scene:
    """What is true at this moment: who has the thing, or where it lies, and which song is known."""
    def __init__(self, first, second, color, thing, be):
        self.first, self.second, self.color, self.thing, self.be = first, second, color, thing, be
        self.holder, self.place, self.song = first, None, None


def opening():
    yield from say("One")
    yield from choose(TIMES)
    first = yield from new_person()
    yield from say("was in the")
    yield from choose(PLACES, NEW_PLACE)
    yield from say(".")
    yield from say(first.she.capitalize(), PRONOUN, first.first)
    yield from say("had")
    many = (yield from choose(weigh(a=.7, some=.3))) == "some"
    color = yield from choose(COLORS)
    thing = yield from choose(THING_MANY if many else THING_ONE, NEW_THING)
    yield from say(".")
    second = yield from new_person(besides=(first.first,))
    yield from say("was")
    yield from say(first.her, PRONOUN, first.first)
    yield from choose({first.relative: .4, "friend": .3, "neighbor": .2, "teacher": .1}, RELATION)
    yield from say(".")
    return Scene(first, second, color, thing, "were" if many else "was")


def verbs(scene, me):
    """What `me` can do now depends on who has the thing."""
    sang = .3 if scene.song else 0
    if scene.holder is me:
        return weigh(gave=.3, lost=.25, went=.3, felt=.1, sang=sang)
    if scene.holder is None:
        return weigh(found=.5, went=.35, felt=.1, sang=sang)
    return weigh(went=.4, felt=.2, asked=.3, sang=sang)


def act(scene, me, you):
    """One sentence about a person who was met before, from the last name on."""
    yield from name(me, first_is_said=True)
    verb = yield from choose(verbs(scene, me), VERB)
    if verb == "gave":
        yield from say("the")
        yield from say(f"{scene.color} {scene.thing}", COPIED_THING)
        yield from say("to")
        yield from name(you)
        scene.holder = you
    elif verb == "lost":
        yield from say(me.her, PRONOUN, me.first)
        yield from say(f"{scene.color} {scene.thing}", COPIED_THING)
        yield from say("in the")
        scene.place, scene.holder = (yield from choose(PLACES, NEW_PLACE)), None
    elif verb == "found":
        yield from say("the")
        yield from say(f"{scene.color} {scene.thing}", COPIED_THING)
        yield from say("in the")
        yield from say(scene.place, TRACKED)
        scene.holder = me
    elif verb == "went":
        yield from say("to the")
        yield from choose(PLACES, NEW_PLACE)
    elif verb == "felt":
        yield from choose(FEELINGS)
    elif verb == "asked":
        yield from name(you)
        yield from say("where the")
        yield from say(scene.thing, COPIED_THING)
        yield from say(scene.be, AGREEMENT)
    else:                                               # sang
        yield from sing(scene)
        return
    yield from say(".")


def sing(scene):
    yield from say(":")
    yield from say(" ".join([*scene.song, "."]), REFRAIN)


def they(scene):
    if scene.song is None:
        yield from say("knew a song :")
        scene.song = yield from new_song()
    else:
        yield from say("sang")
        yield from sing(scene)


def then(scene):
    """Of the two, she or he is always the first person."""
    yield from choose({scene.first.she: .6, "they": .4}, PRONOUN, scene.first.first)
    yield from choose(PASTIMES)
    yield from say(".")


def animal():
    word = yield from choose(ANIMALS)
    yield from say("were" if word.endswith("s") else "was", AGREEMENT)
    yield from choose(COLORS)
    yield from say(".")


def events(scene, turn):
    """The word that opens the next sentence decides what happens; `Where` asks the question and ends the story."""
    if turn == TURNS - 1:
        return {"Where": 1.0}
    song = .8 if turn == 0 else .12 if scene.song else 0
    return weigh(**{scene.first.first: .30, scene.second.first: .28, "Then": .09, "The": .07, "Where": .16, "They": song})


def question(scene):
    yield from say(scene.be, AGREEMENT)
    yield from say("the")
    yield from say(scene.thing, COPIED_THING)
    yield from say("?")
    if scene.holder is None:
        yield from say("In", ANSWER)
        yield from say("the")
        yield from say(scene.place, TRACKED)
    else:
        yield from say("With", ANSWER)
        yield from say(scene.holder.first, TRACKED)
        yield from say(scene.holder.last, COPIED_LAST)
    yield from say(f". {END}")


def story():
    """A coroutine over one story: yields a `Choice` for every word after the start token, is sent the word."""
    scene = yield from opening()
    for turn in range(TURNS):
        event = yield from choose(events(scene, turn), EVENT)
        if event == scene.first.first:
            yield from act(scene, scene.first, scene.second)
        elif event == scene.second.first:
            yield from act(scene, scene.second, scene.first)
        elif event == "They":
            yield from they(scene)
        elif event == "Then":
            yield from then(scene)
        elif event == "The":
            yield from animal()
        else:
            yield from question(scene)
            return
