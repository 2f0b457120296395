"""Install Semgrep from its lock, in an environment of its own: ``python -m scripts.setup.semgrep``."""

import sys

from scripts.releases.environment import CommandError, install
from scripts.rules.semgrep import FOLDER, available


def main() -> int:
    """Install it; return 1 and say why where that fails."""
    if available():
        return 0
    print("Installing Semgrep, which tries the rules, from requirements/semgrep.txt …", flush=True)
    try:
        install("semgrep", FOLDER)
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
