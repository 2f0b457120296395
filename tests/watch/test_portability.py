"""`make portability` sees what would break when another engine builds the site."""

import re
from pathlib import Path

import pytest

from scripts.project import ROOT
from scripts.releases.environment import CommandError, run
from scripts.watch.portability import ENGINES, differences


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write(tmp_path / "site", {"a": '<h1 id="a">A</h1><p>Text</p>', "b": '<h1 id="b">B</h1>'})


def write(site: Path, pages: dict[str, str]) -> Path:
    for address, content in pages.items():
        (site / address).mkdir(parents=True)
        html = f'<article class="of-this-engine">{content}</article>'
        (site / address / "index.html").write_text(html, encoding="utf-8")
    return site


def test_a_lost_page_a_lost_anchor_and_another_text_are_differences(
    site: Path, tmp_path: Path
) -> None:
    other = write(tmp_path / "other", {"a": '<h1 id="other">A</h1><p>Text that macros lost</p>'})
    found = "\n".join(differences(site, other))
    assert "missing: a/#a" in found
    assert "missing: b/\n" in found
    assert "not in site/: a/#other" in found
    assert "other text: /a/\n" in found
    assert "+Text that macros lost" in found


def test_other_markup_around_the_same_text_is_no_difference(site: Path, tmp_path: Path) -> None:
    pages = {"a": '<div><h1 class="x" id="a">A</h1></div>\n<p>Text</p>', "b": '<h1 id="b">B</h1>'}
    assert differences(site, write(tmp_path / "other", pages)) == []


def test_what_a_failing_engine_prints_is_kept() -> None:
    with pytest.raises(CommandError, match="no such engine"):
        run(["sh", "-c", "echo no such engine; exit 3"])


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_has_a_lock_with_hashes(engine: str) -> None:
    lock = (ROOT / f"requirements/{engine}.txt").read_text(encoding="utf-8")
    assert re.search(rf"^{engine}==\S+ \\\n    --hash=sha256:", lock, re.M)
