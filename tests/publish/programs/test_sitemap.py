"""The sitemap: every page once, with the day on which its source last changed."""

import os
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from scripts.catalogue.answers import Catalogue
from scripts.project import site_url
from scripts.publish.programs.sitemap import committed
from scripts.publish.programs.write_files import write_exports
from tests.site_pages import PAGES

NAMESPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def git(folder: Path, *arguments: str, day: str = "2026-01-01") -> None:
    """Run git in ``folder``, on ``day``."""
    when = f"{day}T12:00:00+00:00"
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(
        ["git", *identity, *arguments],
        cwd=folder,
        env=os.environ | {"GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when},
        check=True,
        capture_output=True,
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits on two days, the second of which edits one of two pages and an answer."""
    root = tmp_path / "repository"
    (root / "docs" / "topic").mkdir(parents=True)
    git(root, "init", "--initial-branch=main")
    for day, names in (
        ("2026-01-02", ("index.md", "topic/index.md", "topic/answer.md")),
        ("2026-03-04", ("topic/index.md", "topic/answer.md")),
    ):
        for name in names:
            (root / "docs" / name).write_text(day, encoding="utf-8")
        git(root, "add", ".")
        git(root, "commit", f"--message={day}", day=day)
    return root


def test_a_page_that_is_no_answer_has_the_day_of_its_last_commit(repository: Path) -> None:
    assert committed(repository) == {
        "docs/index.md": "2026-01-02",
        "docs/topic/index.md": "2026-03-04",
    }


def test_without_the_history_there_are_no_days_rather_than_wrong_ones(
    repository: Path, tmp_path: Path
) -> None:
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--depth=1", f"file://{repository}", str(shallow))
    assert (shallow / "docs" / "index.md").is_file()
    assert committed(shallow) == {}
    assert committed(tmp_path) == {}


def test_sitemap_lists_every_page_once_with_its_day(catalogue: Catalogue, tmp_path: Path) -> None:
    (tmp_path / "sitemap.xml.gz").touch()
    write_exports(catalogue, tmp_path)
    urls = ET.parse(tmp_path / "sitemap.xml").getroot().findall(f"{NAMESPACE}url")
    listed = [url.findtext(f"{NAMESPACE}loc") for url in urls]
    assert sorted(map(str, listed)) == sorted(site_url() + page.address for page in PAGES)
    days = {url.findtext(f"{NAMESPACE}loc"): url.findtext(f"{NAMESPACE}lastmod") for url in urls}
    for page in catalogue.answers.values():
        newest = max(change.date for change in page.meta.changes)
        assert days[site_url() + page.address] == newest.isoformat()
    assert not (tmp_path / "sitemap.xml.gz").exists()
