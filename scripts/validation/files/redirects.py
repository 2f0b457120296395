"""Redirects lead to pages in one step."""

from pathlib import Path

from scripts.catalogue.answers import load
from scripts.catalogue.files.problems import Problem
from scripts.catalogue.redirects import faults
from scripts.validation.rules import rule


@rule("Addresses")
def old_addresses_lead_to_pages_in_one_step(root: Path) -> list[Problem]:
    return faults(load(root), root)
