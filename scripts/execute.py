"""Run chapters and store their outputs in place: the same sources and machine give the same file.

usage: execute.py [concepts/context-and-attention ...]

Stored are outputs and the widgets' state; not stored are machine paths, times, the kernel's version. Seconds and memory go to
chapters/run-times.json, and only when they moved by more than 20 %, so that a run changes nothing without a reason.
"""
import json
import re
import sys

import nbformat
from notebooks import CHAPTERS, ROOT, chapters, run

from lmcourse.widgets.stored import records, strip

TIMES = CHAPTERS / "run-times.json"
RANDOM = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")      # a classic widget's id
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
          "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"}}


def normalise(notebook):
    """Keep what a reader and the book need; drop what differs from machine to machine."""
    kept = {key: value for key, value in notebook.metadata.items() if key in {"lmcourse", "widgets"}}
    notebook.metadata = nbformat.from_dict(kept | KERNEL)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}" if not cell.get("id") else cell.id
        if cell.cell_type == "code":
            cell.metadata.pop("execution", None)
            for output in cell.outputs:
                if "metadata" in output:
                    output.metadata.pop("execution", None)
            describe(cell)
    return steady(strip(notebook))


def steady(notebook):
    """Return the notebook with classic widgets named by their order: ipywidgets draws their ids at random."""
    state, found = records(notebook), []

    def visit(model_id):
        if RANDOM.fullmatch(model_id) and model_id in state and model_id not in found:
            found.append(model_id)
            for other in RANDOM.findall(json.dumps(state[model_id])):
                visit(other)

    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        visit(output.get("data", {}).get("application/vnd.jupyter.widget-view+json", {}).get("model_id", ""))
    names = {model_id: f"classic-{number}" for number, model_id in enumerate(found, 1)}
    return nbformat.reads(RANDOM.sub(lambda match: names.get(match[0], match[0]), nbformat.writes(notebook)), as_version=4)


def describe(cell):
    """Say in the cell's metadata, where MyST-NB looks, what its figure shows; `lmcourse.plots` says it in the output's."""
    cell.metadata.pop("mystnb", None)
    words = [output.metadata["image/png"]["alt"] for output in cell.outputs if output.get("metadata", {}).get("image/png", {}).get("alt")]
    if words:
        cell.metadata["mystnb"] = {"image": {"alt": " ".join(words), "classes": "dark-light"}}     # no white box in the dark


def faults(path, text: str) -> list[str]:
    """What must not be in a stored notebook."""
    found = []
    for name in {str(ROOT), str(ROOT.resolve()), str(CHAPTERS), sys.prefix}:
        if name in text:
            found.append(f"{path}: an output names the machine's path {name}")
    return found


def noted(old: dict, name: str, seconds: float, memory: float) -> dict:
    """Return the table of run times with this chapter in it, unchanged if it is within 20 % of what stands there."""
    before = old.get(name)
    if before and abs(seconds - before["seconds"]) <= 0.2 * before["seconds"] and abs(memory - before["MiB"]) <= 0.2 * before["MiB"]:
        return old
    return old | {name: {"seconds": round(seconds, 1), "MiB": round(memory)}}


def main():
    times = json.loads(TIMES.read_text()) if TIMES.exists() else {}
    wrong = []
    notebooks = chapters(sys.argv[1:])
    for path in notebooks:
        name = str(path.relative_to(CHAPTERS).with_suffix(""))
        notebook, seconds, memory = run(path)
        text = nbformat.writes(normalise(notebook), version=4) + "\n"
        wrong += faults(name, text)
        path.write_text(text, encoding="utf8")
        print(f"{name}: {seconds:.1f} s, {memory:.0f} MiB, {len(text) / 1000:.0f} kB stored", flush=True)
        updated = noted(times, name, seconds, memory)
        if updated is not times:
            times = updated
            TIMES.write_text(json.dumps(dict(sorted(times.items())), indent=1) + "\n")
    print(f"{len(notebooks)} notebooks run" if notebooks else "there is no notebook yet")
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
