"""Write ``site.yml``: what of the configuration depends on the catalogue and the environment.

``site.yml`` inherits from ``mkdocs.yml`` and adds the navigation in reading order, so that a new
answer needs no shared file edited, and the addresses of the site and its repository.
"""

import sys
from pathlib import Path
from typing import Any

import yaml

from scripts.catalogue.answers import Catalogue, load
from scripts.catalogue.files.annotations import tell
from scripts.catalogue.files.problems import Problems
from scripts.catalogue.files.reading import one_reading
from scripts.catalogue.names import OTHER_PAGES
from scripts.project import ROOT, repository_url, site_url
from scripts.validation.rules import Stage
from scripts.validation.validate import validate


def configuration(catalogue: Catalogue) -> dict[str, Any]:
    """Return the content of ``site.yml`` for ``catalogue`` and the current environment."""
    topics: list[Any] = [
        {topic.title: [topic.source, *({a.name: a.source} for a in topic.answers)]}
        for topic in catalogue.topics
    ]
    repository = repository_url()
    return {
        "INHERIT": "mkdocs.yml",
        "site_url": site_url(),
        "edit_uri_template": f"{repository}/edit/main/docs/{{path}}" if repository else "",
        "extra": {"repository": repository},
        "nav": [{"Home": "index.md"}, *topics, *OTHER_PAGES],
        "not_in_nav": "\n".join(a.source for topic in catalogue.topics for a in topic.retired),
    }


def write(catalogue: Catalogue, root: Path) -> bool:
    """Write ``site.yml``; return whether it is another than before."""
    text = yaml.safe_dump(configuration(catalogue), sort_keys=False, allow_unicode=True)
    path = root / "site.yml"
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True


def main(root: Path = ROOT, last: Stage = Stage.REST) -> int:
    """Write ``site.yml``; where the files have faults, print them instead and return 1."""
    with one_reading():
        if problems := validate(root, last):
            tell(Problems(problems))
            return 1
        write(load(root), root)
    return 0


if __name__ == "__main__":
    sys.exit(main())
