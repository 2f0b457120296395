"""The sitemap: every page with the day on which it last changed, the same in each build of a commit.

It replaces the one of MkDocs, which dates every page by the clock.
"""

import re
from pathlib import Path

from jinja2 import Environment

from scripts.catalogue.answers import Catalogue, Page
from scripts.project import ROOT, git, site_url


def committed(root: Path = ROOT) -> dict[str, str]:
    """Return the day (ISO 8601) of the last commit of each page that is no answer, by file.

    Empty without git, and in a shallow clone, which dates every file by its last commit.
    """
    if git("rev-parse", "--is-shallow-repository", root=root) != ["false"]:
        return {}
    days: dict[str, str] = {}
    day = ""
    pages = (":(glob)docs/*.md", ":(glob)docs/*/index.md")
    for line in git("log", "--format=%cs", "--name-only", "--", *pages, root=root):
        if re.fullmatch(r"\d{4}-\d\d-\d\d", line):
            day = line
        elif line:
            days.setdefault(line, day)
    return days


def write_sitemap(catalogue: Catalogue, site: Path, templates: Environment) -> None:
    """Write ``sitemap.xml``, which the theme's instant navigation reads too.

    Its compressed copy goes: its bytes depend on the clock and on the machine's zlib, and nothing names it.
    """
    days = committed()
    for answer in catalogue.answers.values():
        days[answer.file] = max(change.date for change in answer.meta.changes).isoformat()
    files = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/**/*.md"))
    pages = [
        {"url": site_url() + Page(file, "").address.lstrip("/"), "day": days.get(file)}
        for file in files
    ]
    text = templates.get_template("sitemap.xml.jinja").render(pages=pages)
    (site / "sitemap.xml").write_text(text, encoding="utf-8")
    (site / "sitemap.xml.gz").unlink(missing_ok=True)
