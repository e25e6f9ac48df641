"""What a page's first view weighs: scripts, styles and fonts included, figures and weights not."""
import gzip
from urllib.parse import urlsplit

BUDGET = 200_000                         # bytes, gzip (DESIGN.md, Budgets)
NOT_COUNTED = ("_images/", "_static/weights/")


def first_view(page, address):
    """{path: bytes after gzip} of all that `page` loads from `address` before the reader does anything."""
    answers = []
    page.on("response", lambda answer: answers.append(answer))    # Playwright takes no built-in method
    page.goto(address, wait_until="networkidle")
    sizes = {urlsplit(answer.url).path.lstrip("/"): len(gzip.compress(answer.body(), 9)) for answer in answers}
    return {path: size for path, size in sizes.items() if not path.startswith(NOT_COUNTED)}
