"""The same commit gives the same site, and the site says which files it consists of."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.project import ROOT
from scripts.publish.checksums import CHECKSUMS, checksums

BUILD = ["-m", "scripts.publish.build", "mkdocs", "build", "--quiet"]
# Whatever may differ between two machines that build the same commit, with the same SITE_URL.
ELSEWHERE = {
    "PYTHONHASHSEED": "20250601",
    "TZ": "Pacific/Kiritimati",
    "LC_ALL": "C",
    "GIT_DIR": str(ROOT / ".git"),  # the same commits: the sitemap dates pages by them
    "SOURCE_DATE_EPOCH": "1000000000",  # what MkDocs takes for the clock: 2001-09-09
}


@pytest.mark.site
def test_another_folder_clock_zone_and_hash_seed_build_the_same_site(
    site: Path, tree: Path
) -> None:
    for path in tree.rglob("*"):
        os.utime(path, (0, 0))
    (tree / ".cache").mkdir()
    (tree / ".cache/runner").symlink_to(ROOT / ".cache/runner")  # what `make runner` made
    subprocess.run([sys.executable, *BUILD], cwd=tree, env=os.environ | ELSEWHERE, check=True)
    one, other = (set(checksums(root).splitlines()) for root in (site, tree / "site"))
    differ = sorted({line.split("  ", 1)[1] for line in one ^ other})
    if differ:
        pytest.fail(
            f"site/: {len(differ)} files are not as a second build makes them, first {differ[0]}. Run "
            "`make build`; if it still differs, find what depends on the clock, the folder or an "
            "order that is not sorted.",
            pytrace=False,
        )


@pytest.mark.site
def test_the_site_lists_each_of_its_files_with_its_hash(site: Path) -> None:
    if (site / CHECKSUMS).read_text(encoding="utf-8") != checksums(site):
        pytest.fail(
            f"site/{CHECKSUMS}: not the list of what stands there. Run `make build`; "
            "scripts/publish/complete.py has to write it last.",
            pytrace=False,
        )
    hidden = list(site.rglob(".*"))
    assert not hidden, f"{hidden[0]}: the publishing action leaves hidden files out. Rename it."


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="no sha256sum here")
def test_sha256sum_accepts_the_list_and_refuses_another_file(tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b" / "page.html").write_text("one", encoding="utf-8")
    (tmp_path / "b.txt").touch()
    text = checksums(tmp_path)
    (tmp_path / CHECKSUMS).write_text(text, encoding="utf-8")
    assert [line.split("  ")[1] for line in text.splitlines()] == ["a b/page.html", "b.txt"]
    assert checksums(tmp_path) == text  # the list does not list itself
    check = ["sha256sum", "--check", "--strict", CHECKSUMS]
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (tmp_path / "b.txt").write_text("two", encoding="utf-8")
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 1
