"""Traits of widgets that refuse what cannot be, with a ValueError that says what would be right."""
import math

import traitlets as t


class Choice(t.TraitType):
    """One of `allowed`, strings or numbers: Choice("left", "right"). The first is the default."""
    def __init__(self, *allowed, **more):
        self.allowed = allowed
        super().__init__(allowed[0], **more)
        self.tag(sync=True)

    def limits(self):
        """What a link to a widget's state may set (theme/assets/host.js), as JSON."""
        return {"choice": list(self.allowed)}

    def validate(self, owner, value):
        return among(self.name, value, self.allowed)


class Number(t.TraitType):
    """A whole number or a float, as `default` is, from `low` to `high`; with `open` the ends themselves are out."""
    def __init__(self, default, low=-math.inf, high=math.inf, open=False, **more):
        self.low, self.high, self.open, self.kind = low, high, open, type(default)
        super().__init__(default, **more)
        self.tag(sync=True)

    def limits(self):
        return {"low": finite(self.low), "high": finite(self.high), "open": self.open, "whole": self.kind is int}

    def validate(self, owner, value):
        whole = self.kind is int
        right = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and (not whole or value == int(value))
        if not right or not (self.low < value < self.high if self.open else self.low <= value <= self.high):
            raise ValueError(f"{self.name}={value!r}; it is a {'whole ' if whole else ''}number {self._range()}")
        return self.kind(value)

    def _range(self):
        if self.open:
            return f"above {self.low:g}" + (f" and below {self.high:g}" if self.high < math.inf else "")
        return f"from {self.low:g}" + (f" to {self.high:g}" if self.high < math.inf else " up")


class Numbers(t.TraitType):
    """A list of `fewest` to `most` numbers, each from `low` to `high`."""
    def __init__(self, default, fewest, most, low, high, **more):
        self.fewest, self.most, self.low, self.high = fewest, most, low, high
        super().__init__(list(default), **more)
        self.tag(sync=True)

    def limits(self):
        return {"low": finite(self.low), "high": finite(self.high), "fewest": self.fewest, "most": self.most}

    def validate(self, owner, value):
        try:
            found = [float(each) for each in value]
        except (TypeError, ValueError):
            found = []
        if not self.fewest <= len(found) <= self.most or not all(self.low <= each <= self.high for each in found):
            count = f"{self.fewest}" if self.fewest == self.most else f"{self.fewest} to {self.most}"
            raise ValueError(f"{self.name}={value!r}; it is a list of {count} numbers from {self.low:g} to {self.high:g}")
        return found


class Text(t.Unicode):
    """A text that is not empty, such as `example`; what the widget's model cannot read is cut off (`ModelWidget.cut`)."""
    def __init__(self, default="", example="Anna Bell had a red key."):
        self.example = example
        super().__init__(default)

    def validate(self, owner, value):
        if not super().validate(owner, value).strip():
            raise ValueError(f"{self.name} is empty; give a sentence, such as {self.example!r}")
        return owner.cut(value)


def among(what, value, allowed):
    """The value, if it is one of those allowed; else a ValueError."""
    if value not in allowed:
        raise ValueError(f"{what}={value!r}; it is {' or '.join(map(repr, allowed))}")
    return value


def within(what, value, count):
    """The value, if it is one of `count` places of a model; else a ValueError."""
    if not 0 <= value < count:
        raise ValueError(f"{what}={value}; this model has {count}, counted from 0: 0 to {count - 1}")
    return value


def finite(x):
    """JSON has no infinity: None."""
    return x if math.isfinite(x) else None
