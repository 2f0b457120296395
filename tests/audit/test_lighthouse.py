"""Lighthouse, mobile with its default throttling: the median of three runs of each page."""

import json
import os
import statistics
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scripts.catalogue.answers import load
from scripts.setup.chromium import system_chromium
from tests.conftest import CHROMIUM_FLAGS

RUNS = 3
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
# The most that is allowed: milliseconds, and for the shift its score.
LIMITS = {
    "largest-contentful-paint": 1600,
    "cumulative-layout-shift": 0.01,
    "total-blocking-time": 100,
}
ANSWERS = load().answers
# Home, a topic, and the answers with the shortest, a middle and the longest page.
BY_LENGTH = sorted(ANSWERS.values(), key=lambda page: Path(page.file).stat().st_size)
PAGES = ["", "concurrency/", *(BY_LENGTH[at].address for at in (0, len(BY_LENGTH) // 2, -1))]


def lighthouse(auditors: Path, address: str) -> Any:
    """Return the report of one run."""
    command: list[str | Path] = [
        auditors / ".bin" / "lighthouse",
        address,
        "--quiet",
        "--output=json",
        f"--chrome-flags=--headless=new {' '.join(CHROMIUM_FLAGS)}",
    ]
    environment = os.environ | {"CHROME_PATH": system_chromium() or ""}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if result.returncode:
        pytest.fail(f"Lighthouse does not run: {result.stderr.strip()}", pytrace=False)
    return json.loads(result.stdout)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page or "home")
def test_page_meets_the_budget(page: str, served: str, auditors: Path) -> None:
    reports = [lighthouse(auditors, served + page) for _ in range(RUNS)]

    def median(values: list[float]) -> float:
        return statistics.median(values)

    scores = {
        name: round(100 * median([report["categories"][name]["score"] for report in reports]))
        for name in CATEGORIES
    }
    measured = {
        name: median([report["audits"][name]["numericValue"] for report in reports])
        for name in LIMITS
    }
    print(f"\n/{page}: {scores} { ({name: round(value, 3) for name, value in measured.items()}) }")
    faults = [f"{name} {score}, not 100" for name, score in scores.items() if score < 100]
    faults += [
        f"{name} {measured[name]:.3g}, at most {limit}"
        for name, limit in LIMITS.items()
        if measured[name] > limit
    ]
    if faults:
        pytest.fail(f"/{page}: {'; '.join(faults)}", pytrace=False)
