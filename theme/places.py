"""Where the widgets stand in the book: the first place of each, and the way from one widget to those that explain its parts.

A widget's class may name such ways, {part: candidates} in `opens`: classes of widgets, or chapters. Of each part's candidates the first that
this book has becomes a link; a page of OneSentence holds them as data-ways, and its script adds the reader's sentence to each address.
"""
import json
import re
from functools import lru_cache

from lmcourse.widgets.stored import is_ours, records

from .appendix import CHAPTERS, chapters

VIEW = "application/vnd.jupyter.widget-view+json"
DIRECTIVE = re.compile(r"^```\{lm-widget\} (\w+)\n(.*?)^```$", re.M | re.S)
NEEDED = ("words", "model_name")                                    # stored traits that a way must know: what the widget has a place for


@lru_cache(maxsize=1)
def stored_widgets() -> list[tuple]:
    """(class, chapter, id, stored state) of all widgets of the chapters' notebooks, in the order in which a reader meets them."""
    found = []
    for chapter in chapters():
        notebook = json.loads((CHAPTERS / f"{chapter.name}.ipynb").read_text(encoding="utf8"))
        stored = records(notebook)
        views = [output["data"][VIEW]["model_id"] for cell in notebook["cells"] for output in cell.get("outputs", []) if VIEW in output.get("data", {})]
        for view in views:
            record = stored.get(view, {})
            if is_ours(record) and not record["state"].get("compact"):
                found.append((record["state"]["code"].split("@")[0], chapter, view, record["state"]))
    return found


def first_widgets() -> dict[str, tuple]:
    """class -> (chapter, its stored state): each widget's first place."""
    found = {}
    for name, chapter, _, state in stored_widgets():
        found.setdefault(name, (chapter, state))
    return found


def page_widgets() -> dict[str, tuple]:
    """class -> (file, title, options, traits) of each widget's first place in a page of Markdown below chapters/."""
    found = {}
    for path in sorted(CHAPTERS.rglob("*.md")):
        text = path.read_text(encoding="utf8")
        for name, body in DIRECTIVE.findall(text):
            lines = body.splitlines()
            options = dict(re.match(r":(\w+): (.*)", line).groups() for line in lines if line.startswith(":"))
            given = json.loads("\n".join(line for line in lines if not line.startswith(":")) or "{}")
            found.setdefault(name, (str(path.relative_to(CHAPTERS)), re.search(r"^# (.+)$", text, re.M)[1], options, given))
    return found


def ways(opens: dict, weights: str, env, relative) -> dict:
    """{part: {page, chapter, and of a widget: widget, id, what it must be told}}; `relative(docname)` is the address of a page from here.

    Of a class's places that one is taken that runs the model called `weights`, if there is one.
    """
    titles, found = {chapter.name: chapter.title for chapter in chapters()}, {}
    for part, candidates in opens.items():
        for candidate in candidates:
            places = [each for each in stored_widgets() if each[0] == candidate]
            place = next((each for each in places if each[3].get("weights") == weights), places[0] if places else None)
            name = place[1].name if place else candidate
            if name not in titles or f"chapters/{name}" not in env.found_docs:
                continue
            found[part] = {"page": relative(f"chapters/{name}"), "chapter": titles[name]}
            if place:
                found[part] |= {"widget": candidate, "id": place[2], **{trait: place[3][trait] for trait in NEEDED if place[3].get(trait)}}
            break
    return found
