"""How long the book takes to build from stored outputs, and what each page's first view weighs. Reads the built pages (`make book`)."""
import functools
import http.server
import subprocess
import sys
import threading
import time

from playwright.sync_api import sync_playwright
from widget_latency import ROOT, SITE, chromium  # which puts tests/ and tests/support on the path too
from conftest import CHROMIUM, Quiet
from first_view import BUDGET, first_view

SECONDS = 60


def build_seconds():
    """A whole build, everything installed: the stamp is taken away, then `make book`."""
    (SITE.parent / ".book").unlink(missing_ok=True)
    began = time.perf_counter()
    subprocess.run(["make", "book"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def weights():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM)
        for path in sorted(SITE.rglob("*.html")):
            if "_static" not in path.parts:
                page, name = browser.new_page(), path.relative_to(SITE).as_posix()
                yield name, sum(first_view(page, f"http://127.0.0.1:{server.server_port}/{name}").values())
                page.close()
        browser.close()
    server.shutdown()


def main():
    seconds = build_seconds()
    print(f"make book after set-up: {seconds:.0f} s (budget <= {SECONDS}); {'holds' if seconds <= SECONDS else 'FALLS SHORT'}", flush=True)
    missed = seconds > SECONDS
    for name, size in weights():
        print(f"first view of {name}: {size / 1000:.0f} kB gzip (budget <= {BUDGET // 1000}); {'holds' if size <= BUDGET else 'FALLS SHORT'}", flush=True)
        missed |= size > BUDGET
    return missed


if __name__ == "__main__":
    sys.exit(main())
