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
from scripts.catalogue import ROOT, AnswerPage, Catalogue, TopicPage, load
from scripts.checksums import write_checksums
from scripts.environment import site_url
from scripts.exports import write_exports
from scripts.identity import moved_pages
from scripts.problems import Problem, Problems
from scripts.redirects import faults, write_anchors
from scripts.search_index import write_index
from scripts.security_policy import write_policy


def write_forwards(catalogue: Catalogue, site: Path) -> None:
    """Write a static page that leads to another for each short link ``/<id>/`` and each moved page.

    It works without JavaScript (``meta refresh``), keeps the fragment where JavaScript is on, names the
    canonical address, and carries title and short answer for link previews.
    """
    templates = Environment(
        loader=FileSystemLoader([ROOT / "scripts" / "templates", ROOT / "overrides"]),
        undefined=StrictUndefined,
        autoescape=True,
    )
    template = templates.get_template("short_link.html.jinja")
    short_links = {f"{number}/": page.address for number, page in catalogue.answers.items()}
    pages: dict[str, AnswerPage | TopicPage] = {page.address: page for page in catalogue.topics}
    pages |= {page.address: page for page in catalogue.answers.values()}
    for address, target in (short_links | moved_pages(ROOT)).items():
        folder = site / address
        folder.mkdir(parents=True, exist_ok=True)
        page = pages[target]
        if isinstance(page, AnswerPage):
            kind, card, about = "article", str(page.meta.id), page.meta.answer
        else:
            kind, card, about = "website", "site", page.meta.description
        text = template.render(
            page=page,
            up="../" * address.count("/"),
            site_name=site_name(),
            site_url=site_url(),
            canonical=site_url() + target,
            answer=about.replace("`", ""),
            kind=kind,
            card=card,
        )
        (folder / "index.html").write_text(text, encoding="utf-8")


def complete(site: Path) -> None:
    """Add to the pages that the engine built in ``site`` all that does not depend on the engine.

    Raises ``Problems`` where a redirect is wrong or a page has no Markdown version.
    """
    catalogue = load()
    if problems := faults(catalogue):
        raise Problems(problems)
    write_forwards(catalogue, site)
    write_cards(catalogue, site)
    write_index(catalogue, site)
    write_exports(catalogue, site)
    if problems := write_anchors(site):
        raise Problems(problems)


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
    except Problems as found:
        problems = found
    if problems.problems:
        tell(problems)
    return 1 if problems.problems else 0


if __name__ == "__main__":
    sys.exit(main())
