"""chapters/sources.yml and the cells agree: every item, erratum and gap has one chapter, and stands there on the cell that teaches it."""
import re
from collections import Counter
from pathlib import Path

import nbformat
import pytest
import yaml

CHAPTERS = Path(__file__).resolve().parents[1] / "chapters"
ITEMS = {  # seed: letter: how many items of that kind (INVENTORY, section 1)
    "S0": dict(B=3, C=4, A=8, M=5, P=1, U=4, T=3, F=3, Q=3), "S1": dict(B=7, C=5, A=11, M=5, P=5, U=6, T=9, F=10, Q=4, X=4),
    "S2": dict(B=4, C=4, A=5, M=2, P=2, U=5, T=4, F=2, Q=3, X=1), "S3": dict(B=2, C=2, A=5, M=3, P=4, U=4, T=3, F=2, Q=3),
    "S4": dict(B=3, C=6, A=7, M=4, P=4, U=5, T=3, F=3, Q=4, X=1),
}


@pytest.fixture(scope="module")
def sources() -> dict[str, list[str]]:
    return yaml.safe_load((CHAPTERS / "sources.yml").read_text(encoding="utf8"))


def every_id() -> set[str]:
    found = {f"E{n:02}" for n in range(1, 93)} | {f"G{n:02}" for n in range(1, 56)}
    for seed, kinds in ITEMS.items():
        for letter, count in kinds.items():
            first = 0 if (seed, letter) == ("S0", "A") else 1       # doc 000's list of steps begins with an item 0
            found |= {f"{seed}-{letter}{n}" for n in range(first, first + count)}
    return found


def test_every_id_has_one_chapter(sources):
    held = Counter(each for ids in sources.values() for each in ids)
    assert len(every_id()) == 200 + 92 + 55
    assert set(held) == every_id()
    assert not [each for each, count in held.items() if count > 1]


def covered(path: Path) -> Counter:
    """id -> how many cells of the notebook say that they teach it."""
    cells = nbformat.read(path, 4).cells
    return Counter(each for cell in cells for each in cell.metadata.get("lmcourse", {}).get("covers", []))


def test_a_written_chapter_teaches_what_is_its_own(notebook, sources):
    name = str(notebook.relative_to(CHAPTERS).with_suffix(""))
    if name.startswith("appendix/"):
        pytest.skip("the appendix teaches no item")
    assert name in sources, f"{name} has no line in sources.yml"
    assert set(covered(notebook)) == set(sources[name])


def test_each_erratum_of_a_chapter_is_quoted_cited_and_run(notebook, sources):
    name = str(notebook.relative_to(CHAPTERS).with_suffix(""))
    errata = {each for each in sources.get(name, []) if each.startswith("E")}
    cells = nbformat.read(notebook, 4).cells
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert len(re.findall("「", prose)) >= len(errata) and prose.count("{cite") >= len(errata)
    run = {each for cell in cells if cell.cell_type == "code" for each in cell.metadata.get("lmcourse", {}).get("covers", [])}
    assert errata <= run, f"no experiment: {sorted(errata - run)}"
