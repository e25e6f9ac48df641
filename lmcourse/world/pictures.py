"""Pictures of two coloured shapes on 8 by 8 squares, and what one may say of them."""
from .grammar import uniform
from .tasks import build, told

SIDE = 8
COLORS = "red", "green", "blue", "yellow"               # drawn as 1, 2, 3, 4; 0 is empty
SHAPES = {"square": "### ### ###", "cross": ".#. ### .#.", "frame": "### #.# ###", "corner": "#.. #.. ###"}


def scene():
    """A process: two things (row, column, colour, shape) of three by three squares, one empty row or column between them at least."""
    things = []
    for _ in range(2):
        places = [(row, column) for row in range(SIDE - 2) for column in range(SIDE - 2)
                  if all(max(abs(row - r), abs(column - c)) >= 4 for r, c, *_ in things)]
        if not places:                                  # the first stands in the middle and leaves no room
            return (yield from scene())
        things.append((*(yield uniform(places)), (yield uniform(COLORS)), (yield uniform(SHAPES))))
    return tuple(sorted(things))


def picture(things):
    """Eight rows of eight numbers, 0 to 4."""
    rows = [[0] * SIDE for _ in range(SIDE)]
    for row, column, color, shape in things:
        for r, line in enumerate(SHAPES[shape].split()):
            for c, mark in enumerate(line):
                if mark == "#":
                    rows[row + r][column + c] = COLORS.index(color) + 1
    return tuple(map(tuple, rows))


def caption(things):
    """A process that begins with either thing; if they are apart both ways, left and right are told more often than above and below."""
    one, other = things if (yield {"first": .5, "second": .5}) == "first" else things[::-1]
    (r1, c1, *_), (r2, c2, *_) = one, other
    across, along = ("left of" if c1 < c2 else "right of"), ("above" if r1 < r2 else "below")
    said = {across: .7, along: .3} if min(abs(r1 - r2), abs(c1 - c2)) >= 4 else {across if abs(c1 - c2) >= 4 else along: 1.0}
    return f"a {one[2]} {one[3]} {(yield said)} a {other[2]} {other[3]}"


def held(things):
    return any((COLORS.index(color) + list(SHAPES).index(shape)) % 4 == 0 for _, _, color, shape in things)


def pictures(n, seed=0, split="train"):
    """`n` pairs (picture, caption): 8 rows of 8 numbers (0 empty, 1 to 4 red, green, blue, yellow), and for example
    "a red square left of a blue cross".

    Returns a `Task`: two to four captions are right, with known probability; `.optimum` is the exact entropy of that choice, in
    nats a caption. Train and test share no picture. The compositional split has a thing whose pair of colour and shape train
    never has (a red square); each colour and each shape occurs in train. ValueError for n < 1, an unknown split.
    """
    return build(told(scene, picture, held), caption, n, seed, split)
