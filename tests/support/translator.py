"""A hand and an eye for TranslationExplorer in a page: does what a reader does, reads what a reader sees."""
import re


class Hand:
    """The first TranslationExplorer of a page."""
    def __init__(self, page):
        self.page = page
        page.locator(".lm-widget[data-code^=TranslationExplorer]").first.scroll_into_view_if_needed()
        page.wait_for_selector(".lm-translation[data-state=ready]")
        self.root = page.locator(".lm-translation").first
        self.model = "lmcourseHost.models[document.querySelector('.lm-widget[data-code^=TranslationExplorer]').dataset.id]"
        self.settle()

    def settle(self):
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def get(self, name):
        return self.page.evaluate(f"{self.model}.get('{name}')")

    def put(self, **traits):
        """As Python sets them."""
        self.page.evaluate(f"traits => {{ const model = {self.model}; for (const name in traits) model.set(name, traits[name]); model.save_changes(); }}", traits)
        self.settle()

    def field(self, name):
        return self.root.get_by_label("Sentence" if name == "source" else "Translation", exact=True)

    def type(self, text, name="source"):
        self.field(name).fill(text)
        self.settle()

    def message(self, name="source"):
        return self.root.locator(".lm-tr-message").nth(int(name == "target")).text_content()

    def choose(self, part):
        self.root.get_by_role("radio", name={"cross": "Cross-attention"}.get(part, part.capitalize()), exact=True).check()
        self.settle()

    def head(self, layer, head):
        name = f"Layer {layer + 1}, mean of its heads" if head < 0 else f"Layer {layer + 1}, head {head + 1}"
        self.root.get_by_role("radio", name=re.compile(name + "(: off)?$")).click()
        self.settle()

    def check(self, label, on):
        self.root.get_by_label(label).set_checked(on)
        self.settle()

    def chips(self, which):
        return self.root.locator(f".lm-tr-{which} .lm-token .lm-word").all_text_contents()

    def numbers(self, name, row):
        """{(head, column): weight} of a row, and {token: (probability, before or None)} of the next word there, from the tables."""
        self.put(**{name: row})
        self.root.locator(".lm-tr-numbers").evaluate("details => { details.open = true; }")
        self.page.mouse.move(0, 0)
        self.settle()
        self.settle()
        weights, following = self.root.locator(".lm-tr-numbers").evaluate("""numbers => [
            [...numbers.querySelectorAll("td[data-weight]")].map(({dataset: d}) => [d.part, +d.layer, +d.head, +d.row, +d.column, +d.weight]),
            [...numbers.querySelectorAll("td[data-token]")].map((cell) => [+cell.dataset.token, +cell.dataset.probability, +cell.nextElementSibling?.dataset.before || 0])]""")
        assert {(each[0], each[1], each[3]) for each in weights} == {(self.get("part"), self.get("layer"), row)}
        return {(head, column): weight for _, _, head, _, column, weight in weights}, {token: (p, before) for token, p, before in following}
