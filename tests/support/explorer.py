"""A hand and an eye for AttentionExplorer in a page: does what a reader does, reads what a reader sees."""
import os
import re
from pathlib import Path

SITE = Path(os.environ.get("LMCOURSE_SITE") or Path(__file__).resolve().parents[2] / "_build" / "html")


def find_page(widget="AttentionExplorer") -> str:
    """The built page nearest to the top, chapters before the appendix, that holds this widget, as a path below the site."""
    holds = re.compile(f'class="lm-widget" [^>]*data-code="{widget}@')          # not a compact one: that has no controls
    for path in sorted(SITE.rglob("*.html"), key=lambda path: (len(path.parts), "appendix" in path.parts, path)):
        if holds.search(path.read_text(encoding="utf-8")):
            return path.relative_to(SITE).as_posix()
    raise AssertionError(f"no built page holds {widget}; run `make book`")


class Explorer:
    """The first explorer of a page."""
    def __init__(self, page):
        self.page = page
        page.locator(".lm-widget[data-code^=AttentionExplorer]").first.scroll_into_view_if_needed()
        page.wait_for_selector(".lm-explorer[data-state=ready]")
        self.root = page.locator(".lm-explorer").first
        self.settle()

    def settle(self):
        """Two frames: what was asked for in the last one has been drawn."""
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def type(self, text):
        self.root.locator(".lm-top .lm-input").fill(text)
        self.settle()

    def paste(self, text):
        """All at once: thousands of characters, typed, take Chromium half a minute."""
        self.root.locator(".lm-top .lm-input").evaluate("(input, text) => { input.value = text; input.dispatchEvent(new Event('input')); }", text)
        self.settle()

    def mask(self, on):
        self.root.get_by_label("Causal mask").set_checked(on)
        self.settle()

    def positions(self, on):
        self.root.get_by_label("Position vectors").set_checked(on)
        self.settle()

    def second(self, text):
        """Open the place of the second sentence and type it."""
        self.root.locator(".lm-second").evaluate("details => { details.open = true; }")
        self.root.locator(".lm-second .lm-input").fill(text)
        self.settle()

    def second_numbers(self, row):
        """`numbers` of the second sentence."""
        self.root.locator(".lm-second .lm-token").nth(row).click()
        self.root.locator(".lm-second .lm-numbers").evaluate("details => { details.open = true; }")
        self.page.mouse.move(0, 0)
        self.settle()
        self.settle()
        weights, following = self.root.locator(".lm-second .lm-numbers").evaluate("""numbers => [
            [...numbers.querySelectorAll("td[data-weight]")].map(({dataset: d}) => [+d.layer, +d.head, +d.row, +d.column, +d.weight]),
            [...numbers.querySelectorAll("[data-probability]")].map(({dataset: d}) => [+d.token, +d.probability])]""")
        assert {line[2] for line in weights} == {row}
        return {(layer, head, column): weight for layer, head, _, column, weight in weights}, dict(following)

    def temperature(self, power):
        """Move the slider to 10 ** power; returns the temperature that it took."""
        self.root.locator("input[type=range]").evaluate(
            "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input', {bubbles: true})); }", power)
        self.settle()
        return float(self.root.locator(".lm-temperature output").text_content())

    def choose_head(self, layer, head):
        self.root.locator(".lm-head").nth(layer * self._heads() + head).click()
        self.settle()

    def _heads(self):
        return int(self.root.locator(".lm-heads:not(.lm-many)").evaluate("grid => getComputedStyle(grid).getPropertyValue('--lm-columns')"))

    def switch_off(self, layer, head):
        self.choose_head(layer, head)
        self.root.get_by_label("Switch this head off").check()
        self.settle()

    def all_on(self):
        self.root.locator(".lm-quiet", has_text="off").click()
        self.settle()

    def view(self, name):
        self.root.locator(f".lm-switch input[value={name}]").check()
        self.settle()

    def tokens(self):
        return int(self.root.get_attribute("data-tokens"))

    def row(self):
        return int(self.root.get_attribute("data-row"))

    def message(self):
        return self.root.locator(".lm-top .lm-message").text_content()

    def focused(self, what):
        return self.page.evaluate("name => document.activeElement[name] ?? document.activeElement.getAttribute(name)", what)

    def numbers(self, row):
        """({(layer, head, column): weight}, {token id: probability}) of a row, from "Read the numbers"."""
        self.root.locator(".lm-stage .lm-token").nth(row).click()
        self.root.locator("> .lm-numbers").evaluate("details => { details.open = true; }")
        self.page.mouse.move(0, 0)
        self.settle()
        self.settle()
        assert self.row() == row
        weights, following = self.root.evaluate("""root => [
            [...root.querySelectorAll(":scope > .lm-numbers td[data-weight]")].map(({dataset: d}) => [+d.layer, +d.head, +d.row, +d.column, +d.weight]),
            [...root.querySelectorAll(":scope > .lm-numbers [data-probability]")].map(({dataset: d}) => [+d.token, +d.row, +d.probability])]""")
        assert {line[2] for line in weights} == {line[1] for line in following} == {row}
        return {(layer, head, column): weight for layer, head, _, column, weight in weights}, {token: p for token, _, p in following}

    def token_numbers(self):
        return self.root.locator(".lm-stage .lm-token .lm-weight").all_text_contents()

    def arcs(self):
        """The weights of the chosen row's arcs."""
        return [float(x) for x in self.root.locator(".lm-arc.lm-strong").evaluate_all("arcs => arcs.map(arc => arc.dataset.weight)")]

    def darkness(self, row):
        """255 - mean of red, green and blue in the middle of each cell of the heat map's row, from the canvas itself."""
        return self.root.locator(".lm-map").evaluate("""(canvas, row) => {
            const {left, top, cell, tokens} = JSON.parse(canvas.dataset.place), ratio = canvas.width / canvas.clientWidth;
            const context = canvas.getContext("2d");
            return Array.from({length: tokens}, (_, column) => {
              const [r, g, b] = context.getImageData((left + (column + 0.5) * cell) * ratio, (top + (row + 0.5) * cell) * ratio, 1, 1).data;
              return 255 - (r + g + b) / 3;
            });
          }""", row)

    def small_picture(self, layer, head, row):
        """[(255 - mean of red, green and blue, alpha)] in the middle of each cell of a row of a head's small picture."""
        return self.root.locator(".lm-head").nth(layer * self._heads() + head).evaluate("""(button, [row, tokens]) => {
            const canvas = button.parentNode.querySelector("canvas"), context = canvas.getContext("2d"), ratio = canvas.width / canvas.clientWidth;
            const at = button.getBoundingClientRect(), of = canvas.getBoundingClientRect(), cell = button.clientWidth / tokens;
            const [left, top] = [at.left - of.left + button.clientLeft, at.top - of.top + button.clientTop];
            return Array.from({length: tokens}, (_, column) => {
              const [r, g, b, alpha] = context.getImageData((left + (column + 0.5) * cell) * ratio, (top + (row + 0.5) * cell) * ratio, 1, 1).data;
              return [255 - (r + g + b) / 3, alpha];
            });
          }""", [row, self.tokens()])
