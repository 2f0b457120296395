"""Complete the built site: what must survive a change of engine is made here, from the catalogue.

Run after the strict build. Refuses the build where the security policy would block a part of a page, or a
published address is gone.
"""

import sys
from pathlib import Path

from scripts.catalogue.addresses import vanished
from scripts.catalogue.answers import load
from scripts.catalogue.files.annotations import tell
from scripts.catalogue.files.problems import Problem, Problems
from scripts.project import ROOT
from scripts.publish.addresses import built
from scripts.publish.cards.write_cards import write_cards
from scripts.publish.checksums import write_checksums
from scripts.publish.code.blocks import write_programs
from scripts.publish.programs.write_files import write_exports
from scripts.publish.redirects import write_anchors, write_forwards
from scripts.publish.search_index import write_index
from scripts.publish.security_policy import write_policy


def complete(site: Path) -> None:
    """Add to the pages that the engine built in ``site`` all that does not depend on the engine.

    Raises ``Problems`` where a redirect leads nowhere or a page has no Markdown version.
    """
    catalogue = load()
    write_forwards(catalogue, site)
    write_cards(catalogue, site)
    write_exports(catalogue, site)
    if problems := [*write_anchors(site), *write_programs(catalogue, site)]:
        raise Problems(problems)
    write_index(catalogue, site)


def seal(site: Path) -> list[Problem]:
    """Write the security policy and, last, the checksums; return what the policy would block.

    No part of ``complete``, which `make serve` calls too: the policy would stop its live reload.
    """
    problems = write_policy(site)
    write_checksums(site)
    return problems


def main() -> int:
    """Complete and seal ``site/``; return 1 and say what is wrong with it, if anything is."""
    site = ROOT / "site"
    try:
        complete(site)
        problems = Problems([*seal(site), *vanished(built(site), ROOT)])
    except Problems as found:
        problems = found
    if problems.problems:
        tell(problems)
    return 1 if problems.problems else 0


if __name__ == "__main__":
    sys.exit(main())
