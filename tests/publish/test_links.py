"""Every link of the built site leads somewhere: pages, fragments, sitemap, published and short links."""

import re
import xml.etree.ElementTree as ET
from collections import defaultdict
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest

from scripts.catalogue.addresses import addresses as expected
from scripts.catalogue.addresses import vanished
from scripts.catalogue.answers import Catalogue
from scripts.catalogue.identity import moved_pages
from scripts.project import ROOT, site_url
from scripts.publish.addresses import built
from tests.site_pages import BuiltPage, built_page, file_of

pytestmark = pytest.mark.site


def fail(problems: list[str]) -> None:
    """Fail with one line for each problem, if there are any."""
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


def addresses(page: BuiltPage, address: str) -> set[str]:
    """Return the addresses, below the site's root and with their fragments, that a page refers to.

    A reference without a host that leads out of the site's path is returned as it stands.
    """
    root = site_url()
    previews = [value for value in page.meta.values() if value.startswith(root)]
    found = set()
    for reference in page.references + previews:
        target = urljoin(root + address, reference)
        if target.startswith(root):
            found.add(target.removeprefix(root))
        elif not urlsplit(reference).scheme and not urlsplit(reference).netloc:
            found.add(reference)
    return found


@pytest.fixture(scope="module")
def references(site: Path) -> dict[str, list[str]]:
    """The pages that refer to each address of the site, by the address with its fragment."""
    users = defaultdict(list)
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site).as_posix()
        for address in addresses(built_page(path), name.removesuffix("index.html")):
            users[address].append(f"site/{name}")
    return users


def broken(address: str, users: list[str], what: str) -> str:
    """Return one line for an address that does not resolve."""
    more = f" and {len(users) - 1} more pages" if len(users) > 1 else ""
    return f"{users[0]}{more}: {address} {what}. Correct the link, or restore what it leads to."


def test_links_images_scripts_and_stylesheets_are_files_of_the_site(
    site: Path, references: dict[str, list[str]]
) -> None:
    problems = [
        broken(address, users, "is no file of the built site")
        for address, users in references.items()
        if not file_of(site, path_of(address))
    ]
    fail(problems)


def test_fragments_of_links_are_ids_of_their_page(
    site: Path, references: dict[str, list[str]]
) -> None:
    problems = []
    for address, users in references.items():
        fragment = unquote(urldefrag(address).fragment)
        path = file_of(site, path_of(address))
        if not fragment or not path or path.suffix != ".html":
            continue
        page = built_page(path)
        if "refresh" in page.meta:  # a short link hands the fragment on
            target = file_of(site, page.canonical.removeprefix(site_url()))
            page = built_page(target) if target else page
        if fragment not in page.ids:
            problems.append(broken(address, users, "names an id that does not exist"))
    fail(problems)


def path_of(address: str) -> str:
    """Return an address without its query and fragment, decoded."""
    return unquote(urlsplit(address).path)


def test_sitemap_lists_every_answer_and_nothing_that_is_gone(
    site: Path, catalogue: Catalogue
) -> None:
    sitemap = ET.parse(site / "sitemap.xml")
    listed = [element.text or "" for element in sitemap.iterfind(".//{*}loc")]
    problems = [
        f"site/sitemap.xml: {address} is no page of this site. Run `make build` with the same SITE_URL."
        for address in listed
        if not address.startswith(site_url()) or not file_of(site, address.removeprefix(site_url()))
    ]
    problems += [
        f"{page.file}: not in site/sitemap.xml. Add the page to the navigation."
        for page in catalogue.answers.values()
        if site_url() + page.address not in listed
    ]
    fail(problems)


def test_the_built_site_has_the_addresses_that_the_files_give(site: Path) -> None:
    assert built(site) == set(expected(ROOT)) | set(moved_pages(ROOT))


def test_published_addresses_still_resolve(site: Path) -> None:
    fail([str(problem) for problem in vanished(built(site), ROOT)])


def test_short_links_lead_to_their_answers_without_javascript(
    site: Path, catalogue: Catalogue
) -> None:
    problems = []
    for number, answer in catalogue.answers.items():
        path = file_of(site, f"{number}/")
        if not path:
            problems.append(f"{answer.file}: no short link /{number}/. Run `make build`.")
            continue
        page = built_page(path)
        refresh = re.fullmatch(r"0; *url=(.+)", page.meta.get("refresh", ""))
        canonical = site_url() + answer.address
        here = f"{site_url()}{number}/"
        text = " ".join(page.text.split())
        short_answer = answer.meta.answer.replace("`", "")
        kept = {
            "the meta refresh": refresh and urljoin(here, refresh[1]) == canonical,
            "the canonical link": page.canonical == canonical,
            "og:title": page.meta.get("og:title") == answer.title,
            "og:description": page.meta.get("og:description") == short_answer,
            "the short answer": short_answer in text,
            "the question": answer.title in text,
            "a link": canonical in [urljoin(here, link) for link in page.links],
        }
        faults = ", ".join(name for name, right in kept.items() if not right)
        if faults:
            problems.append(
                f"site/{number}/index.html: wrong or missing for {answer.file}: {faults}. "
                "Correct scripts/publish/templates/short_link.html.jinja."
            )
    fail(problems)
