"""Every release that is locked is there because something asks for it."""

from importlib.metadata import PackageNotFoundError, requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.catalogue.files.problems import Problem
from scripts.project import ROOT
from scripts.validation.files.locks import LOCKS, REMEDY, asked_for, pins
from scripts.validation.rules import read
from tests.refuse import refuse

LOCK = LOCKS[1]


def asked_by(package: Requirement) -> list[Requirement]:
    """Return what an installed package asks for, on whatever machine; nothing where it is absent."""
    try:
        found = [Requirement(text) for text in requires(package.name) or []]
    except PackageNotFoundError:
        return []
    extras = ["", *package.extras]
    return [
        part
        for part in found
        if "extra" not in str(part.marker)
        or any(part.marker and part.marker.evaluate({"extra": extra}) for extra in extras)
    ]


def test_something_asks_for_each_locked_release() -> None:
    waiting = [asked for _, _, asked in asked_for(ROOT, LOCK.replace(".txt", ".in"))]
    seen = {str(package) for package in waiting}
    for package in waiting:  # which grows meanwhile
        new = [part for part in asked_by(package) if str(part) not in seen]
        seen |= {str(part) for part in new}
        waiting += new
    known = {canonicalize_name(package.name) for package in waiting}
    refuse(
        Problem(LOCK, line, f"nothing asks for {name}", REMEDY)
        for line, name, _ in pins(read(ROOT, LOCK))
        if name not in known
    )
