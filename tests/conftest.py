"""Shared by all tests: the built site over http and from files, and a browser that notes whatever a page should not do."""
import contextlib
import functools
import http.server
import os
import shutil
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parent.parent
SITE = Path(os.environ.get("LMCOURSE_SITE") or ROOT / "_build" / "html")
# A fresh profile must not call home: Chromium's own background traffic would look like the page's.
CHROMIUM = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
            "--no-first-run", "--disable-gpu"]


def pytest_report_header():
    try:
        import lmcourse
        return f"lmcourse: {lmcourse.__file__}"
    except ImportError as error:
        return f"lmcourse: not importable ({error})"


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the built pages."""
    if not (SITE / "index.html").exists():
        pytest.fail("_build/html/index.html is missing: run `make book` first", pytrace=False)
    return SITE


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="session")
def site_http(site):
    """The address of the built pages over http, with a slash at its end."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="session")
def site_file(site):
    """The address of the built pages as files, with a slash at its end."""
    return site.as_uri() + "/"


@pytest.fixture(scope="session")
def browser():
    """One Chromium a process: the machine's, else Playwright's own."""
    from playwright.sync_api import sync_playwright
    with sync_playwright() as playwright:
        machine = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
        browser = playwright.chromium.launch(executable_path=machine, args=CHROMIUM)
        yield browser
        browser.close()


def leaves(url: str) -> bool:
    """Does this request go anywhere but to the loopback address or a file?"""
    parts = urlsplit(url)
    return not (parts.scheme in {"file", "data", "blob", "about"} or parts.hostname in {"127.0.0.1", "localhost", "::1"})


@pytest.fixture
def visit(browser):
    """`with visit(url, theme="dark", width=360) as page:` opens a page; `page.trouble` lists requests that left or failed, and errors.

    Trouble that is still there at the end of the block fails the test.
    """
    @contextlib.contextmanager
    def opened(url, theme="light", width=1280, height=800, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce", **options)
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.trouble = trouble = []
        page.on("request", lambda request: leaves(request.url) and trouble.append(f"left: {request.url}"))
        page.on("requestfailed", lambda request: trouble.append(f"failed: {request.url}: {request.failure}"))
        page.on("response", lambda response: response.status >= 400 and trouble.append(f"{response.status}: {response.url}"))
        page.on("console", lambda message: message.type == "error" and trouble.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
        try:
            page.goto(url, wait_until="load")
            yield page
            assert not trouble, "\n".join(trouble)
        finally:
            context.close()
    return opened


def pages() -> list[str]:
    """Every built page, as a path below the site; read while tests are collected, so it is empty before `make book`."""
    return sorted(str(path.relative_to(SITE)) for path in SITE.rglob("*.html") if "_static" not in path.parts)


# What takes minutes, not seconds: `make quick` leaves it out, `make test` does not.
SLOW = {"test_resolver.py", "test_colab_versions.py", "test_jupyterlab.py", "test_recording_again.py"}


def pytest_collection_modifyitems(items):
    for item in items:
        if {"site", "browser"} & set(item.fixturenames):
            item.add_marker(pytest.mark.site)
        if item.path.name in SLOW:
            item.add_marker(pytest.mark.slow)


def pytest_generate_tests(metafunc):
    if "built_page" in metafunc.fixturenames:
        metafunc.parametrize("built_page", pages() or ["index.html"])
    if "notebook" in metafunc.fixturenames:
        notebooks = sorted((ROOT / "chapters").rglob("*.ipynb"))
        notebooks = [path for path in notebooks if ".ipynb_checkpoints" not in path.parts]
        metafunc.parametrize("notebook", notebooks, ids=[str(path.relative_to(ROOT)) for path in notebooks])


@pytest.fixture(scope="module")
def node():
    """A Node process with the page's modules in it (tests/support/node.py)."""
    from node import Node
    node = Node()
    yield node
    node.close()


@pytest.fixture(scope="module")
def words():
    """A byte-level BPE trained on sixty stories."""
    import lmcourse as lm
    return lm.BPETokenizer.train(lm.world.stories(60, seed=5).texts)
