"""Runs jobs as the browser does, in CPython: a job on each line of the input, the events on the output."""

import sys

from scripts.runner.inside import entry


def main() -> None:
    """Run the jobs, one after the other, until the input ends."""
    output = sys.stdout

    def tell(text: str) -> None:
        output.write(f"{text}\n")
        output.flush()

    run = entry.start('{"bundles": {}, "extensions": {}}', str, tell)
    tell('{"event": "ready"}')
    for line in sys.stdin:
        run(line)


if __name__ == "__main__":
    main()
