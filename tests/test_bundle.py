"""Joining modules: what comes out runs as the modules did, and what is not understood is named with its file and line."""
import subprocess

import pytest

from lmcourse.widgets import bundle


def write(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.js").write_text(text, encoding="utf-8")
    return folder / "entry.js"


def run(expression):
    """What `expression` prints in Node."""
    return subprocess.run(["node", "-"], input=expression, capture_output=True, text=True, check=True).stdout.strip()


def test_joined_modules_do_what_the_modules_do(tmp_path):
    entry = write(tmp_path,
                  entry="import {twice, name as called} from './a.js'\nimport { Box } from './b.js';\n"
                        "export function render(x) { return called + twice(x) + new Box(x).size; }\n",
                  a="// import {nothing} from './none.js'\nimport {Box} from './b.js';\n/* export default\nimport x from 'y'\n*/\n"
                    "export const name = 'a';\nconst hidden = 3;\nexport function twice(x) { return new Box(x).size * 2; }\n",
                  b="const hidden = 4;\nexport class Box { constructor(x) { this.size = x + hidden; } }\n"
                    "export async function later() {}\nexport function* many() {}\n")
    text = bundle.bundle(entry)
    assert run(f"console.log({text}.render(1))") == "a105"
    assert text.count("class Box") == 1                             # imported twice, there once


@pytest.mark.parametrize("line", [
    "export default 3;", "export {a};", "export let a = 3;", "export * from './b.js';", "import './b.js';", "import b from './b.js';",
    "import * as b from './b.js';", "import {a} from 'd3';", "import {a} from '../b.js';", "import {", "const b = import('./b.js');",
    "  export const a = 3;"])
def test_other_forms_are_errors_with_file_and_line(tmp_path, line):
    entry = write(tmp_path, entry=f"import {{a}} from './a.js'\n\n{line}\n", a="export const a = 1;\n", b="export const b = 2;\n")
    with pytest.raises(ValueError, match=r"entry\.js:3: .*is not understood"):
        bundle.bundle(entry)


def test_a_missing_module_and_a_circle_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"entry\.js:1: imports \./gone\.js, which is not there"):
        bundle.bundle(write(tmp_path, entry="import {a} from './gone.js'\n"))
    with pytest.raises(ValueError, match=r"entry\.js:1: a\.js exports no b"):      # one name a line: b would be undefined in the page
        bundle.bundle(write(tmp_path, entry="import {a, b as c} from './a.js'\n", a="export const a = 1, b = 2;\n"))
    entry = write(tmp_path, entry="import {a} from './a.js'\n", a="import {b} from './b.js'\nexport const a = 1;\n",
                  b="import {a} from './a.js'\nexport const b = 1;\n")
    with pytest.raises(ValueError, match="circle: entry.js -> a.js -> b.js -> a.js"):
        bundle.bundle(entry)


@pytest.mark.parametrize("widget", bundle.widgets())
def test_each_widget_is_one_module_and_one_script_with_one_digest(widget, tmp_path):
    (tmp_path / "widget.mjs").write_text(bundle.module(widget), encoding="utf-8")
    assert run(f"import({str(tmp_path / 'widget.mjs')!r}).then(m => console.log(typeof m.default.render))") == "function"
    name = bundle.code_name(widget)
    assert run(f"const lmcourseWidget = (name, m) => console.log(name, typeof m.render);\n{bundle.script(widget)}") == f"{name} function"
    assert bundle.style(widget).count("{") == bundle.style(widget).count("}")


def test_the_digest_follows_the_code(monkeypatch, tmp_path):
    write(tmp_path, entry="export const render = 1;\n")
    monkeypatch.setattr(bundle, "HERE", tmp_path)
    for folder in ("js", "css"):
        (tmp_path / folder).mkdir()
    (tmp_path / "css" / "entry.css").write_text("")
    names = []
    for text in ("export const render = 1;\n", "export const render = 2;\n", "export const render = 1;\n"):
        (tmp_path / "js" / "entry.js").write_text(text, encoding="utf-8")
        bundle._bundle.cache_clear()
        names.append(bundle.code_name("Entry"))
    bundle._bundle.cache_clear()
    assert names[0] == names[2] != names[1]


def test_unknown_widget():
    with pytest.raises(ValueError, match="there is no widget 'Nothing'; there are AttentionExplorer"):
        bundle.module("Nothing")
