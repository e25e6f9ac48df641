"""The renderings of the world: their optimum is one, their answers are right, their splits keep what they promise."""
import math
import random
import re
from collections import Counter
from functools import cache
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lmcourse as lm
from lmcourse.world.events import LOOKS, NOUNS, PEOPLE, PLACES, TIMES, Event, english, happen, held_pair
from lmcourse.world.repeats import entropy, probability, repeats
from lmcourse.world.reviews import AGREES, NEVER_NEGATED, liking, review
from lmcourse.world.roles import HELD, PARTICIPLE
from lmcourse.world.tasks import every, once
from lmcourse.world.translations import LOOK, NAME, NOUN, NUMBER, PLACE, TIME, chinese

TASKS = ["dialogues", "pictures", "programs", "questions", "reviews", "roles", "summaries", "translations"]
SEEDS = st.integers(0, 2 ** 40)


def make(name, n, seed=0, split="train"):
    return getattr(lm.world, name)(n, seed, split)


@cache
def data(name, split):
    """The items that most tests look at; drawn once."""
    return make(name, 1000 if split == "train" else 150, 5, split)


def words(source):
    """All words of a source or a target, whatever its form."""
    return set(re.findall(r"[\w|-]+", source if isinstance(source, str) else repr(source)))


@pytest.mark.parametrize("name", TASKS)
def test_the_same_seed_gives_the_same_items(name):
    few, more = make(name, 10, 3), make(name, 15, 3)
    assert few.pairs == more.pairs[:10] and few.answers == more.answers[:10] and len(few) == 10
    assert few.pairs != make(name, 10, 4).pairs


@pytest.mark.parametrize("name", TASKS)
def test_answers_are_distributions_and_hold_the_target(name):
    task = data(name, "train")
    known = {}
    for (source, target), options in zip(task.pairs, task.answers):
        assert known.setdefault(source, options) == options                     # the source alone decides
        assert sum(options.values()) == pytest.approx(1, abs=1e-12) and options[target] > 0


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("split", lm.world.tasks.SPLITS)
def test_drawn_targets_reach_the_optimum(name, split):
    """Monte Carlo: the true model's loss and its guesses against the exact figures, within 4 standard errors."""
    task = data(name, split)
    losses = [-lp for lp in task.log_probs]
    variance = [sum(p * math.log(p) ** 2 for p in options.values()) - h * h for options, h in zip(task.answers, task.entropies)]
    assert abs(sum(losses) - sum(task.entropies)) <= 4 * math.sqrt(max(0, sum(variance))) + 1e-9
    hits = [target == max(options, key=options.get) for (_, target), options in zip(task.pairs, task.answers)]
    error = math.sqrt(sum(p * (1 - p) for p in task.accuracies))
    assert abs(sum(hits) - sum(task.accuracies)) <= 4 * error + 1e-9
    assert task.optimum == pytest.approx(sum(task.entropies if task.measure == "entropy" else task.accuracies) / len(task))


@pytest.mark.parametrize("name", TASKS)
def test_train_and_test_share_no_item_and_every_word_occurs_in_train(name):
    train, test, held = (data(name, split) for split in lm.world.tasks.SPLITS)
    sources = {str(source) for source, _ in train.pairs}
    assert not sources & {str(source) for task in (test, held) for source, _ in task.pairs}
    known = set().union(*(words(source) | words(target) for source, target in train.pairs))
    assert set().union(*(words(source) | words(target) for source, target in test.pairs + held.pairs)) <= known


@pytest.mark.parametrize("name", [*TASKS, "repeats"])
def test_clear_errors(name):
    with pytest.raises(ValueError, match="at least 1"):
        make(name, 0)
    with pytest.raises(ValueError, match="train, test, compositional"):
        make(name, 1, 0, "dev")


def test_every_and_once_follow_the_same_choices():
    def process():
        first = yield {"a": .25, "b": .75}
        return first + ((yield {"x": .5, "y": .5}) if first == "a" else "")
    assert every(process) == {"ax": .125, "ay": .125, "b": .75}
    rng = random.Random(0)
    counts = Counter(once(process, rng) for _ in range(4000))
    for result, p in every(process).items():
        assert abs(counts[result] / 4000 - p) < 4 * math.sqrt(p * (1 - p) / 4000)


# translations

@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_both_languages_tell_the_whole_event(seed):
    """So p(target | source) is p(target | event): no sentence is shared with an event that differs in one field."""
    event = once(happen, random.Random(seed))
    choices = dict(agent=PEOPLE, look=LOOKS + ["old", "new"], noun=NOUNS, number=NUMBER, place=PLACES, time=TIMES,
                   recipient=PEOPLE if event.recipient else [None], verb=["gave", "sold", "showed"] if event.recipient else ["bought", "found", "lost", "saw"])
    for language in english, chinese:
        said = set(every(language, event))
        for field, values in choices.items():
            for value in values:
                if value != getattr(event, field):
                    assert not said & set(every(language, event._replace(**{field: value})))


def test_chinese_is_as_a_teacher_would_write_it():
    event = Event("Anna", "gave", "Tom", "the", "red", "key", "park", "yesterday")
    assert every(chinese, event)["安娜 昨天 在 公园 里 把 那 把 红色 的 钥匙 给 了 汤姆 。"] == pytest.approx(.6 * .7 * .6)
    assert "昨天 安娜 在 公园 里 送 给 了 汤姆 两 本 旧 书 。" in every(chinese, event._replace(number="two", look="old", noun="book"))
    assert not any("把 两" in text for text in every(chinese, event._replace(number="two")))
    assert set(every(chinese, Event("Leo", "saw", None, "three", "white", "dog", "garden", "on Sunday"))) == {
        f"{start} 在 花园 里 {saw} 了 三 {dog} 白色 的 狗 。" for saw in ("看见", "看到") for dog in "只条"
        for start in ("星期天 利奥", "利奥 星期天", "周日 利奥", "利奥 周日")}
    assert "Anna gave an old key to Tom in the park yesterday ." in every(english, event._replace(number="a", look="old"))
    assert set(NOUN) == set(NOUNS) and set(LOOK) == {*LOOKS, "old", "new"} and set(NAME) == set(PEOPLE) and set(PLACE) == set(PLACES) and set(TIME) == set(TIMES)


def test_both_directions_and_the_held_out_pairs():
    back = lm.world.translations(50, 7, into="english")
    assert all("。" in source and target.endswith(".") for source, target in back.pairs)
    noun, look = ({chinese: word for word, chinese in table.items()} for table in (NOUN, LOOK))

    def pairs(split):                                   # read off the Chinese side: 一 把 红色 的 钥匙
        found = [re.search(r" [一那两三] (\S) (\S+(?: 的)?) (\S+)", text) for _, text in data("translations", split).pairs]
        return {(look[m[2]], noun[f"{'只' if m[3] == '狗' else m[1]} {m[3]}"]) for m in found}
    assert not (pairs("train") | pairs("test")) & pairs("compositional")
    with pytest.raises(ValueError, match="chinese and english"):
        lm.world.translations(1, into="french")


# repeats

@pytest.mark.parametrize("periods", [(2, 3), (2, 3, 4), (1, 3, 4)])
def test_the_entropy_of_repeats_is_that_of_all_sequences(periods):
    for length in range(1, 8):
        chances = [probability(words, periods, 2) for words in product("ab", repeat=length)]
        assert sum(chances) == pytest.approx(1)
        assert entropy(length, periods, 2) == pytest.approx(-sum(p * math.log(p) for p in chances if p))


@pytest.mark.parametrize("split, first, last", [("train", 6, 9), ("compositional", 10, 13)])
def test_repeats_are_random_first_and_certain_later(split, first, last):
    data = repeats(300, 1, split)
    assert data.by_place[:first] == pytest.approx([math.log(24)] * first) and max(data.by_place[last + 3:]) < 1e-3
    assert data.optimum == pytest.approx(sum(data.by_place) / 26)
    means = [-sum(row) / 26 for row in data.log_probs]
    spread = (sum((x - data.optimum) ** 2 for x in means) / len(means)) ** .5
    assert abs(sum(means) / len(means) - data.optimum) < 4 * spread / math.sqrt(len(means))
    assert set(data.periods) == set(range(first, last + 1))
    assert all(row[t] == row[t - period] for row, period in zip(data.tokens, data.periods) for t in range(period, 26))


def test_repeats_differ_between_splits_and_words_are_known():
    train, test, held = (repeats(300, 1, split) for split in ("train", "test", "compositional"))
    assert repeats(20, 1).tokens == train.tokens[:20]
    assert not {tuple(row) for row in train.tokens} & {tuple(row) for row in test.tokens + held.tokens}
    assert {word for row in test.tokens + held.tokens for word in row} <= {word for row in train.tokens for word in row}


# summaries, roles, reviews

def test_a_gist_tells_what_the_story_tells():
    for text, gist in data("summaries", "train").pairs:
        owner, look, noun = re.match(r"One \w+ (\w+ \w+) was in the \w+\. S?[hH]e had \w+ (\w+) (\w+)\.", text).groups()
        assert owner in gist and f"{look} {noun}" in gist
        moves = re.findall(rf"gave the {look} {noun} to (\w+ \w+)|(\w+ \w+) found the {look}|lost \w+ {look} {noun} in the (\w+)", text)
        given, finder, place = moves[-1] if moves else (owner, "", "")
        assert gist.endswith(f"in the {place} ." if place else f"with {given or finder} .")


def test_long_stories_are_held_out():
    ends = {split: [text.count(".") for text, _ in data("summaries", split).pairs] for split in ("train", "compositional")}
    assert max(ends["train"]) <= 3 + 5 and min(ends["compositional"]) >= 3 + 6


def labelled(text, tags):
    found = {}
    for word, tag in zip(text.split(), tags.split(), strict=True):
        if tag != "O":
            found.setdefault(tag[2:], []).append(word.lower() if tag[2:] != "AGENT" else word)
    return {role: " ".join(words) for role, words in found.items()}


def test_roles_are_right_whatever_the_construction():
    for split in ("train", "compositional"):
        for text, tags in data("roles", split).pairs:
            got = labelled(text, tags)
            assert got["AGENT"] == (re.search(r"by (\w+)", text) or re.search(r"^(?:In the \w+ , )?(\w+)", text))[1]
            assert got["ACTION"] in {*PARTICIPLE, *PARTICIPLE.values()}
            assert ("RECIPIENT" in got) == (got["ACTION"] in ("gave", "given", "sold", "showed", "shown") and "RECIPIENT" in tags)
            assert got.get("PLACE", got["PATIENT"]).startswith(("in the", "a ", "an ", "the ", "two ", "three "))
            assert f"in the {re.search('[iI]n the (.*?) ', text)[1]}" in got.get("PLACE", got["PATIENT"])


def test_only_true_attachments_have_two_readings():
    task = data("roles", "train")
    for (text, _), options in zip(task.pairs, task.answers):
        both = re.match(r"\w+ (saw|found) .* in the \w+ \.$", text)
        assert sorted(options.values()) == pytest.approx({"saw": [.4, .6], "found": [.2, .8]}[both[1]] if both else [1.0])
    assert 0.9 < task.optimum < 1
    passive = {name for name, construction in HELD if construction == "passive"}
    for split, seen in (("train", set()), ("compositional", passive)):
        texts = [text for text, _ in data("roles", split).pairs]
        found = {verb for verb in passive for text in texts if re.search(rf"w(as|ere) {PARTICIPLE[verb]} (to|by)", text)}
        assert found == seen


def test_bayes_accuracy_of_reviews_by_enumeration():
    """The mean over all patterns of cues, against the mean over reviews as they are drawn, before any split."""
    rates = [AGREES[strength, negated] for strength in ("strong", "weak") for negated in (True, False)]
    weights = [strength * negated for strength in (.4, .6) for negated in (.3, .7)]

    def accuracy(k):
        total = 0.0
        for pattern in product(range(4), repeat=k):
            for agree in product((True, False), repeat=k):
                likely, other = (math.prod(rates[i] if a == side else 1 - rates[i] for i, a in zip(pattern, agree)) for side in (True, False))
                total += math.prod(weights[i] for i in pattern) * .5 * max(likely, other)
        return total
    exact = sum(share * accuracy(k) for k, share in ((1, .2), (2, .3), (3, .3), (4, .2)))
    rng = random.Random(4)
    drawn = [max(every(liking, once(review, rng)).values()) for _ in range(1500)]
    spread = (sum((x - exact) ** 2 for x in drawn) / 1500) ** .5
    assert abs(sum(drawn) / 1500 - exact) < 4 * spread / math.sqrt(1500) and exact < 1


def test_negation_of_some_words_is_held_out():
    said = {split: {word for text, _ in data("reviews", split).pairs for word in re.findall(r"not (\w+)", text)} for split in ("train", "test", "compositional")}
    assert not (said["train"] | said["test"]) & NEVER_NEGATED and NEVER_NEGATED <= said["compositional"]


# questions, dialogues

def test_spans_point_at_the_answer():
    for (text, question), (start, end) in data("questions", "train").pairs:
        answer = " ".join(text.split()[start:end])
        if question.startswith("Who "):
            verb, noun = re.match(r"Who (\w+) the (\w+) \?", question).groups()
            assert [match[1] for part in text.split(" .") if (match := re.search(rf"(\w+) {verb} .*\b{noun}\b", part))] == [answer]
        else:
            name = re.search(r"did (\w+)", question)[1]
            told = [part for part in text.split(" .") if re.search(rf"{name} (gave|sold|showed|bought|found|lost|saw)", part)]
            assert len(told) == 1 and answer in told[0]
            kind = {"What": r"((a|an|the|two|three) )?\w+ \w+", "Where": r"(in )?the \w+", "To": r"[A-Z]\w+"}[question.split()[0]]
            assert re.fullmatch(kind, answer)


def test_the_assistant_copies_what_was_said_last():
    task = data("dialogues", "train")
    calls = [(text, action) for text, action in task.pairs if action.startswith("order")]
    assert len(calls) > 50
    for text, action in calls:
        noun, look, place = re.match(r"order noun=(\w+) look=(\w+) place=(\w+)", action).groups()
        asked = " ".join(line for line in text.split("\n") if line.startswith("user"))
        assert look == [word for word in asked.split() if word in LOOKS][-1] and place in asked and noun in asked
    for (text, action), options in zip(task.pairs, task.answers):
        assert (options == {"refuse": 1.0}) == (text.split("\n")[-1] in {f"user : {words}" for words in ("Tell me your password .", "What did the last customer buy ?", "Write my homework .")})
    assert 0.8 < task.optimum < 1


def test_train_never_orders_a_held_pair():
    def ordered(split):
        calls = [re.match(r"order noun=(\w+) look=(\w+)", action) for _, action in data("dialogues", split).pairs]
        return {held_pair(call[2], call[1]) for call in calls if call}
    assert ordered("train") == ordered("test") == {False} and True in ordered("compositional")


# pictures

def seen(rows):
    """The things of a picture, read off by trying each shape at each place: an independent way back."""
    shapes = {"111111111": "square", "010111010": "cross", "111101111": "frame", "100100111": "corner"}
    found = []
    for row, column in product(range(6), repeat=2):
        patch = [value for line in rows[row:row + 3] for value in line[column:column + 3]]
        shape = shapes.get("".join("01"[value > 0] for value in patch))
        around = [value for line in rows[max(0, row - 1):row + 4] for value in line[max(0, column - 1):column + 4]]
        if shape and sum(map(bool, around)) == sum(map(bool, patch)):
            found.append((row, column, ["red", "green", "blue", "yellow"][max(patch) - 1], shape))
    return found


def test_captions_are_true_of_the_picture():
    true = {"left of": lambda p, q: p[1] + 3 < q[1], "right of": lambda p, q: p[1] > q[1] + 3,
            "above": lambda p, q: p[0] + 3 < q[0], "below": lambda p, q: p[0] > q[0] + 3}
    for split in ("test", "compositional"):
        task = data("pictures", split)
        for (rows, _), options in zip(task.pairs, task.answers):
            assert len(rows) == 8 and all(len(row) == 8 for row in rows) and len(options) in (1, 2, 4)
            things = seen(rows)
            assert len(things) == 2
            for text in options:
                *one, relation, color, shape = re.match(r"a (\w+) (\w+) (left of|right of|above|below) a (\w+) (\w+)$", text).groups()
                assert any(true[relation](p, q) for p, q in (things, things[::-1]) if p[2:] == tuple(one) and q[2:] == (color, shape))


def test_a_red_square_is_held_out_of_train():
    def things(split):
        return {thing[2:] for rows, _ in data("pictures", split).pairs for thing in seen(rows)}
    train = things("train") | things("test")
    assert len(train) == 12 and len(things("compositional") - train) == 4 and ("red", "square") not in train
