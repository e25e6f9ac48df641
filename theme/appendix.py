"""The pages of the appendix that follow from the chapters: nobody writes them, so nobody forgets to.

    ```{lm-appendix} claims | sources | errata | glossary | run-times
    ```

They read the chapters of _toc.yml with their stored outputs, chapters/sources.yml (id -> chapter), items.yml (what an id stands
for), glossary.yml (terms) and run-times.json. Each code cell that teaches an id or makes a claim gets an anchor, so that they can link to it.
"""
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

CHAPTERS = Path(__file__).resolve().parent.parent / "chapters"
MEASURED = re.compile(r"^(.+ ≈ .+ \(must be .+\))$", re.M)
CLAIM = re.compile(r"^✓ (.+)$", re.M)


@dataclass(frozen=True)
class Cell:
    anchor: str
    index: int
    covers: tuple
    claims: tuple                       # statements that held when the notebook was run
    measured: tuple                     # lines of lm.measured
    box: str                            # the last "In the sources" box above it, as Markdown
    heading: str                        # the section it stands in


@dataclass(frozen=True)
class Chapter:
    name: str                           # "concepts/tokens"
    title: str
    cells: tuple


@lru_cache(maxsize=1)
def chapters() -> list[Chapter]:
    """The notebooks of _toc.yml, in its order, without the appendix."""
    toc = yaml.safe_load((CHAPTERS.parent / "_toc.yml").read_text(encoding="utf8"))
    files = [entry["file"] for part in toc.get("parts", []) for entry in part["chapters"]]
    return [_read(CHAPTERS.parent / f"{file}.ipynb") for file in files if not file.startswith("chapters/appendix")]


def _read(path: Path) -> Chapter:
    found, box, heading = [], "", ""
    notebook = json.loads(path.read_text(encoding="utf8"))
    for index, cell in enumerate(notebook["cells"]):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            box = source if "In the sources" in source else box
            heading = (re.findall(r"^##+ (.+)$", source, re.M) or [heading])[-1]
            continue
        text = "".join("".join(output.get("text", "")) for output in cell["outputs"])
        found.append(Cell(f"c-{cell['id']}", index, tuple(cell["metadata"].get("lmcourse", {}).get("covers", [])),
                          tuple(CLAIM.findall(text)), tuple(MEASURED.findall(text)), box, heading))
    title = re.match(r"# (.+)", "".join(notebook["cells"][0]["source"])).group(1)
    return Chapter(str(path.relative_to(CHAPTERS).with_suffix("")), title, tuple(found))


def _yaml(name: str) -> dict:
    return yaml.safe_load((CHAPTERS / name).read_text(encoding="utf8")) or {}


def _link(chapter: str, text: str, anchor: str = ""):
    """From a page of the appendix to a chapter's page."""
    return nodes.reference("", text, internal=True, refuri=f"../{chapter}.html{'#' + anchor if anchor else ''}")


def _paragraph(*parts):
    node = nodes.paragraph()
    node += [nodes.Text(part) if isinstance(part, str) else part for part in parts]
    return node


def _table(head: list[str], rows: list[list], widths: list[int]) -> nodes.table:
    """A table; a cell is text, a node, or a list of both."""
    table, group = nodes.table(classes=["lm-appendix"]), nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=width) for width in widths]

    def row(cells):
        line = nodes.row()
        for cell in cells:
            entry = nodes.entry()
            entry += _paragraph(*(cell if isinstance(cell, list) else [cell]))
            line += entry
        return line

    for part, lines in ((nodes.thead(), [head]), (nodes.tbody(), rows)):
        part += [row(line) for line in lines]
        group += part
    table += group
    return table


def claims(directive):
    """Per chapter and section: every claim that held when it was run, and every measured number with its band."""
    count = 0
    for chapter in chapters():
        section, last, items = directive.section(chapter.title), None, None
        for cell in chapter.cells:
            if not cell.claims and not cell.measured:
                continue
            if cell.heading != last:
                last, items = cell.heading, nodes.bullet_list()
                section += [_paragraph(nodes.emphasis("", last)), items]
            items += [_item("✓ ", _link(chapter.name, statement, cell.anchor)) for statement in cell.claims]
            items += [_item("measured: ", _link(chapter.name, line, cell.anchor)) for line in cell.measured]
            count += len(cell.claims)
        yield section
    yield _paragraph(f"{count} claims in {len(chapters())} chapters.")


def _item(*parts):
    item = nodes.list_item()
    item += _paragraph(*parts)
    return item


def _where() -> dict[str, list]:
    """id -> [(chapter, cell)] of the cells that teach it."""
    found: dict[str, list] = {}
    for chapter in chapters():
        for cell in chapter.cells:
            for each in cell.covers:
                found.setdefault(each, []).append((chapter, cell))
    return found


def _links(places) -> list:
    parts = []
    for number, (chapter, cell) in enumerate(places):
        parts += [", "] if parts else []
        parts.append(_link(chapter.name, chapter.title.split(" · ")[0] if number == 0 else f"also {number + 1}", cell.anchor))
    return parts


def sources(directive):
    """Every item of the five documents and every gap: the cell that teaches it, or the chapter that will."""
    planned = {each: name for name, ids in _yaml("sources.yml").items() for each in ids}
    where, items = _where(), _yaml("items.yml")
    for kind, title in [(f"S{n}", f"Document 00{n}") for n in range(5)] + [("G", "What a reader of today expects beside them")]:
        section, list_ = directive.section(title), nodes.bullet_list()
        for each, text in items.items():
            if each.startswith(kind):
                place = _links(where[each]) if each in where else [f"to come in {planned[each]}"]
                list_ += _item(nodes.strong("", each), f" {text}: ", *place)
        section += list_
        yield section


def errata(directive):
    """The errors that the chapters written so far have treated: the quoted phrase, the title of the box, the experiment."""
    where, items = _where(), _yaml("items.yml")
    treated = [each for each in items if each.startswith("E") and each in where]
    yield _paragraph(f"{len(treated)} of {sum(each.startswith('E') for each in items)} are treated in the chapters written so far.")
    rows = []
    for each in treated:
        documents = re.search(r"(00\d(?:, 00\d)*)$", items[each]).group(1)
        quote = items[each][:-len(documents)].strip()
        said = next((re.sub(r"^In the sources:? *", "", title) for _, cell in where[each]
                     for title in re.findall(r"\{admonition\} (.*In the sources.*)", cell.box)), "") or where[each][0][1].heading
        rows.append([each, [quote, f" ({documents})"], said[:1].upper() + said[1:], _links(where[each])])
    yield _table(["id", "quoted phrase (document)", "in a word", "experiment"], rows, [8, 42, 26, 24])


def glossary(directive):
    """English and Chinese terms, each with the first chapter that uses it, or else the first page of Markdown."""
    texts = [(chapter.name, chapter.title.split(" · ")[0], (CHAPTERS / f"{chapter.name}.ipynb").read_text(encoding="utf8")) for chapter in chapters()]
    for path in sorted(CHAPTERS.rglob("*.md")):
        text = path.read_text(encoding="utf8")
        texts.append((str(path.relative_to(CHAPTERS).with_suffix("")), re.search(r"^# (.+)$", text, re.M)[1], text))
    first = {}
    for name, title, text in texts:
        for chinese in _yaml("glossary.yml"):
            if chinese in text:
                first.setdefault(chinese, (name, title))
    rows = [[english, chinese, _link(*first[chinese]) if chinese in first else ""]
            for chinese, english in sorted(_yaml("glossary.yml").items(), key=lambda pair: pair[1].lower())]
    yield _table(["English", "中文", "first used in"], rows, [40, 25, 35])


def run_times(directive):
    """Seconds and memory of each chapter, as `make execute` measured them."""
    times = json.loads((CHAPTERS / "run-times.json").read_text())
    rows = [[_link(chapter.name, chapter.title), f"{times[chapter.name]['seconds']:.0f} s", f"{times[chapter.name]['MiB']:,} MiB", "not measured"]
            for chapter in chapters() if chapter.name in times]
    yield _table(["chapter", "one CPU core", "peak memory", "GPU"], rows, [50, 16, 18, 16])
    total = sum(times[chapter.name]["seconds"] for chapter in chapters() if chapter.name in times)
    yield _paragraph(f"All {len(rows)} chapters together: {total / 60:.0f} minutes on one core.")


PAGES = {"claims": claims, "sources": sources, "errata": errata, "glossary": glossary, "run-times": run_times}


class AppendixDirective(SphinxDirective):
    required_arguments = 1

    def run(self):
        if self.arguments[0] not in PAGES:
            raise self.error(f"there is no page {self.arguments[0]!r} of the appendix; there are {', '.join(PAGES)}")
        for path in CHAPTERS.rglob("*.*"):
            if path.suffix in (".ipynb", ".yml", ".json"):
                self.env.note_dependency(str(path))
        return list(PAGES[self.arguments[0]](self))

    def section(self, title):
        section = nodes.section(ids=[nodes.make_id(title)])
        section += nodes.title("", title)
        self.state.document.note_implicit_target(section)
        return section


def add_anchors(app, doctree):
    """Code cells of a chapter that teach an id or make a claim can be linked to."""
    name = app.env.docname.removeprefix("chapters/")
    chapter = next((each for each in chapters() if each.name == name), None)
    wanted = {cell.index: cell.anchor for cell in chapter.cells if cell.covers or cell.claims or cell.measured} if chapter else {}
    for node in doctree.findall(nodes.container):
        if node.get("nb_element") == "cell_code" and node.get("cell_index") in wanted:
            node["ids"].append(wanted[node["cell_index"]])


def setup(app):
    chapters.cache_clear()
    app.add_directive("lm-appendix", AppendixDirective)
    app.connect("doctree-read", add_anchors)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
