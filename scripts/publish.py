"""Complete the built site: what must survive a change of engine is made here, from the catalogue.

Run after the strict build. Refuses the build where the security policy would block a part of a page, or a
published address is gone.
"""

import sys
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scripts.addresses import vanished
from scripts.annotations import tell
from scripts.cards import site_name, write_cards
from scripts.catalogue import ROOT, Catalogue, load
from scripts.checksums import write_checksums
from scripts.environment import site_url
from scripts.exports import write_exports
from scripts.problems import Problem, Problems
from scripts.search_index import write_index
from scripts.security_policy import write_policy


def write_short_links(catalogue: Catalogue, site: Path) -> None:
    """Write ``site/<id>/index.html`` for each answer: a static page that leads to it.

    It works without JavaScript (``meta refresh``), keeps the fragment where JavaScript is on, names the
    canonical address, and carries title and short answer for link previews.
    """
    templates = Environment(
        loader=FileSystemLoader([ROOT / "scripts" / "templates", ROOT / "overrides"]),
        undefined=StrictUndefined,
        autoescape=True,
    )
    template = templates.get_template("short_link.html.jinja")
    for number, page in catalogue.answers.items():
        folder = site / str(number)
        folder.mkdir(exist_ok=True)
        text = template.render(
            page=page,
            site_name=site_name(),
            site_url=site_url(),
            canonical=site_url() + page.address,
            answer=page.meta.answer.replace("`", ""),
        )
        (folder / "index.html").write_text(text, encoding="utf-8")


def complete(site: Path) -> None:
    """Add to the pages that the engine built in ``site`` all that does not depend on the engine."""
    catalogue = load()
    write_short_links(catalogue, site)
    write_cards(catalogue, site)
    write_index(catalogue, site)
    write_exports(catalogue, site)


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
        problems = Problems([*seal(site), *vanished(site)])
    except Problems as faults:
        problems = faults
    if problems.problems:
        tell(problems)
    return 1 if problems.problems else 0


if __name__ == "__main__":
    sys.exit(main())
