"""Programs: what an instruction says is what its program does, and the evaluator runs nothing but sums."""
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lmcourse as lm
from lmcourse.world.programs import INPUTS, code, idea, run, solves
from lmcourse.world.tasks import every, once

SEEDS = st.integers(0, 2 ** 40)


@settings(max_examples=12, deadline=None)
@given(SEEDS)
def test_all_programs_of_an_instruction_give_the_same(seed):
    references = list(every(code, once(idea, random.Random(seed))))
    assert all(solves(program, references[0]) for program in references[1:4])
    for a, b, c in ((3, -2, 1), (0, 5, -4)):
        assert run(references[-1], dict(a=a, b=b, c=c)) == eval(references[-1], {}, dict(a=a, b=b, c=c))


def test_an_instruction_says_what_its_program_does():
    pairs = dict(lm.world.programs(1000, 5, "train").pairs)
    for text, program in pairs.items():
        steps = text.split(" , then ")
        for a, b, c in ((3, -2, 4), (-5, 6, 0), (2, 2, -3)):
            x, y = (dict(a=a, b=b, c=c)[name] for name in re.findall(r"\b[bc]\b|\ba\b", steps[0]))
            result = {"add": x + y, "subtract": y - x, "multiply": x * y, "take the larger": max(x, y), "take the smaller": min(x, y)}[
                re.match("add|subtract|multiply|take the larger|take the smaller", steps[0])[0]]
            for step in steps[1:]:
                result = {"double it": result * 2, "square it": result ** 2, "negate it": -result, "add one to it": result + 1, "halve it": result // 2, "triple it": result * 3,
                          "subtract two from it": result - 2}[step]
            assert run(program, dict(a=a, b=b, c=c)) == result
    assert not solves("a + b + 1", "a + b") and not solves("a +", "a") and not solves("1 // a", "a")


@pytest.mark.parametrize("program, why", [
    ("__import__('os')", "Call is not allowed"), ("a.real", "Attribute is not allowed"), ("9 ** 8 ** 8", "exponent 16777216"), ("2 ** -1", "exponent -1"),
    ("[a for a in b]", "ListComp is not allowed"), ("while a: pass", "no Python expression"), ("(lambda: a)()", "Call is not allowed"), ("d + 1", "Name is not allowed"),
    ("a // 0", "division by zero"), ("a % (b - b)", "division by zero"), ("9" * 30, "a number above"), ("1" + " + 1" * 60, "at most 200"), ("'a' * 3", "Constant is not allowed"),
    ("True", "Constant is not allowed"), ("1.5", "Constant is not allowed"), ("(" * 150 + "a" + ")" * 49, "no Python expression"), ("a\0", "no Python expression"),
    ("a if b else c", "IfExp is not allowed"), ("", "no Python expression"), (None, "text of at most")])
def test_the_evaluator_refuses(program, why):
    with pytest.raises(ValueError, match=re.escape(why)):
        run(program, dict(a=2, b=3, c=4))


@settings(max_examples=60, deadline=None)
@given(st.text("abc123+-*/%()<>=. if else_[]'\n\0", max_size=40))
def test_any_text_gives_a_number_or_a_value_error(text):
    try:
        assert type(run(text, dict.fromkeys(INPUTS, 2))) is int
    except ValueError:
        pass


def test_held_out_programs_are_longer_or_pair_new_steps():
    steps = {split: [text.split(" , then ") for text, _ in lm.world.programs(1000, 5, split).pairs] for split in lm.world.tasks.SPLITS}

    def steps_in_a_row(rows):
        return {pair for row in rows for pair in zip(row[1:], row[2:])}
    assert max(map(len, steps["train"] + steps["test"])) == 3 and max(map(len, steps["compositional"])) == 4
    assert ("double it", "square it") in steps_in_a_row(steps["train"])
    held = {("double it", "double it"), ("square it", "negate it"), ("halve it", "add one to it")}
    assert held <= steps_in_a_row(steps["compositional"]) and not held & steps_in_a_row(steps["train"] + steps["test"])
