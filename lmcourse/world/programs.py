"""An instruction and a small Python expression that does it; programs are judged by running them, in an evaluator that can do little."""
import ast
import operator
from itertools import product

from .grammar import uniform
from .tasks import build, told

INPUTS = "a", "b", "c"
FIRST = {"add": ["{x} + {y}", "{y} + {x}"], "subtract": ["{x} - {y}"], "multiply": ["{x} * {y}", "{y} * {x}"],
         "larger": ["{x} if {x} > {y} else {y}", "{y} if {y} > {x} else {x}"],
         "smaller": ["{x} if {x} < {y} else {y}", "{y} if {y} < {x} else {x}"]}
THEN = {"double": ["{z} * 2", "2 * {z}", "{z} + {z}"], "square": ["{z} * {z}", "{z} ** 2"], "negate": ["-{z}", "0 - {z}"],
        "add one to": ["{z} + 1", "1 + {z}"], "halve": ["{z} // 2"], "triple": ["{z} * 3", "3 * {z}"], "subtract two from": ["{z} - 2"]}
SAY = {"add": "add {x} and {y}", "subtract": "subtract {y} from {x}", "multiply": "multiply {x} by {y}",
       "larger": "take the larger of {x} and {y}", "smaller": "take the smaller of {x} and {y}"}
DOES = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
        ast.Pow: operator.pow, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
        ast.Eq: operator.eq, ast.NotEq: operator.ne}
LONGEST, LARGEST, HIGHEST_POWER = 200, 10 ** 15, 8      # characters, size of any number on the way, exponent


def run(program, inputs):
    """The value of an expression, an int. inputs: {name: int}. Whole numbers, the inputs, + - * // % **, comparison in
    `x if test else y`, and nothing else: no call, attribute, index, loop, string. Each part is looked at once, so its length bounds
    its time. ValueError for all else, for division by zero, and for numbers and programs that get too long."""
    return value(parse(program), inputs)


def parse(program):
    if not isinstance(program, str) or len(program) > LONGEST:
        raise ValueError(f"a program is text of at most {LONGEST} characters")
    try:
        return ast.parse(program.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"no Python expression: {error}") from None


def value(node, inputs):
    match node:
        case ast.Constant(value=int(number)) if type(number) is int:
            result = number
        case ast.Name(id=name) if name in inputs:
            result = inputs[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            result = -value(operand, inputs)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in DOES:
            result = apply(DOES[type(op)], value(left, inputs), value(right, inputs))
        case ast.IfExp(test=ast.Compare(left=left, ops=[op], comparators=[right])) if type(op) in DOES:
            chosen = node.body if DOES[type(op)](value(left, inputs), value(right, inputs)) else node.orelse
            result = value(chosen, inputs)
        case _:
            raise ValueError(f"{type(node).__name__} is not allowed: whole numbers, {', '.join(inputs)}, + - * // % ** "
                             "and x if test else y are")
    if abs(result) > LARGEST:
        raise ValueError(f"a number above {LARGEST}")
    return result


def apply(does, left, right):
    if does is operator.pow and not 0 <= right <= HIGHEST_POWER:
        raise ValueError(f"exponent {right}: 0 to {HIGHEST_POWER} are allowed")
    if does in (operator.floordiv, operator.mod) and right == 0:
        raise ValueError("division by zero")
    return does(left, right)


def solves(program, reference, values=(-7, -2, -1, 0, 1, 2, 5)):
    """Does a program give what the reference gives, for all inputs out of `values`? One that cannot be run does not."""
    try:
        ours, theirs = parse(program), parse(reference)
        rows = [dict(zip(INPUTS, row)) for row in product(values, repeat=len(INPUTS))]
        return all(value(ours, inputs) == value(theirs, inputs) for inputs in rows)
    except ValueError:
        return False


def idea():
    """A process: (first step, its two inputs, what is done then), one to three further steps."""
    first, x = (yield uniform(FIRST)), (yield uniform(INPUTS))
    y = yield uniform([name for name in INPUTS if name != x])
    steps = []
    for _ in range((yield {1: .3, 2: .4, 3: .3})):
        steps.append((yield uniform(THEN)))
    return first, x, y, tuple(steps)


def code(meaning):
    """A process: one of the programs that do it; each way to write a step is as likely as the others."""
    first, x, y, steps = meaning
    text = (yield uniform(FIRST[first])).format(x=x, y=y)
    for step in steps:
        text = (yield uniform(THEN[step])).format(z=f"({text})")
    return text


def instruction(meaning):
    first, x, y, steps = meaning
    return " , then ".join([SAY[first].format(x=x, y=y), *(f"{step} it" for step in steps)])


def new(meaning):
    """What train never has: three further steps, or one of the pairs of steps in a row that are held out (one in five)."""
    steps = [list(FIRST).index(meaning[0]), *(list(THEN).index(step) for step in meaning[3])]
    return len(meaning[3]) == 3 or any((one + 2 * two) % 5 == 0 for one, two in zip(steps, steps[1:]))


def programs(n, seed=0, split="train"):
    """`n` pairs (instruction, program) over the inputs a, b, c: "add a and b , then double it", "(b + a) * 2".

    Returns a `Task`: an instruction has one meaning, so the best share of programs that `solves` accepts is 1; how a program is
    written is free, and `.optimum` is the exact entropy of that choice, in nats a program; `.answers` holds some of the programs
    that are right, never all. Train (some 900 different instructions) and test share none. The compositional split has
    instructions with more steps than any in train (three after the first), or with pairs of steps in a row that train never has.
    ValueError for n < 1, an unknown split.
    """
    return build(told(idea, instruction, new), code, n, seed, split)
