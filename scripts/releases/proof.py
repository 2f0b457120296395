"""What the record of `make versions` says of one answer."""

import datetime
import re
from dataclasses import dataclass

from scripts.catalogue.answers import AnswerPage
from scripts.project import ROOT
from scripts.releases.lock import Lock
from scripts.releases.record import Record, Run, digest, minor, stale


@dataclass(frozen=True)
class Proof:
    """What the record says of one answer."""

    date: datetime.date
    locked: list[Run]
    oldest: Run | None
    """The oldest releases that the answer was checked on; none where it needs newer ones."""
    newest: Run | None
    """The newest releases, where the answer holds on them and they are not the locked ones."""
    failures: list[tuple[Run, list[str]]]
    """Runs on the newest releases in which tests failed, one for each combination of releases."""

    @property
    def pythons(self) -> str:
        """The minor versions of Python, as a sentence lists them."""
        *others, last = (minor(run.python) for run in self.locked)
        return f"{', '.join(others)} and {last}" if others else last


def proof_of(page: AnswerPage, record: Record, lock: Lock) -> Proof | None:
    """Return what the record says of an answer.

    None where it says nothing of what the page shows now: its code or its tests are newer, or the lock is.
    """
    number = page.meta.id
    if record.answers.get(number) != digest(page) or stale(record, lock):
        return None
    failed = [run for run in record.of("newest") if number in run.failing]
    releases = {tuple(run.versions.items()): run for run in failed}
    oldest = [run for run in record.of("oldest") if number not in run.left_out]
    locked = record.of("locked")
    newer = [run for run in record.of("newest") if run.versions != locked[0].versions]
    return Proof(
        record.date,
        locked,
        oldest[0] if oldest else None,
        newer[0] if newer and not failed else None,
        [(run, run.failing[number]) for run in releases.values()],
    )


def test_line(node_id: str) -> int:
    """Return the line, from 1, of the test that ``node_id`` (``path::name``) names.

    Raises ``LookupError`` where the file has no such test; ``validation/proofs/tested.py`` says so.
    """
    path, name = node_id.split("::")
    for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), 1):
        if re.match(rf"(async )?def {name}\(", line):
            return number
    raise LookupError(f"{path}: no test {name}")
