"""A chapter's quiz as one that answers: each question gets radio buttons, each option its own explanation (assets/quiz.js shows it).

In the notebook a quiz is plain Markdown (CONTRIBUTING.md, A quiz): below `## Quiz` come questions **1.**, **2.**, ..., each with its options
(a), (b), ... and a dropdown box that names the right one in bold and explains every wrong one. It is read strictly: what does not fit is
a warning, which ends the build. The work is done on the resolved doctree, so that a translation has the same form and gettext sees the Markdown.
"""
import re

from docutils import nodes
from sphinx.util import logging

log = logging.getLogger(__name__)
LETTER = r"[(（]([a-h])[)）]"
MARK = re.compile(rf"{LETTER}(?:(?:\s*[,，、]\s*|\s*(?:and|or|和|或)\s*){LETTER})*")         # (a)   or (a) and (b)
NUMBER, RIGHT = re.compile(r"(\d+)[.．。]"), re.compile(rf"{LETTER}[.。]?")
SENTENCE = re.compile(r"(^|[.!?。！？…][\"'”’」)）]*)\s*$")              # what stands before the explanation of an option
WORDS = {"en": {"right": "✓ Right.", "wrong": "✗ Not this one.", "all": "All answers, explained"},
         "zh_CN": {"right": "✓ 对。", "wrong": "✗ 不是这个。", "all": "所有答案与解释"}}


class WrongForm(Exception):
    """A quiz that cannot be read: what is wrong, and at which node."""


class tag(nodes.General, nodes.Element):
    """An HTML element: name, its attributes, children."""


def element(name, /, *children, ids=(), **attributes):
    node = tag("", *children, ids=list(ids))
    node["name"], node["html"] = name, {key.replace("_", "-").strip("-"): value for key, value in attributes.items()}
    return node


def pieces(children, starts):
    """Inline nodes cut where options begin: [(letters, nodes)], the first without letters. starts(text before, letters): is this one?"""
    found, before = [("", [])], ""
    for child in children:
        at, text = 0, child.astext()
        for match in MARK.finditer(text) if isinstance(child, nodes.Text) else ():
            letters = "".join(re.findall(LETTER, match.group()))
            if starts(before + text[:match.start()], letters):
                found[-1][1].append(nodes.Text(text[at:match.start()]))
                found.append((letters, []))
                at = match.start()
        found[-1][1].append(nodes.Text(text[at:]) if isinstance(child, nodes.Text) else child)
        before += text
    return [(letters, [node for node in inline if node.astext()]) for letters, inline in found]


def bold(node):
    """The <strong> with which a paragraph begins, or an empty one. (Sphinx puts empty texts before it.)"""
    inline = [child for child in node.children if child.astext().strip()] if isinstance(node, nodes.paragraph) else []
    return inline[0] if inline and isinstance(inline[0], nodes.strong) else nodes.strong()


def in_order():
    """A `starts` for options: (a), then (b), ..., each alone."""
    due = iter("abcdefgh")
    expected = [next(due)]

    def starts(before, letters):
        if letters != expected[0]:
            return False
        expected[0] = next(due, "")
        return True
    return starts


def options(stem):
    """Take the options off the end of a question: {letter: inline nodes}. A list of (a), (b), ..., or all in the paragraph itself."""
    last = stem[-1]
    if isinstance(last, nodes.bullet_list):
        items = [item.children for item in last.children]
        if not all(len(item) == 1 and isinstance(item[0], nodes.paragraph) for item in items):
            raise WrongForm("each option is one paragraph", last)
        starts = in_order()
        found = [piece for item in items for piece in pieces(item[0].children, lambda before, letters: not before and starts(before, letters))]
        if [bool(letters) for letters, _ in found] != [False, True] * len(items):
            raise WrongForm("its list of options is (a), (b), (c) ... in this order, one an item", last)
        stem.pop()
        found = found[1::2]
    elif isinstance(last, nodes.paragraph):
        (_, before), *found = pieces(last.children, in_order())
        last.clear()
        last += before
    else:
        found = []
    if len(found) < 2:
        raise WrongForm("it has no options (a), (b) ... before its answer", last)
    return dict(found)


def explanations(box, letters):
    """(the right letter, {letter: blocks that explain it}) of an answer box."""
    blocks = [child for child in box.children if not isinstance(child, nodes.title)]
    first = bold(blocks[0]) if blocks else nodes.strong()
    match = RIGHT.fullmatch(first.astext())
    if not match or match[1] not in letters:
        raise WrongForm(f"its answer does not begin with the right option in bold, such as **({letters[0]})**", box)
    right, why, now = match[1], {match[1]: []}, match[1]
    for block in blocks:
        inline = [child for child in block.children if child is not first]
        parts = pieces(inline, lambda before, _: SENTENCE.search(before)) if isinstance(block, nodes.paragraph) else [("", None)]
        for letters_here, part in parts:
            for letter in letters_here:
                if letter not in letters or (letter in why and (letter != right or why[right])):
                    raise WrongForm(f"its answer explains ({letter}) {'twice' if letter in letters else 'which is no option'}", box)
                why[letter] = []
            now = letters_here or now
            content = block.deepcopy() if part is None else nodes.paragraph("", "", *[node.deepcopy() for node in part])
            if content.astext().strip():
                for letter in now:
                    why[letter].append(content.deepcopy())
    if missing := [letter for letter in letters if letter != right and not why.get(letter)]:
        raise WrongForm(f"its answer does not explain why ({missing[0]}) is wrong", box)
    return right, why


def question(number, stem, box, words):
    """The element of one question."""
    choices = options(stem)
    right, why = explanations(box, list(choices))
    name, said = f"lm-quiz-{number}", []
    for letter in choices:
        verdict = nodes.strong("", words["right" if letter == right else "wrong"])
        first, *rest = why[letter] if why[letter] and isinstance(why[letter][0], nodes.paragraph) else [nodes.paragraph(), *why[letter]]
        said.append(element("div", nodes.paragraph("", "", verdict, nodes.Text(" "), *first.children), *rest,
                            class_="lm-quiz-why", data_option=letter, data_right=str(letter == right).lower()))
    for node in (each for div in said for each in div.findall(nodes.Element)):
        node["ids"] = []                                            # a copy: the ids stay with what is in the details
    labels = [element("label", element("input", type="radio", name=name, value=letter, autocomplete="off"), element("span", *inline),
                      class_="lm-quiz-option") for letter, inline in choices.items()]
    blocks = [child for child in box.children if not isinstance(child, nodes.title)]
    return element("div", element("div", *stem, class_="lm-quiz-question", ids=[name]),
                   element("div", *labels, role="radiogroup", aria_labelledby=name, class_="lm-quiz-options"),
                   element("div", element("div", class_="lm-quiz-said", role="status"), *said, class_="lm-quiz-feedback"),
                   element("details", element("summary", nodes.Text(words["all"])), *blocks, class_="lm-quiz-all"), class_="lm-quiz")


def begins(node):
    """The number of the question that this node begins, else None."""
    match = NUMBER.fullmatch(bold(node).astext())
    return match and int(match[1])


def read(section, words):
    """Put the questions of a section in place of its Markdown; warn of each that cannot be read."""
    stem, due = [], 1
    for node in list(section.children):
        number = begins(node)
        if number is None and not stem:
            if due > 1:
                warn(node, f"question {due - 1} has ended here, and no other begins: below '## Quiz' stand questions and nothing else")
            continue                                                # the heading, and words before the first question
        if number is not None:
            if stem:
                warn(stem[0], f"question {due - 1} has no answer box (:::{{admonition}} with :class: dropdown)")
            if number != due:
                warn(node, f"question {number} stands where question {due} is due")
            stem, due = [node], number + 1
        elif isinstance(node, nodes.admonition) and "dropdown" in node["classes"]:
            try:
                new = question(due - 1, [each.deepcopy() for each in stem], node.deepcopy(), words)
            except WrongForm as wrong:
                warn(wrong.args[1] if wrong.args[1].line else node, f"question {due - 1}: {wrong.args[0]}")
            else:
                section.replace(stem[0], new)
                for each in [*stem[1:], node]:
                    section.remove(each)
            stem = []
        else:
            stem.append(node)
    if stem:
        warn(stem[0], f"question {due - 1} has no answer box (:::{{admonition}} with :class: dropdown)")
    if due == 1:
        warn(section, "it has no question; a question begins with its number in bold, **1.**")


def warn(node, message):
    log.warning("quiz: %s", message, location=node, type="lmcourse", subtype="quiz")


def make_quizzes(app, doctree, docname):
    if app.builder.format == "html":
        for section in list(doctree.findall(lambda node: isinstance(node, nodes.section) and "quiz" in node["ids"])):
            read(section, WORDS.get(app.config.language, WORDS["en"]))


def add_assets(app, pagename, templatename, context, doctree):
    if doctree is not None and any("lm-quiz" == node["html"].get("class") for node in doctree.findall(tag)):
        app.add_css_file("quiz.css", priority=902)
        app.add_js_file("quiz.js", loading_method="defer")


def visit_html(self, node):
    self.body.append(self.starttag(node, node["name"], "", **node["html"]))


def depart_html(self, node):
    if node["name"] != "input":
        self.body.append(f"</{node['name']}>\n")


def setup(app):
    app.add_node(tag, html=(visit_html, depart_html))
    app.connect("doctree-resolved", make_quizzes)
    app.connect("html-page-context", add_assets)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
