"""theme/widgets.py: what it makes of stored widgets, of classic ones, of stale ones, and of the directive."""
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import lmcourse
from lmcourse.widgets import bundle, sources, stored

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = f"""
import sys
sys.path[:0] = [{str(Path(lmcourse.__file__).parents[1])!r}, {str(ROOT)!r}]
project, extensions, html_theme = "probe", ["myst_nb", "theme.widgets"], "basic"
nb_execution_mode, nb_ipywidgets_js = "off", {{}}
html_static_path = [{str(ROOT / "theme" / "assets")!r}]
"""
PNG = ("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


def notebook(code, weights, text="Anna Bell </script> had a key."):
    """A notebook with one explorer and one slider, as `make execute` stores them."""
    traits = {"text": text, "layer": 1, "head": 2, "compact": False, "code": code, "weights": weights,
              "_anywidget_id": "lmcourse.widgets.attention_explorer.AttentionExplorer", "layout": "IPY_MODEL_x"}
    output = lambda model_id, **more: nbformat.v4.new_output(  # noqa: E731
        "display_data", {"text/plain": f"Shown({model_id})", "application/vnd.jupyter.widget-view+json": {"model_id": model_id}, **more})
    nb = nbformat.v4.new_notebook(cells=[
        nbformat.v4.new_markdown_cell("# Probe"),
        nbformat.v4.new_code_cell("explorer", execution_count=1, outputs=[output("lm-1", **{"image/png": PNG})]),
        nbformat.v4.new_code_cell("slider", execution_count=2, outputs=[output("s-1", **{"image/png": PNG})]),
        nbformat.v4.new_code_cell("bare slider", execution_count=3, outputs=[output("s-1")])])
    nb.metadata["language_info"] = {"name": "python"}
    nb.metadata["widgets"] = {stored.STATE: {"version_major": 2, "version_minor": 0, "state": {
        "lm-1": {"model_name": "AnyModel", "model_module": "anywidget", "state": traits},
        "s-1": {"model_name": "IntSliderModel", "model_module": "@jupyter-widgets/controls", "state": {"value": 3}}}}}
    return nb


@pytest.fixture
def build(tmp_path):
    def built(**files):
        (tmp_path / "conf.py").write_text(CONFIGURATION)
        for name, content in files.items():
            if isinstance(content, str):
                (tmp_path / f"{name}.md").write_text(content)
            else:
                nbformat.write(content, tmp_path / f"{name}.ipynb")
        done = subprocess.run([sys.executable, "-m", "sphinx", "-q", "-E", "-b", "html", str(tmp_path), str(tmp_path / "out")],
                              capture_output=True, text=True)
        return tmp_path / "out", done.stderr
    return built


def here():
    return bundle.code_name("AttentionExplorer"), sources.find("course-gpt").name


def test_a_stored_widget_becomes_a_place_with_names_traits_and_picture(build):
    code, weights = here()
    out, warnings = build(index=notebook(code, weights))
    assert warnings == ""
    html = (out / "index.html").read_text()
    assert html.count('class="lm-widget"') == 1 and f'data-code="{code}"' in html and f'data-weights="{weights}"' in html
    traits = json.loads(html.split('<script type="application/json">')[1].split("</script>")[0])
    assert traits["text"] == "Anna Bell </script> had a key." and traits["head"] == 2 and "_esm" not in traits
    place = html[html.index('class="lm-widget"'):html.index('<script type="application/json">')]
    assert "<img" in place                                          # its own picture, until it starts
    assert html.count("<img") == 2                                  # and the slider's
    assert "widget-view+json" not in html and "widget-state+json" not in html and "IntSlider" not in html and "Shown(" not in html
    assert html.count("host.js") == 1 and "widgets/AttentionExplorer.css" in html
    shortened = (out / "_static/widgets" / f"{code.split('@')[1]}.js").read_text()
    assert f'lmcourseWidget("{code}"' in shortened and len(shortened) < 0.8 * len(bundle.script("AttentionExplorer"))
    assert (out / "_static/weights" / f"{weights.split(':')[1]}.js").read_text().startswith(f'lmcourseWeights("{weights}", "')
    models = [re.search(r'lmcourse(?:Weights|Parts)\("([\w-]+)@', path.read_text())[1] for path in (out / "_static/weights").iterdir()]
    assert sorted(name for name in models if not name.startswith("minilm")) == sorted(
        [*sources.bundled(), *sources.recordings()])                       # what a page can run, each once
    assert models.count("minilm") <= 1                             # and a real encoder in parts, where its package is installed


@pytest.mark.parametrize("stale", ["code", "weights"])
def test_a_notebook_that_was_not_run_again_is_a_warning(build, stale):
    code, weights = here()
    code, weights = ("AttentionExplorer@" + "0" * 64, weights) if stale == "code" else (code, "course-gpt@sha256:" + "0" * 64)
    _, warnings = build(index=notebook(code, weights))
    assert "run the notebook again (make execute)" in warnings and "index" in warnings and len(warnings.strip().splitlines()) == 1


def test_the_directive(build):
    out, warnings = build(index='# Probe\n\n```{lm-widget} AttentionExplorer\n:alt: who looks at whom\n{"text": "Anna", "head": 1}\n```\n',
                          other="---\norphan: true\n---\n# No widget\n")
    assert warnings == ""
    html = (out / "index.html").read_text()
    traits = json.loads(html.split('<script type="application/json">')[1].split("</script>")[0])
    assert traits["text"] == "Anna" and traits["head"] == 1 and traits["temperature"] == 1.0 and "who looks at whom" in html
    assert "host.js" not in (out / "other.html").read_text()


@pytest.mark.parametrize("body, says", [("{text: 1}", "are not JSON"), ('{"colour": "red"}', "has no trait ['colour']"),
                                        (":model: gpt-9\n", "there is no bundled model 'gpt-9'")])
def test_a_wrong_directive_is_an_error(build, body, says):
    _, warnings = build(index=f"# Probe\n\n```{{lm-widget}} AttentionExplorer\n{body}\n```\n")
    assert says in warnings


def test_an_unknown_widget_is_an_error(build):
    assert "there is no widget 'Nothing'" in build(index="# Probe\n\n```{lm-widget} Nothing\n```\n")[1]


def test_a_page_takes_its_defaults_from_the_class(build):
    out, warnings = build(index='# Probe\n\n```{lm-widget} OneSentence\n{"text": "One morning Nora", "layer": 2}\n```\n')
    assert warnings == ""
    html = (out / "index.html").read_text()
    traits = json.loads(html.split('<script type="application/json">')[1].split("</script>")[0])
    own = lmcourse.widgets.OneSentence(text="One morning Nora", layer=2, world=lmcourse.world.next_words)
    hidden = {"weights", "code", "carrier", "described", "layout", "tabbable", "tooltip"}
    assert traits == {name: value for name, value in own.get_state().items() if not name.startswith("_") and name not in hidden} | {"weights": own.weights}
    assert 'data-ways="{}"' in html                                 # this book has none of the chapters, so nothing is linked to
