"""Write the pictures of link previews: a card for each answer, and one for all other pages.

Run after the build, by ``scripts/publish/complete.py``. Only cards that look different from those of the last
build are drawn.
"""

import functools
import hashlib
import inspect
import shutil
from importlib.metadata import version
from pathlib import Path

import yaml

from scripts.catalogue.answers import Catalogue
from scripts.catalogue.files.front_matter import Plain
from scripts.catalogue.files.read_page import read
from scripts.project import ROOT
from scripts.publish.cards import picture as card_picture
from scripts.publish.cards import typeset
from scripts.publish.cards.picture import Card

CACHE = ROOT / ".cache" / "cards"
PACKAGES = ("pillow", "fontpkg-inter", "fontpkg-jetbrains-mono")


@functools.cache
def site_name() -> str:
    """Return the name of the site, which ``mkdocs.yml`` holds."""
    name: str = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["site_name"]
    return name


@functools.cache
def drawing() -> str:
    """Return what decides how a card looks beside its words: the code and the packages that draw it."""
    code = map(inspect.getsource, (card_picture, typeset))
    return "\0".join([*code, *map(version, PACKAGES)])


def key(card: Card) -> str:
    """Return a digest of everything that decides how a card looks."""
    return hashlib.sha256("\0".join([*card, drawing()]).encode()).hexdigest()[:32]


def cards(catalogue: Catalogue) -> dict[str, Card]:
    """Return the words of all cards by the names of their files, without the ending."""
    home = read(ROOT, ROOT / "docs" / "index.md", Plain, [])
    assert home  # the catalogue was read, so the page has no faults
    answers = {
        str(number): Card(site_name(), f"#{number}", page.title, page.meta.answer)
        for number, page in catalogue.answers.items()
    }
    return {"site": Card(site_name(), "", home[1], home[2].description)} | answers


def write_cards(catalogue: Catalogue, site: Path, cache: Path = CACHE) -> int:
    """Write ``site/assets/cards/<id>.png`` and ``site.png``; return how many had to be drawn.

    ``cache`` keeps the cards of the last build, and no others.
    """
    folder = site / "assets" / "cards"
    for path in (folder, cache):
        path.mkdir(parents=True, exist_ok=True)
    drawn, kept = 0, set()
    for name, card in cards(catalogue).items():
        picture = cache / f"{key(card)}.png"
        if not picture.is_file():
            # Under its own name only when it is whole: a build may be interrupted.
            part = picture.with_suffix(".part")
            part.write_bytes(card_picture.draw(card))
            part.replace(picture)
            drawn += 1
        shutil.copyfile(picture, folder / f"{name}.png")
        kept.add(picture)
    for path in set(cache.iterdir()) - kept:
        path.unlink()
    return drawn
