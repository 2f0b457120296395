"""Redirects lead to pages in one step, and from a heading that is gone to one that is there."""

from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.addresses import addresses, headings
from scripts.catalogue.answers import load
from scripts.catalogue.files.problems import Problem
from scripts.catalogue.identity import REDIRECTS
from scripts.catalogue.redirects import faults, read_redirects
from scripts.validation.rules import names, read, rule


@rule("Addresses")
def old_addresses_lead_to_pages_in_one_step(root: Path) -> list[Problem]:
    return faults(load(root), root)


@rule("Addresses")
def a_heading_that_is_gone_leads_to_one_that_is_there(root: Path) -> Iterator[Problem]:
    there = addresses(root)
    for redirect in read_redirects(root):
        page, _, anchor = redirect.old.partition("#")
        file = f"docs/{page.rstrip('/')}.md"
        if not anchor or file not in names(root):
            continue
        if redirect.new not in there:
            fault, remedy = f"{redirect.new} is no heading", "Name one that the page has."
            yield Problem(REDIRECTS, redirect.line, fault, remedy)
        elif anchor in {each for each, _ in headings(read(root, file))}:
            fault, remedy = f"{redirect.old} is a heading", "Delete the redirect, or the heading."
            yield Problem(REDIRECTS, redirect.line, fault, remedy)
