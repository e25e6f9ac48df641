"""Join a widget's ES modules into the one module that anywidget wants. No Node, no bundler, no torch.

Each module becomes a function that returns its exports; an import becomes a look-up in what an earlier function
returned. Only two forms are understood, and any other import or export is an error with its file and line:

    import {a, b as c} from './x.js'
    export function f() ...      export async function g() ...      export class C ...      export const d = ...
"""
import hashlib
import re
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent

IMPORT = re.compile(r"^import\s*\{([^}]*)\}\s*from\s*['\"]\./([\w-]+\.js)['\"];?\s*(?://.*)?$")
EXPORT = re.compile(r"^export\s+((?:async\s+)?function\*?|class|const)\s+([A-Za-z_$][\w$]*)")
ITSELF = "lmBundle"
OTHER = re.compile(r"^\s*(?:import\b(?!\s*[.(])|export\b)|\bimport\s*\(")


def widgets() -> list[str]:
    """The classes of all widgets, from the names of their style sheets: css/attention_explorer.css is AttentionExplorer's."""
    return sorted("".join(map(str.capitalize, path.stem.split("_"))) for path in (HERE / "css").glob("*.css") if path.stem != "common")


def file_name(widget: str) -> str:
    """'AttentionExplorer' -> 'attention_explorer', the name of its files in js/ and css/."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", widget).lower()


def bundle(entry: Path) -> str:
    """The text of `entry` (a path to an ES module) and all that it imports, as an expression: an object of exports.

    A module may start a worker of all this: `lmBundle` is the function whose text it is.
    """
    order = []
    _visit(Path(entry), order, ())
    parts = [f"const {_variable(path)} = (() => {{\n{_rewrite(path)[0]}\n}})();" for path in order]
    body = "\n".join(parts)
    head = f"function {ITSELF}()" if ITSELF in body else "() =>"
    return f"({head} {{\n'use strict';\n{body}\nreturn {_variable(order[-1])};\n}})()"


def module(widget: str) -> str:
    """The ES module of a widget's class, as anywidget wants it: a default export with `render`."""
    return f"export default {_bundle(widget)};\n"


def script(widget: str) -> str:
    """The same code as a classic script for pages without a kernel: file:// allows no module."""
    return f"lmcourseWidget({code_name(widget)!r}, {_bundle(widget)});\n"


def own_style(widget: str) -> str:
    """The style sheet of a widget's class; it stands on that of all widgets (`common_style`)."""
    return (HERE / "css" / f"{file_name(widget)}.css").read_text(encoding="utf-8")


def common_style() -> str:
    """What the style sheets of all widgets stand on: colours by day and night, buttons, tables."""
    return (HERE / "css" / "common.css").read_text(encoding="utf-8")


def style(widget: str) -> str:
    """All of a widget's style, as anywidget wants it."""
    return common_style() + own_style(widget)


def code_name(widget: str) -> str:
    """'AttentionExplorer@<sha256 of the module>': what a notebook stores instead of the code."""
    return f"{widget}@{hashlib.sha256(module(widget).encode()).hexdigest()}"


@cache
def _bundle(widget: str) -> str:
    if widget not in widgets():
        raise ValueError(f"there is no widget {widget!r}; there are {', '.join(widgets())}")
    return bundle(HERE / "js" / f"{file_name(widget)}.js")


def _variable(path: Path) -> str:
    return "lm_" + re.sub(r"\W", "_", path.stem)


def _visit(path: Path, order: list, above: tuple) -> None:
    """Put `path` into `order` after all that it imports."""
    if path in above:
        raise ValueError(f"{path.name}: modules import each other in a circle: "
                         + " -> ".join(p.name for p in (*above, path)))
    if path in order:
        return
    for imported in _rewrite(path)[1]:
        _visit(imported, order, (*above, path))
    order.append(path)


def _exports(path: Path) -> list[str]:
    """The names that a module exports: one a line, `export const a = 1, b = 2` exports a alone."""
    return [found[2] for line in path.read_text(encoding="utf-8").splitlines() if (found := EXPORT.match(line))]


def _rewrite(path: Path) -> tuple[str, list[Path]]:
    """(text with imports and exports replaced and `return {...}` at the end, paths that it imports)."""
    lines, names, imports, comment = [], [], [], False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if comment or line.lstrip().startswith("/*"):
            comment = "*/" not in line
        elif found := IMPORT.match(line):
            target = path.parent / found[2]
            if not target.is_file():
                raise ValueError(f"{path.name}:{number}: imports ./{found[2]}, which is not there")
            if unknown := set(re.findall(r"([\w$]+)(?:\s+as\s+[\w$]+)?\s*(?:,|$)", found[1])) - set(_exports(target)):
                raise ValueError(f"{path.name}:{number}: {found[2]} exports no {', '.join(sorted(unknown))}")
            imports.append(target)
            line = f"const {{{re.sub(r' as ', ': ', found[1])}}} = {_variable(target)};"
        elif found := EXPORT.match(line):
            names.append(found[2])
            line = line.replace("export ", "", 1)
        elif OTHER.search(line) and not line.lstrip().startswith("//"):
            raise ValueError(f"{path.name}:{number}: {line.strip()!r} is not understood; write "
                             "import {a} from './x.js' on one line, or export function, class or const")
        lines.append(line)
    return "\n".join([*lines, f"return {{{', '.join(names)}}};"]), imports
