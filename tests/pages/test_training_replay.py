"""TrainingReplay in the built pages: at every moment it shows what lmcourse recorded; slider, play, keyboard, less motion, no jump."""
import json
import random
import re

import pytest

import lmcourse as lm
from explorer import SITE, find_page

np = pytest.importorskip("numpy")
pytest.importorskip("anywidget")
from lmcourse.widgets.training_replay import RECORDING, STEPS  # noqa: E402

WIDTHS = [360, 768, 1280]


class Hand:
    """The first TrainingReplay of a page."""
    def __init__(self, page):
        self.page = page
        page.locator(".lm-widget[data-code^=TrainingReplay]").first.scroll_into_view_if_needed()
        page.wait_for_selector(".lm-replay[data-state=ready]")
        self.root = page.locator(".lm-replay").first

    def settle(self):
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def go(self, step):
        self.root.locator(".lm-replay-top input").evaluate(
            "(input, value) => { input.value = value; input.dispatchEvent(new Event('input', {bubbles: true})); }", STEPS.index(step))
        self.settle()

    def sample(self, n):
        self.root.locator(f".lm-replay-switch input[value='{n}']").check()
        self.settle()

    @property
    def step(self):
        return int(self.root.get_attribute("data-step"))

    def text(self, name):
        return self.root.locator(f"p.lm-replay-{name}").text_content()


def check_moment(hand, step, n):
    """All that is shown, against Python's TrainingReplay."""
    moment = lm.widgets.TrainingReplay(step=step, sample=n).moment()
    assert hand.step == step and hand.root.locator(".lm-replay-top output").text_content() == f"step {step:,} of {STEPS[-1]:,}"
    assert f"Loss {moment['loss']:.2f}. The floor is {moment['floor']:.2f}" in hand.text("above")
    more = float(re.search(r": (\S+) nats", hand.text("above"))[1])
    assert more == pytest.approx(moment["loss"] - moment["floor"], abs=7e-4)            # rounded to 0.001 from numbers rounded to 0.0001
    shown = hand.root.locator("[data-kind]").evaluate_all("all => all.map(row => [row.dataset.kind, +row.dataset.excess, "
                                                          "+row.querySelector('.lm-replay-number').textContent.replace('−', '-')])")
    assert {kind: excess for kind, excess, _ in shown} == moment["excess"]
    assert all(number == pytest.approx(excess, abs=5.1e-3 if excess >= 0.095 else 5.1e-4) for _, excess, number in shown)
    assert hand.text("text").replace("⟨the end⟩", "<|endoftext|>") == moment["text"]
    mistake, marked = moment["mistake"], hand.root.locator("mark[data-mark=mistake]")
    if mistake is None:
        assert marked.count() == 0 and "finds no mistake" in hand.root.locator("p.lm-replay-mistake").text_content()
    else:
        said = hand.root.locator("p.lm-replay-mistake").text_content()
        assert f"“{marked.text_content().strip('⟨⟩')}” is impossible" in said
        assert all(f"“{word}”" in said for word in mistake["possible"][:3] if word != "<|endoftext|>")
        assert mistake["of"] <= 4 or f"{mistake['of']} words" in said
        assert hand.root.locator("[data-mark=sound]").count() == mistake["at"]
    assert hand.text("sound").startswith(f"{moment['sound']} of {moment['written']} texts")
    row = int(hand.root.locator(".lm-replay-map").get_attribute("data-row"))
    looks = json.loads(hand.root.locator(".lm-replay-map").get_attribute("data-looks"))
    weights = moment["attention"][row]
    assert [weight for _, weight in looks] == pytest.approx(sorted(weights[weights > 0], reverse=True)[:3])
    assert all(weights[place] == pytest.approx(weight) for place, weight in looks)


@pytest.mark.parametrize("place", ["site_http", "site_file"])
def test_every_moment_is_the_recorded_one(visit, request, place):
    seed = random.SystemRandom().randrange(10 ** 9)
    print("seed", seed)
    rng = random.Random(seed)
    with visit(request.getfixturevalue(place) + find_page("TrainingReplay")) as page:
        hand = Hand(page)
        for step in rng.sample(STEPS, len(STEPS)):
            hand.go(step)
            n = rng.randrange(4)
            hand.sample(n)
            check_moment(hand, step, n)


def test_bars_stand_in_the_ratio_of_roots(visit, site_http):
    with visit(site_http + find_page("TrainingReplay")) as page:
        hand = Hand(page)
        hand.go(STEPS[3])
        most = max(max(moment["excess"]) for moment in RECORDING["moments"])
        shares = hand.root.locator("[data-kind]").evaluate_all("""all => all.map(row => [+row.dataset.excess,
            row.querySelector('.lm-replay-bar').getBoundingClientRect().width / row.querySelector('.lm-replay-track').getBoundingClientRect().width])""")
        assert all(share == pytest.approx((max(0, excess) / most) ** 0.5, abs=0.01) for excess, share in shares)


def test_numbers_can_be_read(visit, site_http):
    with visit(site_http + find_page("TrainingReplay")) as page:
        hand = Hand(page)
        hand.go(300)
        hand.root.locator(".lm-replay-numbers").evaluate("details => { details.open = true; }")
        hand.settle()
        kinds, moments = hand.root.locator(".lm-replay-tables table").evaluate_all(
            "tables => tables.map(table => [...table.tBodies[0].rows].map(row => [...row.cells].map(cell => cell.textContent)))")
        excess = lm.widgets.TrainingReplay(step=300).moment()["excess"]
        assert {row[0]: float(row[3]) for row in kinds} == pytest.approx(excess, abs=1e-9)
        assert sum(float(row[4].split()[0]) for row in kinds if "less" not in row[4]) == pytest.approx(100, abs=5)
        assert [int(row[0].replace(",", "")) for row in moments] == STEPS
        assert [float(row[1]) for row in moments] == [moment["loss"] for moment in RECORDING["moments"]]


def test_keyboard_alone_and_a_click_on_the_curve(visit, site_http):
    with visit(site_http + find_page("TrainingReplay")) as page:
        hand, press = Hand(page), page.keyboard.press
        hand.root.locator(".lm-replay-top input").focus()
        press("Home")
        press("ArrowRight")
        hand.settle()
        assert hand.step == STEPS[1]
        press("End")
        hand.settle()
        assert hand.step == STEPS[-1]
        hand.root.locator(".lm-replay-switch input:checked").focus()
        press("ArrowRight")
        hand.settle()
        assert hand.root.locator(".lm-replay-switch input:checked").get_attribute("value") == "1"
        row = lambda: hand.root.locator(".lm-replay-map").get_attribute("data-row")  # noqa: E731
        hand.root.locator(".lm-replay-map").focus()
        press("Home")
        press("ArrowDown")
        hand.settle()
        assert row() == "1" and "“One” gives its attention to" in hand.text("looks")
        chart = hand.root.locator(".lm-replay-chart")
        width = chart.bounding_box()["width"]
        chart.click(position={"x": 30 + (width - 42) * (400 / STEPS[-1]) ** 0.5, "y": 60})
        hand.settle()
        assert hand.step == 400
        page.wait_for_timeout(700)
        spoken = hand.root.locator("[role=status]").text_content()
        assert spoken.startswith(f"Step 400 of {STEPS[-1]:,}.") and "attention" in spoken


def test_play_goes_on_by_itself_and_stops(visit, site_http):
    with visit(site_http + find_page("TrainingReplay")) as page:
        page.emulate_media(reduced_motion="no-preference")
        hand = Hand(page)
        hand.go(STEPS[-3])
        play = hand.root.locator(".lm-replay-play")
        assert play.text_content() == "Play"
        play.click()
        page.wait_for_function("step => +document.querySelector('.lm-replay').dataset.step === step", arg=STEPS[-1])
        page.wait_for_function("document.querySelector('.lm-replay').dataset.playing === 'false'")
        assert play.text_content() == "From the start"
        play.click()                                                # from the beginning
        hand.settle()
        assert hand.step == STEPS[0] and play.text_content() == "Pause"
        play.click()
        hand.settle()
        assert hand.root.get_attribute("data-playing") == "false"


def test_who_wants_less_motion_steps_by_hand(visit, site_http):
    with visit(site_http + find_page("TrainingReplay")) as page:
        page.emulate_media(reduced_motion="reduce")
        hand = Hand(page)
        hand.go(STEPS[2])
        play = hand.root.locator(".lm-replay-play")
        assert play.text_content() == "Next moment"
        play.click()
        hand.settle()
        assert hand.step == STEPS[3] and hand.root.get_attribute("data-playing") == "false"
        page.wait_for_timeout(1500)                                 # longer than a moment lasts while it plays
        assert hand.step == STEPS[3]
        assert hand.root.locator(".lm-replay-bar").first.evaluate("bar => getComputedStyle(bar).transitionDuration") == "0s"


def test_a_link_holds_the_state_and_refuses_what_was_not_recorded(visit, site_http):
    for given, stays in (("step=400&sample=2", True), ("step=33&sample=9", False)):
        place = re.search(r'data-id="([\w-]+)" data-code="TrainingReplay@', (SITE / find_page("TrainingReplay")).read_text(encoding="utf-8"))[1]
        with visit(f"{site_http}{find_page('TrainingReplay')}#{place}?{given}") as page:
            hand = Hand(page)
            assert (hand.step == 400) == stays
            assert (hand.root.locator(".lm-replay-switch input:checked").get_attribute("value") == "2") == stays


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_jumps_when_it_starts_or_plays(visit, site_http, width):
    with visit(site_http + find_page("TrainingReplay"), width=width) as page:
        hand = Hand(page)
        height = lambda: page.evaluate("document.querySelector('.lm-replay').offsetHeight")  # noqa: E731
        live = height()
        assert live < (720 if width == 360 else 1200)               # the controls and a part of it fit on a screen together
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        still = page.evaluate("""() => { const box = document.querySelector('.lm-widget[data-code^="TrainingReplay@"]'), still = document.createElement('div');
            still.className = 'lm-still'; box.append(still); const height = still.offsetHeight; still.remove(); return height; }""")
        assert live == pytest.approx(still, abs=1)
        for step in STEPS:
            hand.go(step)
            for n in range(4):
                hand.sample(n)
                assert height() == live
                cut = page.evaluate("""[...document.querySelectorAll('.lm-replay p:not(.lm-spoken):not(.lm-replay-text), .lm-replay-right, .lm-replay-left, .lm-replay-number')]
                    .filter(part => part.scrollHeight > part.offsetHeight + 1 || part.className === 'lm-replay-number' && part.offsetHeight > 22 || part.scrollWidth > part.offsetWidth + 1).map(part => part.className)""")
                assert not cut, (step, n, cut)                      # no line is longer than its place


def test_on_a_phone_the_parts_are_swiped(visit, site_http):
    """All four can be brought to where they are seen whole, and the next one peeps in from the side."""
    with visit(site_http + find_page("TrainingReplay"), width=360) as page:
        root, parts = Hand(page).root, page.locator(".lm-replay-body > *")
        frame, sides = root.bounding_box(), lambda n: (lambda box: (box["x"], box["x"] + box["width"]))(parts.nth(n).bounding_box())
        right = frame["x"] + frame["width"]
        assert parts.count() == 4 and sides(1)[0] < right - 8
        for n in range(4):
            page.locator(".lm-replay-body").evaluate("(body, n) => { body.scrollLeft = body.children[n].offsetLeft - body.children[0].offsetLeft; }", n)
            page.wait_for_timeout(200)
            assert sides(n)[0] >= frame["x"] and sides(n)[1] <= right
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
