"""The built pages are valid HTML, as the Nu HTML checker sees it."""

import json
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

# The theme's own errors; the test fails as well when one of them is gone, so that none stays here needlessly.
OF_THE_THEME = {
    # Of the two toggles: without it Firefox would open the drawer again after a reload.
    "Attribute “autocomplete” is only allowed when the input type is",
}
# The checker reads a page's policy as if a file had no host of its own, and data were a script.
# tests/publish/test_security_policy.py shows in a browser that the policy blocks nothing.
OF_THE_CHECKER = re.compile(r"(Resource|Inline script) violates Content Security Policy")


def test_the_pages_hold_no_html_error_but_the_themes_own(site: Path, auditors: Path) -> None:
    checker = auditors / "vnu-jar" / "build" / "dist" / "vnu.jar"
    command: list[str | Path] = [
        "java",
        "-jar",
        checker,
        "--format",
        "json",
        "--exit-zero-always",
        "--skip-non-html",
        site,
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    messages = json.loads(result.stderr)["messages"]
    assert messages, "the checker knows the theme's errors, so no message means that it did not run"
    counts: Counter[str] = Counter()
    lines = []
    for message in messages:
        known = next((text for text in OF_THE_THEME if message["message"].startswith(text)), None)
        if known:
            counts[known] += 1
        elif not OF_THE_CHECKER.match(message["message"]):
            page = message["url"].removeprefix(f"file:{site}/")
            lines.append(f"site/{page}:{message.get('lastLine', 1)}: {message['message']}")
    gone = OF_THE_THEME - set(counts)
    if lines or gone:
        lines += [
            f"tests/audit/test_html.py: the theme no longer has “{text}”: remove it"
            for text in gone
        ]
        pytest.fail("\n".join(lines), pytrace=False)
    pages = len(list(site.rglob("*.html")))
    print(f"\n{pages} pages, errors of the theme: {sum(counts.values())}, of our own: 0")
