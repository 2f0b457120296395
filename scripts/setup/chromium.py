"""Make a Chromium available to the browser tests.

Takes the system's one if there is one, else the distribution's package when run as root on a system
with apt, else Playwright's own download.
"""

import shutil
import sys

from scripts.setup import system_packages

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
REMEDY = "Install it by hand, then run `make test` again."


def system_chromium() -> str | None:
    """Return the path of the system's Chromium or Chrome, or ``None``."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def main() -> int:
    """Install Chromium where the system has none; return 1 and say what to do where that fails."""
    if system_chromium():
        return 0
    print("Installing Chromium for the browser tests …", flush=True)
    if system_packages.can_install():
        problem = system_packages.install("chromium")
    else:
        problem = system_packages.run([sys.executable, "-m", "playwright", "install", "chromium"])
    if problem:
        print(f"Chromium could not be installed: {problem} {REMEDY}", file=sys.stderr)
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
