"""Widgets that compute in the page: one Python class and one ES module each.

Names are loaded when first used, so that the parts without a kernel (`bundle`, `weights`, `stored`) work in an
environment that has neither torch nor ipywidgets: the book is built in such a one.
"""
from importlib import import_module

from .bundle import file_name, widgets

_WHERE = {"Weights": "base", "Widget": "base"} | {name: file_name(name) for name in widgets()}
__all__ = sorted(_WHERE)


def __getattr__(name):
    if name not in _WHERE:
        raise AttributeError(f"lmcourse.widgets has no {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)


def __dir__():
    return [*globals(), *__all__]
