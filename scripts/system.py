"""What pip cannot bring: a Chromium for the page tests, bubblewrap for the grading sandbox.

As root on a Debian (a container, CI) apt installs what is missing. Elsewhere Playwright fetches a Chromium of its own; for bubblewrap one
line says what to do. Never sudo.
"""
import os
import shutil
import subprocess
import sys

PACKAGES = {"chromium": ["chromium", "chromium-browser", "google-chrome"], "bubblewrap": ["bwrap"]}     # package: programs that will do


def missing() -> list[str]:
    return [package for package, programs in PACKAGES.items() if not any(map(shutil.which, programs))]


def playwright_has_chromium() -> bool:
    from playwright.sync_api import sync_playwright
    with sync_playwright() as playwright:
        return os.path.exists(playwright.chromium.executable_path)


def main():
    wanted = missing()
    if wanted and shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        subprocess.run(["apt-get", "update", "-qq"], check=True, env=environment)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *wanted], check=True, env=environment,
                       stdout=subprocess.DEVNULL)
        wanted = missing()
    if "chromium" in wanted and not playwright_has_chromium():
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)
    if "bubblewrap" in wanted:
        print("bubblewrap is not installed (Debian: `apt install bubblewrap`, as root); nothing needs it before exercises are graded.")


if __name__ == "__main__":
    main()
