"""What leads on from an address: short links, pages that were moved, and former ids of headings.

``scripts/catalogue/redirects.py`` reads and writes the list of them.
"""

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scripts.catalogue.answers import AnswerPage, Catalogue, TopicPage
from scripts.catalogue.files.problems import Problem
from scripts.catalogue.identity import REDIRECTS, moved_pages
from scripts.catalogue.redirects import read_redirects
from scripts.project import ROOT, site_url
from scripts.publish.cards.write_cards import site_name

HEADING = r"<h[1-6]\b[^>]*?\sid=\"{}\"[^>]*>"


def write_forwards(catalogue: Catalogue, site: Path) -> None:
    """Write a static page that leads to another for each short link ``/<id>/`` and each moved page.

    It works without JavaScript (``meta refresh``), keeps the fragment where JavaScript is on, names the
    canonical address, and carries title and short answer for link previews.
    """
    templates = Environment(
        loader=FileSystemLoader([Path(__file__).parent / "templates", ROOT / "overrides"]),
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


def write_anchors(site: Path, root: Path = ROOT) -> list[Problem]:
    """Give the headings of the built site the ids that they once had; return what is wrong.

    An empty ``<a id="…">`` in the heading needs no script. A page that has it already stays as it is.
    """
    problems = []
    for redirect in read_redirects(root):
        if not redirect.anchors:
            continue
        old, new = redirect.anchors
        path = site / redirect.old.partition("#")[0] / "index.html"
        html = path.read_text(encoding="utf-8")
        heading = re.search(HEADING.format(re.escape(new)), html)
        anchor = f'<a id="{old}"></a>'
        if re.search(HEADING.format(re.escape(old)), html):
            fault, remedy = f"{redirect.old} is a heading", "Delete the redirect, or the heading."
            problems.append(Problem(REDIRECTS, redirect.line, fault, remedy))
        elif not heading:
            fault, remedy = f"{redirect.new} is no heading", "Name a heading that exists."
            problems.append(Problem(REDIRECTS, redirect.line, fault, remedy))
        elif anchor not in html:
            html = html[: heading.end()] + anchor + html[heading.end() :]
            path.write_text(html, encoding="utf-8")
    return problems
