"""The text of the issue that the weekly run keeps: proofs, links, vulnerabilities, rules for reviews.

``python -m scripts.watch.weekly_report LINKS VULNERABILITIES HITS`` reads the record and the outputs of
``check_links``, ``vulnerabilities`` and ``ecosystem`` of this room, and prints Markdown; nothing where all is
well, which closes the issue.
"""

import sys
from pathlib import Path

from scripts.catalogue.answers import Catalogue, load
from scripts.releases.record import SETS, Record, minor, read_record

SHOWN = 5  # tests named for each answer
LONGEST = 60_000  # characters; GitHub takes 65,536
FOOT = (
    "`.github/workflows/versions.yml` writes this text anew each week and closes the issue when all is well. "
    "What to do: CONTRIBUTING.md, “Other releases”.\n"
)


def proofs(record: Record, catalogue: Catalogue) -> list[str]:
    """Return Markdown for each set with failing tests: its releases, and the answers that the tests prove."""
    lines = []
    for kind in SETS:
        failed = [run for run in record.of(kind) if run.failing]
        if not failed:
            continue
        releases = ", ".join(f"{name} {version}" for name, version in failed[0].versions.items())
        pythons = ", ".join(minor(run.python) for run in failed)
        lines.append(f"On the {kind} releases ({releases}), Python {pythons}:\n")
        for number in sorted({number for run in failed for number in run.failing}):
            page = catalogue.answers[number]
            tests = sorted({test for run in failed for test in run.failing.get(number, [])})
            names = ", ".join(f"`{test}`" for test in tests[:SHOWN])
            more = f" and {len(tests) - SHOWN} more" if len(tests) > SHOWN else ""
            lines.append(f"- {number}, {page.title} (`{page.file}`): {names}{more}")
        lines.append("")
    return lines


def report(record: Record, catalogue: Catalogue, links: str, audit: str, hits: str = "") -> str:
    """Return the text of the issue; empty where there is nothing to tell."""
    parts = {
        "Proofs that no longer hold": "\n".join(proofs(record, catalogue)),
        "Links that lead nowhere": "\n".join(f"- {line}" for line in links.splitlines()),
        "Known vulnerabilities of locked releases": audit and f"```text\n{audit.strip()}\n```",
        "Rules with other hits in public code than recorded": "\n".join(
            f"- {line}" for line in hits.splitlines()
        ),
    }
    text = "".join(f"## {title}\n\n{part.strip()}\n\n" for title, part in parts.items() if part)
    return text and f"Checked on {record.date}.\n\n{text[:LONGEST]}{FOOT}"


def main(files: list[str]) -> int:
    """Print the report made from the record and the three files."""
    links, audit, hits = (Path(file).read_text(encoding="utf-8") for file in files)
    print(report(read_record(), load(), links, audit, hits), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
