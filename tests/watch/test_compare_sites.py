"""The summary of a pull request shows what changed, and nothing else."""

from pathlib import Path

import pytest

from scripts.watch.compare_sites import articles, compare, lines, main, summary

ARTICLE = "<article><h1>{title}</h1><pre>one\n  two &lt;b&gt;</pre></article>"
PAGE = "<!doctype html><nav>{navigation}</nav>" + ARTICLE


def write(site: Path, address: str, title: str, navigation: str = "") -> None:
    (site / address).mkdir(parents=True)
    text = PAGE.format(title=title, navigation=navigation)
    (site / address / "index.html").write_text(text, encoding="utf-8")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    write(tmp_path / "old", "same", "Same", navigation="one page")
    write(tmp_path / "old", "edited", "Before")
    write(tmp_path / "old", "gone", "Gone")
    return tmp_path / "old"


@pytest.fixture
def new(tmp_path: Path) -> Path:
    write(tmp_path / "new", "same", "Same", navigation="two pages")
    write(tmp_path / "new", "edited", "After")
    write(tmp_path / "new", "added", "Added")
    (tmp_path / "new" / "7").mkdir()
    (tmp_path / "new" / "7" / "index.html").write_text("a short link", encoding="utf-8")
    return tmp_path / "new"


def test_pages_whose_article_differs_are_named_with_what_happened(old: Path, new: Path) -> None:
    found = compare(articles(old), articles(new))
    assert [(page.address, page.kind) for page in found] == [
        ("added/", "new"),
        ("edited/", "changed"),
        ("gone/", "gone"),
    ]


def test_a_difference_holds_the_text_as_readers_see_it(old: Path, new: Path) -> None:
    assert lines(articles(new)["edited/"]) == ["After", "one", "  two <b>"]
    edited = compare(articles(old), articles(new))[1]
    assert "-Before" in edited.text
    assert "+After" in edited.text


def test_equal_sites_give_no_difference(old: Path) -> None:
    assert compare(articles(old), articles(old)) == []
    assert summary([]) == "No page reads differently."


def test_a_long_summary_is_cut_and_says_so(
    old: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.watch.compare_sites.LONGEST_SUMMARY", 10)
    text = summary(compare(articles(old), articles(new)))
    assert "Too long for this summary" in text
    assert "/edited/" in text


def test_the_command_prints_the_summary(
    old: Path, new: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(old, new) == 0
    assert capsys.readouterr().out.startswith("## 3 pages read differently")
