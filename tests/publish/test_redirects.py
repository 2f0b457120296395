"""The rules of data/redirects.tsv, and that old addresses lead somewhere."""

from pathlib import Path

import pytest

from scripts.catalogue.addresses import missing
from scripts.catalogue.answers import Catalogue
from scripts.catalogue.identity import REDIRECTS
from scripts.catalogue.redirects import faults, read_redirects, write_redirects
from scripts.project import ROOT
from scripts.publish.addresses import built as addresses_of
from scripts.publish.redirects import write_anchors

HEADER = "# a comment\n"


def write(root: Path, lines: str) -> Path:
    """Write redirects below ``root``, beside the real pages, and return ``root``."""
    (root / "data").mkdir()
    (root / "docs").symlink_to(ROOT / "docs")
    (root / REDIRECTS).write_text(HEADER + lines, encoding="utf-8")
    return root


@pytest.mark.parametrize(
    "lines",
    [
        "",
        "concurrency/old/\tconcurrency/await/\n",
        "concurrency/old/\tconcurrency/await/\nold-topic/\tconcurrency/\n",
        "concurrency/await/#old\tconcurrency/await/#in-review\n",
        "questions/#old\tquestions/#new\n",
        "#old\t#new\n",
    ],
)
def test_a_right_redirect_is_accepted(tmp_path: Path, catalogue: Catalogue, lines: str) -> None:
    assert faults(catalogue, write(tmp_path, lines)) == []


BAD = {
    "concurrency/old/": "2: this is no redirect. Write two pages, or two headings of one page",
    "concurrency/old/ concurrency/await/": "2: this is no redirect.",
    "concurrency/old\tconcurrency/await/": "2: this is no redirect.",
    "concurrency/old/\tconcurrency/await/#a": "2: this is no redirect.",
    "concurrency/await/#a\tconcurrency/threads/#b": "2: this is no redirect.",
    "concurrency/await/\tconcurrency/async-and-await/": "2: concurrency/await/ is a page. Delete",
    "concurrency/\ttesting/": "2: concurrency/ is a page. Delete the redirect, or the page.",
    "7/\tconcurrency/await/": "2: 7/ is a page. Delete the redirect, or the page.",
    "concurrency/old/\tconcurrency/gone/": "2: concurrency/gone/ is no answer and no topic. Name a",
    "concurrency/gone/#a\tconcurrency/gone/#b": "2: concurrency/gone/ is no answer and no topic.",
    "a/\tb/\nb/\tconcurrency/await/": "2: b/ is redirected itself. Name the address that it leads",
    "a/\tb/\nb/\ta/": "2: b/ is redirected itself. Name the address that it leads to.",
    "a/\ta/": "2: this is no redirect.",
    "a/\tconcurrency/await/\na/\tconcurrency/": "3: a/ stands twice. Keep the line that is right.",
}


@pytest.mark.parametrize(("lines", "message"), BAD.items())
def test_a_wrong_redirect_gets_one_line_with_the_remedy(
    tmp_path: Path, catalogue: Catalogue, lines: str, message: str
) -> None:
    lines_of_problems = [str(p) for p in faults(catalogue, write(tmp_path, f"{lines}\n"))]
    assert any(line.startswith(f"{REDIRECTS}:{message}") for line in lines_of_problems)


def test_redirects_are_written_sorted_below_their_comments(tmp_path: Path) -> None:
    root = write(tmp_path, "")
    write_redirects(root, {"b/": "c/", "a/": "c/"})
    assert (root / REDIRECTS).read_text(encoding="utf-8") == f"{HEADER}a/\tc/\nb/\tc/\n"
    assert [redirect.line for redirect in read_redirects(root)] == [2, 3]


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A site with one page of two headings, and redirects of a heading and of a page to it."""
    write(tmp_path, "t/new/#old-heading\tt/new/#heading\nt/old/\tt/new/\n")
    for page in ("t/new", "t/old"):
        (tmp_path / page).mkdir(parents=True)
        (tmp_path / page / "index.html").touch()
    html = '<h1 id="top">Top</h1><h2 class="a" id="heading">Heading</h2>'
    (tmp_path / "t/new/index.html").write_text(html, encoding="utf-8")
    return tmp_path


def test_a_heading_keeps_its_former_id_without_a_script(built: Path) -> None:
    html = '<h1 id="top">Top</h1><h2 class="a" id="heading"><a id="old-heading"></a>Heading</h2>'
    for _ in range(2):  # a partial build leaves the page as it is
        assert write_anchors(built, built) == []
        assert (built / "t/new/index.html").read_text(encoding="utf-8") == html


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("t/new/#old\tt/new/#gone", "t/new/#gone is no heading. Name a heading that exists."),
        (
            "t/new/#top\tt/new/#heading",
            "t/new/#top is a heading. Delete the redirect, or the heading.",
        ),
    ],
)
def test_a_wrong_redirect_of_a_heading_gets_one_line(built: Path, line: str, message: str) -> None:
    (built / REDIRECTS).write_text(f"{line}\n", encoding="utf-8")
    before = (built / "t/new/index.html").read_text(encoding="utf-8")
    assert [str(problem) for problem in write_anchors(built, built)] == [
        f"{REDIRECTS}:1: {message}"
    ]
    assert (built / "t/new/index.html").read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("address", "gone"),
    [
        ("t/new/", False),
        ("t/new/#heading", False),
        ("t/new/#old-heading", False),
        ("t/old/", False),
        ("t/old/#heading", False),
        ("t/old/#old-heading", False),
        ("t/old/#other", True),
        ("t/new/#other", True),
        ("t/other/", True),
    ],
)
def test_a_published_address_resolves_through_the_redirects(
    built: Path, address: str, gone: bool
) -> None:
    write_anchors(built, built)
    (built / "data/published.txt").write_text(f"{address}\n", encoding="utf-8")
    assert missing(addresses_of(built), built) == ([address] if gone else [])


def test_a_redirect_to_a_page_that_is_gone_does_not_resolve(built: Path) -> None:
    (built / "t/new/index.html").unlink()
    (built / "data/published.txt").write_text("t/old/\n", encoding="utf-8")
    assert missing(addresses_of(built), built) == ["t/old/"]
