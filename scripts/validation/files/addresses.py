"""The link that never dies, from the first day: every address is on the list, and what is listed stays."""

from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.addresses import addresses, headings, published, vanished
from scripts.catalogue.files.problems import Problem
from scripts.catalogue.identity import PUBLISHED
from scripts.validation.rules import Stage, files, read, rule


@rule("Addresses", Stage.LATER)
def every_address_is_listed(root: Path) -> Iterator[Problem]:
    listed = published(root)
    new: dict[str, list[tuple[int, str]]] = {}
    for address, (file, line) in addresses(root).items():
        if address not in listed and "WRITE: " not in read(root, file):
            new.setdefault(file, []).append((line, address))
    for file, places in new.items():
        line, address = min(places)
        more = f" and {len(places) - 1} more of the page" if len(places) > 1 else ""
        fault = f"the address {address}{more} is not in {PUBLISHED}"
        yield Problem(file, line, fault, "Run `make addresses`; `make fix` does it too.")


@rule("Addresses")
def every_listed_address_leads_somewhere(root: Path) -> list[Problem]:
    return vanished(set(addresses(root)), root)


@rule("Addresses")
def no_two_headings_have_the_same_id(root: Path) -> Iterator[Problem]:
    for name in files(root, "docs", suffix=".md"):
        first: dict[str, int] = {}
        for anchor, line in headings(read(root, name)):
            if first.setdefault(anchor, line) != line:
                fault = f"the id {anchor} is that of the heading in line {first[anchor]} too"
                yield Problem(name, line, fault, "Give one of them another: `{ #other-id }`.")
