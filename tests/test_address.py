"""The public address: one line in _config.yml, checked, and what follows from it. example.org and OWNER are fixtures, nobody's address."""
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "scripts"))
sys.path.append(str(ROOT))
import address as script  # noqa: E402
from theme import address  # noqa: E402

sys.path.remove(str(ROOT))


@pytest.mark.parametrize("given, repository, book", [
    ("https://github.com/Owner/course", "Owner/course", "https://owner.github.io/course/"),
    ("https://github.com/owner/owner.github.io", "owner/owner.github.io", "https://owner.github.io/"),
    ("https://owner.github.io/course/", "owner/course", "https://owner.github.io/course/"),
    ("https://owner.github.io", "owner/owner.github.io", "https://owner.github.io/"),
    ("https://example.org/llm", None, "https://example.org/llm/"),
    ("", None, ""),
])
def test_what_follows_from_an_address(given, repository, book):
    clean = address.checked(given)
    assert address.repository(clean) == repository
    assert address.book(clean) == book


def test_services_open_what_the_site_serves():
    path = "owner/course/blob/gh-pages/_sources/chapters/concepts/tokens.ipynb"
    assert address.launchers("https://github.com/owner/course", "chapters/concepts/tokens.ipynb") == {
        "Colab": f"https://colab.research.google.com/github/{path}", "Kaggle": f"https://kaggle.com/kernels/welcome?src=https://github.com/{path}",
        "ModelScope": f"https://modelscope.cn/notebook/share/github/{path}"}
    assert address.launchers("https://example.org/llm", "chapters/concepts/tokens.ipynb") == address.launchers("", "chapters/concepts/tokens.ipynb") == {}


@pytest.mark.parametrize("wrong", ["ftp://example.org", "example.org", "javascript:alert(1)", "https://", 'https://example.org/"x', "https://exa mple.org"])
def test_a_wrong_address_is_refused_and_nothing_is_written(wrong, tmp_path):
    config = tmp_path / "_config.yml"
    config.write_text('a: 1\n    lmcourse_address: ""\nb: 2\n')
    with pytest.raises(ValueError, match="no public address; right would be"):
        script.set_address(wrong, config)
    assert config.read_text() == 'a: 1\n    lmcourse_address: ""\nb: 2\n'


def test_set_and_clear(tmp_path):
    config = tmp_path / "_config.yml"
    before = (ROOT / "_config.yml").read_text()
    config.write_text(before)
    script.set_address("https://example.org/llm/", config)
    after = config.read_text()
    assert '    lmcourse_address: "https://example.org/llm"\n' in after and after.count("example.org") == 1
    script.set_address(script.LINE.search(before).group(0).split('"')[1], config)
    assert config.read_text() == before


def test_make_address_says_what_is_wrong():
    done = subprocess.run([sys.executable, str(ROOT / "scripts" / "address.py"), "ftp://example.org"], capture_output=True, text=True)
    assert done.returncode == 1 and "right would be https://" in done.stderr
