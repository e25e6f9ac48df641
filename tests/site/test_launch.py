"""With a public address set a chapter can be opened in Colab, on Kaggle and on ModelScope; the copy that the site serves knows the address."""
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
project, extensions, html_theme, template_bridge = "probe", ["myst_nb", "theme.launch"], "sphinx_book_theme", "theme.pages.Pages"
nb_execution_mode, nb_ipywidgets_js, lmcourse_address, html_context = "off", {{}}, "ADDRESS", {{"default_mode": "auto"}}
html_static_path, html_css_files = [{str(ROOT / "theme" / "assets")!r}], ["icons.css", "course.css"]
"""


@pytest.fixture
def build(tmp_path):
    def built(address):
        (tmp_path / "conf.py").write_text(CONFIGURATION.replace('"ADDRESS"', repr(address)))
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Probe"), nbformat.v4.new_code_cell('ADDRESS = ""        # where')])
        notebook.metadata["language_info"] = {"name": "python"}
        nbformat.write(notebook, tmp_path / "index.ipynb")
        done = subprocess.run([sys.executable, "-m", "sphinx", "-q", "-E", "-b", "html", str(tmp_path), str(tmp_path / "out")], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return tmp_path / "out"
    return built


def test_three_services_open_the_served_notebook(build, visit):
    out = build("https://owner.github.io/course/")
    with visit((out / "index.html").as_uri()) as page:
        links = page.locator(".dropdown-launch-buttons a.dropdown-item")
        assert not links.first.is_visible()
        page.get_by_role("button", name="Run this notebook").click()
        links.first.wait_for(state="visible")
        path = "owner/course/blob/gh-pages/_sources/index.ipynb"
        assert {link.inner_text().strip(): link.get_attribute("href") for link in links.all()} == {
            "Colab": f"https://colab.research.google.com/github/{path}", "Kaggle": f"https://kaggle.com/kernels/welcome?src=https://github.com/{path}",
            "ModelScope": f"https://modelscope.cn/notebook/share/github/{path}"}
    assert 'ADDRESS = \\"https://owner.github.io/course/\\"' in (out / "_sources/index.ipynb").read_text()


@pytest.mark.parametrize("address", ["", "https://example.org/llm"])
def test_no_button_for_what_cannot_be_opened(build, address):
    html = (build(address) / "index.html").read_text()
    assert "launch-buttons" not in html and "colab.research" not in html
