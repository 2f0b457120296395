"""Every code block of a page comes from ``snippets/``, where it is formatted, checked and tested."""

import re
from pathlib import Path

import pytest

from scripts.project import ROOT
from scripts.publish.code.blocks import EXAMPLE
from tests.site_pages import PAGES, SitePage, built_page, file_of

INCLUDE = re.compile(r'^ *(```+|~~~+)[^\n]*\n *--8<-- "[^"\n]+"\n *\1 *$', re.M)

# Made by a macro: commands that hold the address of the site (tests/pages/test_review_code.py).
COMMANDS = re.compile(r'\{\{ review_code\("(?!table")\w+"\) \}\}')


@pytest.mark.site
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.slug)
def test_page_shows_only_code_that_is_included_from_snippets(page: SitePage, site: Path) -> None:
    path = file_of(site, page.address)
    if not path:
        pytest.fail(f"{page.source}: not built. Run `make build`.", pytrace=False)
    source = (ROOT / page.source).read_text(encoding="utf-8")
    included = len(INCLUDE.findall(source))
    included += 2 * len(EXAMPLE.findall(source))  # the wrong and the right code of a finding
    included += len(COMMANDS.findall(source))
    shown = built_page(path).blocks
    if shown != included:
        pytest.fail(
            f"{page.source}: {shown} code blocks on the page, {included} of them from snippets/. Put the "
            'code of the others into a file there and include it: a fence with the one line `--8<-- "…"`.',
            pytrace=False,
        )
