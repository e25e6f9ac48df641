"""What all widgets share: fixed ids, names for code and weights, a stable repr, a picture for pages that run nothing."""
from __future__ import annotations

import base64
import itertools
import warnings
import weakref
from collections import defaultdict

import anywidget
import traitlets as t
from ipywidgets import Layout

from lmcourse.widgets import bundle, sources

_numbers = defaultdict(lambda: itertools.count(1))                  # a prefix of ids -> the next number
_sent: dict[str, Weights] = weakref.WeakValueDictionary()           # name of weights -> the widget that carries them


class Widget(anywidget.AnyWidget):
    """A figure that computes in the page. Its ES module and its style bear its name: EmbeddingMap, js/embedding_map.js, css/embedding_map.css.

    Arguments are traits: set one from Python and the picture follows, `observe` it and hear what the reader did.
    A subclass names those that its repr shows (`_shown`), says in `_describe` what is to be seen, and draws it in `_figure`.
    The ids are lm-1, lm-2, ... in order of creation, so that a notebook executed twice stores the same. A notebook keeps
    the traits and the names `code` and `weights`; `lmcourse.widgets.stored.strip` takes the bytes out.
    """
    _prefix = "lm"
    _shown: tuple[str, ...] = ()
    _esm = t.Unicode().tag(sync=True)
    _css = t.Unicode().tag(sync=True)
    code = t.Unicode(help="class@sha256 of the JavaScript").tag(sync=True)
    limits = t.Dict(help="{trait: its bounds}, for links to a state").tag(sync=True)
    described = t.Unicode(help="what the picture shows, for those who do not see it").tag(sync=True)

    def __init__(self, **traits):
        name = type(self).__name__
        own = [trait for trait in type(self).class_trait_names(sync=True) if trait not in Widget.class_trait_names()]
        if unknown := sorted(set(traits) - {*own, *Widget.class_trait_names()}):
            raise TypeError(f"{name} has no {unknown[0]!r}; it has {', '.join(sorted(own))}")
        model_id = f"{self._prefix}-{next(_numbers[self._prefix])}"
        traits.setdefault("layout", Layout(model_id=f"{model_id}-layout"))
        bounds = {trait: found.limits() for trait in own if hasattr(found := getattr(type(self), trait), "limits")}
        if name in bundle.widgets():
            traits.update(limits=bounds, _esm=bundle.module(name), _css=bundle.style(name), code=bundle.code_name(name))
        super().__init__(model_id=model_id, **traits)
        if own:
            self._say()
            self.observe(self._say, own)

    def __repr__(self):
        name, shown = type(self).__name__, [f"{name}={getattr(self, name)!r}" for name in self._shown]
        if self.has_trait("weights") and self.weights:               # EmbeddingMap may run without a model
            shown.append(f"weights={short(self.weights)!r}")
        if self.code:
            shown.append(f"code={short(self.code.replace(name + '@', 'sha256:'))!r}")
        return f"{name}({', '.join(shown)})"

    def _say(self, change=None):
        self.described = self._describe()

    def _describe(self) -> str:
        """What the picture shows, in a sentence."""
        return ""

    def _figure(self):
        """The picture as it stands, a `plots.Figure`, for print and for pages that run no code. None where there is none."""

    def _picture(self) -> bytes | None:
        """PNG of the figure; None where it cannot be drawn, as without torch."""
        try:
            figure = self._figure()
        except ModuleNotFoundError:
            return None
        return figure and figure._repr_mimebundle_()[0]["image/png"]

    def _repr_mimebundle_(self, **kwargs):
        found = super()._repr_mimebundle_(**kwargs)
        if found is None:
            return None
        data, metadata = found if isinstance(found, tuple) else (found, {})
        if png := self._picture():
            data = {**data, "image/png": base64.b64encode(png).decode("ascii")}
        return data, metadata


class Weights(Widget):
    """A model's weights, sent to the page once. It is never shown; other widgets refer to it by its id."""
    _prefix = "lm-weights"
    _esm = t.Unicode("export default {};").tag(sync=True)
    name = t.Unicode(help="name@sha256 of the weights").tag(sync=True)
    data = t.Bytes(help="packed by lmcourse.widgets.weights").tag(sync=True)

    def __repr__(self):
        return f"Weights({short(self.name)!r})"


class ModelWidget(Widget):
    """A widget that runs a model of one `_kind`: `weights` is the model's name with its digest, `carrier` the id of its Weights."""
    _kind = "gpt2"
    weights = t.Unicode().tag(sync=True)
    carrier = t.Unicode().tag(sync=True)

    def __init__(self, model="course-gpt", tokenizer=None, **traits):
        self.source = sources.find(model, tokenizer, self._kind)
        self._carrier = carried(self.source)                        # keeps it alive as long as a widget needs it
        super().__init__(weights=self.source.name, carrier=self._carrier.model_id, **traits)

    def cut(self, text):
        """As much of a text as the model reads; a warning says what was cut off."""
        fits, total = self.source.cut(text)
        if fits != text:
            warnings.warn(f"text has {total} tokens; the first {self.source.max_tokens} fit, the rest was cut off", stacklevel=2)
        return fits


def carried(source) -> Weights:
    """The one Weights widget that sends this source's bytes to the page."""
    if source.name not in _sent:
        _sent[source.name] = found = Weights(name=source.name, data=source.packed)
        return found
    return _sent[source.name]


def short(name: str) -> str:
    """'course-gpt@sha256:1234…' -> the same with eight digits: enough to notice a change, short enough to read."""
    head, digest = name.rsplit(":", 1) if ":" in name else name.rsplit("@", 1)
    return f"{head}{':' if ':' in name else '@'}{digest[:8]}…"
