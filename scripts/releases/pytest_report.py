"""What a JUnit report of pytest says of the answers."""

import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from scripts.catalogue.answers import Catalogue
from scripts.releases.environment import CommandError


def results(report: Path, catalogue: Catalogue) -> dict[str, Any]:
    """Return what a JUnit report of pytest says, as fields of ``Run``.

    A file that cannot be imported fails its answer; ``CommandError`` where the fault belongs to no answer.
    """
    numbers = {page.snippets: page.meta.id for page in catalogue.answers.values()}
    outcomes: Counter[str] = Counter()
    left_out: set[int] = set()
    ran: set[str] = set()
    newer: Counter[int] = Counter()
    failing: defaultdict[int, set[str]] = defaultdict(set)
    for case in ElementTree.parse(report).iter("testcase"):
        test = str(case.get("name"))
        module = case.get("classname") or test  # of a file that was not imported there is no class
        number = numbers.get("/".join(module.split(".")[:3]))
        if number is None:
            raise CommandError(f"{module} could not be collected")
        skip = case.find("skipped")
        if skip is None:
            ran.add(f"#{number} {test.split('[')[0]}")
        if case.find("failure") is not None or case.find("error") is not None:
            outcomes["failed"] += 1
            failing[number].add(test.split("[")[0])
        elif skip is None:
            outcomes["passed"] += 1
        elif skip.get("message") == "collection skipped":
            left_out.add(number)
        else:
            outcomes["skipped"] += 1
            newer[number] += str(skip.get("message")).startswith("needs ")
    return {
        **{name: outcomes[name] for name in ("passed", "failed", "skipped")},
        "ran": frozenset(ran),
        "left_out": sorted(left_out),
        "newer": {number: count for number, count in sorted(newer.items()) if count},
        "failing": {number: sorted(tests) for number, tests in sorted(failing.items())},
    }
