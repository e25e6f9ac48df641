"""The generated pages of the appendix say what the chapters hold, and each of their links leads to the cell."""
import json
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = ROOT / "chapters"


def page(site, name):
    return (site / "chapters" / "appendix" / f"{name}.html").read_text(encoding="utf8")


def plain(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html)).replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&#39;", "'")


def notebooks():
    names = re.findall(r"file: chapters/(\S+)", (ROOT / "_toc.yml").read_text())
    return {name: json.loads((CHAPTERS / f"{name}.ipynb").read_text()) for name in names if not name.startswith("appendix/")}


def straight(text):
    return re.sub(r"[“”]", '"', re.sub(r"[‘’]", "'", text)).replace("…", "...")


def test_every_claim_of_the_chapters_is_there(site):
    said = straight(plain(page(site, "claims")))
    wanted = [line[2:] for notebook in notebooks().values() for cell in notebook["cells"] for output in cell.get("outputs", [])
              for line in "".join(output.get("text", "")).splitlines() if line.startswith("✓ ")]
    assert len(wanted) > 20
    assert not [statement for statement in wanted if re.sub(r"\s+", " ", straight(statement)).strip() not in said]
    assert f"{len(wanted)} claims in" in said


def test_the_source_map_knows_every_id(site):
    said = plain(page(site, "source-map"))
    planned = {each: name for name, ids in yaml.safe_load((CHAPTERS / "sources.yml").read_text()).items() for each in ids}
    written = set(notebooks())
    for each, name in planned.items():
        if not each.startswith("E"):
            assert f"{each} " in said
        if not each.startswith("E") and name not in written:
            assert re.search(rf"{each} [^:]*.*?to come in {name}", said), each


def test_treated_errata_are_listed_with_their_experiment(site):
    html = page(site, "errata")
    treated = {each for notebook in notebooks().values() for cell in notebook["cells"]
               for each in cell["metadata"].get("lmcourse", {}).get("covers", []) if each.startswith("E")}
    assert set(re.findall(r"<p>(E\d\d)</p>", html)) == treated
    assert f"{len(treated)} of 92 are treated" in html


def test_run_times_are_the_measured_ones(site):
    said = plain(page(site, "run-times"))
    for name, measured in json.loads((CHAPTERS / "run-times.json").read_text()).items():
        if name in notebooks():
            assert f"{measured['seconds']:.0f} s" in said and f"{measured['MiB']:,} MiB" in said


def test_the_glossary_holds_the_terms_that_chapters_introduce(site):
    """A term in the form `word (中文)` in the prose of a chapter or a page, outside a quotation, has its line."""
    known, missing = yaml.safe_load((CHAPTERS / "glossary.yml").read_text()), {}
    pages = {name: "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown") for name, notebook in notebooks().items()}
    pages |= {path.stem: path.read_text(encoding="utf8") for path in CHAPTERS.rglob("*.md")}
    for name, prose in pages.items():
        for term in re.findall(r"[A-Za-z*_`]\s?[（(]((?:[a-z]+ )?[\u4e00-\u9fff]{2,8})(?=[)）]|,\s[a-z])", re.sub(r"「[^」]*」", "", prose)):
            if not {term, term.split()[-1]} & set(known):
                missing.setdefault(term, name)
    assert not missing
    said = plain(page(site, "glossary"))
    assert not [term for term in known if term not in said]
    row = re.search(r"<tr[^>]*>(?:(?!</tr>).)*logit 透镜.*?</tr>", page(site, "glossary"), re.S)[0]
    assert 'href="one-sentence.html"' in row or 'href="../appendix/one-sentence.html"' in row       # of no notebook: its page leads there


@pytest.mark.parametrize("name", ["claims", "source-map", "errata"])
def test_links_lead_to_the_very_cell(site, name):
    links = set(re.findall(r'href="\.\./([^"#]+)\.html#(c-[^"]+)"', page(site, name)))
    assert links
    for chapter, anchor in links:
        html = (site / "chapters" / f"{chapter}.html").read_text(encoding="utf8")
        assert re.search(rf'<div class="cell[^"]*"[^>]* id="{re.escape(anchor)}"', html), (chapter, anchor)
