"""Quizzes (theme/quiz.py) in a small project: what is read, what is refused, and that a translation keeps its form."""
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

pytest.importorskip("myst_parser")
ROOT = Path(__file__).resolve().parents[1]
CONF = f"""import sys; sys.path.insert(0, {str(ROOT)!r})
extensions = ["myst_parser", "theme.quiz"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
locale_dirs = ["locale"]
"""
LIST = """**1.** Which is *even*?

- (a) One.
- (b) Two, as in $2 = 1 + 1$.
- (c) Three.
"""
INLINE = """**1.** Which is *even*? (a) One. (b) Two, as in $2 = 1 + 1$. (c) Three.
"""
ANSWER = """
:::{admonition} Answer
:class: dropdown
**(b)** It is one and one (not (a) and one). (a) is the first odd number. (c) Three has a one left over.

A second paragraph, of (c).
:::
"""


def build(folder, text, language="en", builder="html"):
    """(the page's HTML, the warnings) of a book of one page."""
    folder.mkdir(exist_ok=True)
    (folder / "conf.py").write_text(CONF)
    (folder / "index.md").write_text("# Title\n\n## Quiz\n\n" + text, encoding="utf8")
    run = subprocess.run([sys.executable, "-m", "sphinx", "-q", "-E", "-b", builder, "-D", f"language={language}", ".", "out"],
                         cwd=folder, capture_output=True, text=True, check=True)
    page = folder / "out" / "index.html"
    return page.read_text(encoding="utf8") if page.exists() else "", run.stderr


def said(html):
    """{letter: (right or not, what is said)}"""
    found = re.findall(r'<div class="lm-quiz-why" data-option="(.)" data-right="(\w+)">(.*?)</div>', html, re.S)
    return {letter: (right == "true", re.sub(r"\s+", " ", re.sub("<[^>]+>", "", text)).strip()) for letter, right, text in found}


@pytest.mark.parametrize("form", [LIST, INLINE], ids=["list", "in the paragraph"])
def test_both_forms_are_read(tmp_path, form):
    html, warnings = build(tmp_path, form + ANSWER)
    assert "quiz" not in warnings
    assert said(html) == {"a": (False, "✗ Not this one. (a) is the first odd number."),
                          "b": (True, "✓ Right. It is one and one (not (a) and one)."),
                          "c": (False, "✗ Not this one. (c) Three has a one left over. A second paragraph, of (c).")}
    labels = re.findall(r'<input [^>]*type="radio"[^>]*value="(.)"[^>]*>\s*<span>(.*?)</span>\s*</label>', html, re.S)
    assert [value for value, _ in labels] == ["a", "b", "c"] and labels[0][1].strip() == "(a) One." and "math" in labels[1][1]
    question = re.search(r'<div class="lm-quiz-question" id="(.*?)">(.*?)</div>', html, re.S)
    assert "(a)" not in question[2] and "even" in question[2] and f'aria-labelledby="{question[1]}"' in html
    assert html.count("<details") == 1 and "quiz.js" in html and "quiz.css" in html


def test_one_explanation_may_serve_several_options(tmp_path):
    answer = ANSWER.replace("(a) is the first odd number. (c) Three has", "(a) and (c) are odd: each has").replace("\nA second paragraph, of (c).\n", "")
    html, warnings = build(tmp_path, LIST + answer)
    assert "quiz" not in warnings and said(html)["a"] == said(html)["c"] == (False, "✗ Not this one. (a) and (c) are odd: each has a one left over.")


@pytest.mark.parametrize("old, new, says", [
    ("(c) Three has a one left over.", "", r"question 1: its answer does not explain why \(c\) is wrong"),
    ("(c) Three has", "(a) Three has", r"question 1: its answer explains \(a\) twice"),
    ("(c) Three has", "(d) Three has", r"question 1: its answer explains \(d\) which is no option"),
    ("**(b)**", "(b)", r"question 1: its answer does not begin with the right option in bold"),
    ("**(b)**", "**(e)**", r"question 1: its answer does not begin with the right option in bold"),
    ("- (b) Two", "- (c) Two", r"question 1: its list of options is \(a\), \(b\), \(c\) ... in this order"),
    ("- (a) One.\n", "- One.\n", r"question 1: its list of options is"),
    ("- (a) One.\n", "- (a) One.\n\n  And more.\n", r"question 1: each option is one paragraph"),
    ("- (a) One.\n- (b) Two, as in $2 = 1 + 1$.\n- (c) Three.\n", "", r"question 1: it has no options"),
    ("**1.**", "**2.**", r"question 2 stands where question 1 is due"),
    ("**1.**", "1.", r"it has no question"),
    (":class: dropdown\n", "", r"question 1 has no answer box"),
    (":::\n", ":::\n\nSomething else.\n\n", r"question 1 has ended here, and no other begins")])
def test_what_cannot_be_read_is_a_warning_with_its_place(tmp_path, old, new, says):
    text = LIST + ANSWER
    assert old in text
    at = text.rfind(old) if old == ":::\n" else text.find(old)
    html, warnings = build(tmp_path, text[:at] + new + text[at + len(old):])
    assert re.search(rf"index\.md:\d+: WARNING: quiz: .*{says}", warnings), warnings
    assert "Which is" in html and "first odd number" in html       # the reader still has all of it


def test_an_answer_that_is_missing_between_two_questions(tmp_path):
    _, warnings = build(tmp_path, LIST + "\n" + (LIST + ANSWER).replace("**1.**", "**2.**"))
    assert "question 1 has no answer box" in warnings and "question 2" not in warnings


def test_a_translation_has_the_same_quiz(tmp_path):
    """gettext sees the Markdown, and a Chinese catalogue gives a Chinese quiz."""
    build(tmp_path, LIST + ANSWER, builder="gettext")
    catalogue = (tmp_path / "out" / "index.pot").read_text(encoding="utf8")
    messages = re.findall(r'^msgid "(.+)"$', catalogue, re.M)
    assert "(a) One." in messages and "**1.** Which is *even*?" in messages
    translated = {"Quiz": "测验", "**1.** Which is *even*?": "**1.** 哪个是*偶数*？", "(a) One.": "（a）一。", "(c) Three.": "（c）三。"}
    lines = "\n".join(f'msgid "{old}"\nmsgstr "{new}"\n' for old, new in translated.items())
    answer = next(re.sub(r'"\n"', "", text) for text in re.findall(r'^msgid ((?:".*"\n?)+)', catalogue, re.M) if "first odd number" in text)
    lines += f'\nmsgid {answer}msgstr "**（b）** 一加一。（a）是第一个奇数。（c）三多出一个。"\n'
    locale = tmp_path / "locale" / "zh_CN" / "LC_MESSAGES"
    locale.mkdir(parents=True)
    (locale / "index.po").write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n' + lines, encoding="utf8")
    html, warnings = build(tmp_path, LIST + ANSWER, language="zh_CN")
    assert "quiz" not in warnings
    assert said(html) == {"a": (False, "✗ 不是这个。 （a）是第一个奇数。"), "b": (True, "✓ 对。 一加一。"),
                          "c": (False, "✗ 不是这个。 （c）三多出一个。 A second paragraph, of (c).")}
    assert "哪个是" in html and "（a）一。" in html


def test_every_chapters_quiz_can_be_read(notebook, tmp_path):
    """As the book's build would say, without it: the quiz's Markdown in a page of its own."""
    prose = "\n\n".join(cell.source for cell in nbformat.read(notebook, 4).cells if cell.cell_type == "markdown")
    quiz = re.search(r"^## Quiz\n(.+?)(?=^## |\Z)", prose, re.M | re.S)[1]
    html, warnings = build(tmp_path, quiz)
    assert "WARNING: quiz" not in warnings, warnings
    assert html.count('class="lm-quiz"') == len(re.findall(r"^\*\*\d\.\*\*", quiz, re.M)) >= 3
