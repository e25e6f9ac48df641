"""Every chapter's quiz in Chromium: each option shows its own explanation, by mouse and by keyboard, moves nothing, and reads well without a script."""
import re
from pathlib import Path

import pytest
from explorer import SITE

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def holding(words):
    return sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html") if words in path.read_text(encoding="utf8"))


WITH = holding('class="lm-quiz"')


def test_every_quiz_answers(site):
    assert WITH and holding('<section id="quiz">') == WITH


@pytest.mark.parametrize("address", ["site_http", "site_file"])
@pytest.mark.parametrize("quiz_page", WITH or [None])
def test_each_option_has_its_explanation(visit, request, address, quiz_page):
    with visit(request.getfixturevalue(address) + quiz_page) as page:
        page.locator("#quiz").scroll_into_view_if_needed()
        page.wait_for_load_state("networkidle")                     # the figures near it have come
        asked = []
        page.on("request", lambda sent: asked.append(sent.url))
        for quiz in page.locator(".lm-quiz").all():
            stated = re.match(r"\((\w)\)", quiz.locator(".lm-quiz-all > :not(summary)").first.text_content().strip())[1]
            everything = re.sub(r"\s+", " ", quiz.locator(".lm-quiz-all").text_content())
            seen = {}
            for radio in quiz.locator("input[type=radio]").all():
                letter = radio.get_attribute("value")
                below = quiz.evaluate("quiz => quiz.getBoundingClientRect().bottom + scrollY")
                radio.check()
                said = quiz.locator(".lm-quiz-said")
                text = re.sub(r"\s+", " ", said.inner_text()).strip()
                assert text.startswith("✓ Right." if letter == stated else "✗ Not this one."), (letter, text)
                assert quiz.locator(".lm-quiz-why:visible").count() == 1
                explanation = quiz.locator(".lm-quiz-why:visible").text_content().strip().removeprefix("✓ Right.").removeprefix("✗ Not this one.")
                assert explanation or letter == stated
                assert re.sub(r"\W", "", explanation) in re.sub(r"\W", "", everything)
                assert quiz.evaluate("quiz => quiz.getBoundingClientRect().bottom + scrollY") == below
                marked = quiz.locator(".lm-quiz-right, .lm-quiz-wrong")
                assert marked.count() == 1 and marked.locator("input").get_attribute("value") == letter
                seen[letter] = text
            assert len(set(seen.values())) >= 2 and sum(text.startswith("✓") for text in seen.values()) == 1
        assert not asked


@pytest.mark.parametrize("quiz_page", WITH[:1] or [None])
def test_keyboard_and_focus(visit, site_http, quiz_page):
    with visit(site_http + quiz_page) as page:
        quiz = page.locator(".lm-quiz").first
        quiz.locator("input").first.focus()
        page.keyboard.press("Space")
        first = quiz.locator(".lm-quiz-said").inner_text()
        page.keyboard.press("ArrowDown")
        assert quiz.locator("input").nth(1).is_checked() and quiz.locator(".lm-quiz-said").inner_text() != first
        ring = quiz.locator(".lm-quiz-option").nth(1).evaluate("label => getComputedStyle(label).outlineStyle")
        assert ring == "solid"
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.tagName") == "SUMMARY" and quiz.locator("details").get_attribute("open") is not None


@pytest.mark.parametrize("quiz_page", WITH or [None])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accessible_when_answered(visit, site_http, quiz_page, theme):
    with visit(site_http + quiz_page, theme=theme, width=360) as page:
        for number, quiz in enumerate(page.locator(".lm-quiz").all()):
            quiz.locator("input").nth(number % 2).check()
            quiz.locator("summary").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        small = page.locator(".lm-quiz :is(label, summary)").evaluate_all("all => all.filter(e => e.getBoundingClientRect().height < 24).length")
        assert small == 0
        page.add_script_tag(path=AXE)
        found = page.evaluate("tags => axe.run('#quiz', {runOnly: tags})", WCAG)
        assert found["passes"] and not found["violations"], [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in found["violations"]]


@pytest.mark.parametrize("quiz_page", WITH[:1] or [None])
def test_without_a_script_and_on_paper(browser, visit, site_file, quiz_page):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site_file + quiz_page)
    quiz = page.locator(".lm-quiz").first
    assert quiz.locator("input:visible").count() == 0 and quiz.locator(".lm-quiz-feedback:visible").count() == 0
    assert quiz.locator("label:visible").count() >= 2
    quiz.locator("summary").click()
    assert quiz.locator("details p").first.is_visible()
    context.close()
    with visit(site_file + quiz_page) as page:
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.locator(".lm-quiz-all[open]").count() == page.locator(".lm-quiz").count()
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator(".lm-quiz-all[open]").count() == 0
