"""The findings of `In review`, and the reviewer's desk, which collects them."""

from collections.abc import Callable
from keyword import iskeyword
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from playwright.sync_api import Browser

from scripts.catalogue.answers import AnswerPage, Catalogue, load
from scripts.catalogue.files.problems import Problems
from scripts.catalogue.finding import SEVERITIES, Finding
from scripts.catalogue.findings import all_findings, read_finding, read_findings
from scripts.pages.review_macros import relinked
from scripts.project import ROOT
from scripts.publish.sections import Section, sections
from tests.conftest import new_context
from tests.site_pages import built_page, file_of, plain

CATALOGUE = load()
PAGE = next(iter(CATALOGUE.answers.values()))
COMPLETE = """### Blocking call { #blocking-call }

<div class="review" data-severity="outage" data-flag="time.sleep(5)" markdown>

```python title="Flag"
--8<-- "wrong_code.py:call"
```

```python title="Ask for"
--8<-- "right.py:call"
```

</div>

> Do not block, see
> [the `await`](await.md#x).
"""
WRONG = """# --8<-- [start:call]
async def wait():
    time.sleep(5)
    return time
# --8<-- [end:call]
"""


def test_a_finding_without_a_known_severity_is_refused(root: Path) -> None:
    for wrong in ("", ' data-severity="bad"'):
        text = COMPLETE.replace(' data-severity="outage"', wrong)
        with pytest.raises(Problems, match="security, data loss, outage, wrong result, style"):
            read_finding(PAGE, 1, text, root)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a root whose snippets are those of ``COMPLETE``."""
    (tmp_path / "snippets").mkdir()
    (tmp_path / "snippets/wrong_code.py").write_text(WRONG, encoding="utf-8")
    right = WRONG.replace("time.sleep(5)", "await sleep(5)")
    (tmp_path / "snippets/right.py").write_text(right, encoding="utf-8")
    return tmp_path


def test_a_finding_refers_to_a_block_of_the_body(root: Path) -> None:
    head = '<div class="review" data-severity="outage" data-flag="time.sleep(5)"'
    pane = '```python title="Ask for"\n--8<-- "right.py:call"\n```'
    text = COMPLETE.replace(head, f'{head} data-right="right.py:call"')
    text = text.replace(pane, "**Ask for:** [the code above](#x).")
    body = '# Q?\n\n```python title="Do it like this"\n--8<-- "right.py:call"\n```\n'
    finding = read_finding(PAGE, 1, text, root, body)
    assert finding == read_finding(PAGE, 1, COMPLETE, root)
    with pytest.raises(Problems, match=r"no block above shows right\.py:call"):
        read_finding(PAGE, 1, text, root, "# Q?\n")


def test_a_finding_is_read_with_its_code_and_its_sentence_in_one_line(root: Path) -> None:
    finding = read_finding(PAGE, 1, COMPLETE, root)
    assert (finding.title, finding.anchor) == ("Blocking call", "blocking-call")
    assert finding.wrong == "async def wait():\n    time.sleep(5)\n    return time"
    assert (finding.flag, finding.language) == ("time.sleep(5)", "python")
    assert finding.right == "async def wait():\n    await sleep(5)\n    return time"
    assert finding.sentence == "Do not block, see [the `await`](await.md#x)."
    assert finding.address == f"{PAGE.meta.id}/#blocking-call"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (" { #blocking-call }", "", "12: the finding is not complete. Write here the heading"),
        ('title="Ask for"', "", 'the finding is not complete. Write here the block "Ask for"'),
        ("> ", "", "the finding is not complete. Write here the sentence to paste"),
        (" markdown>", ">", "14: the finding is not complete. Write here `<div class="),
        (
            "wrong_code.py:call",
            "wrong_code.py:gone",
            "Snippet section 'gone' could not be located. Correct",
        ),
        (' data-flag="time.sleep(5)"', "", "does not say which line of the wrong code shows"),
        ('data-flag="time', 'data-flag="clock', "0 lines of the wrong code hold 'clock.sleep(5)'"),
        ('"time.sleep(5)"', '"time"', "2 lines of the wrong code hold 'time'. Write"),
    ],
)
def test_a_faulty_finding_is_refused_in_one_line(
    root: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(Problems) as refused:
        read_finding(PAGE, 12, COMPLETE.replace(old, new), root)
    [line] = str(refused.value).splitlines()
    assert line.startswith(f"{PAGE.file}:")
    assert message in line


def test_every_fault_of_a_page_is_reported_with_its_line(root: Path) -> None:
    path = root / PAGE.file
    path.parent.mkdir(parents=True)
    faulty = COMPLETE.replace("> ", "")
    path.write_text(f"# Q?\n\n## In review\n\n{faulty}\n{COMPLETE}\n{faulty}\n## Next\n", "utf-8")
    with pytest.raises(Problems) as refused:
        read_findings(PAGE, root)
    lines = [problem.line for problem in refused.value.problems]
    first = 5 + COMPLETE.partition("> ")[0].count("\n")
    assert lines == [first, first + 2 * (COMPLETE.count("\n") + 1)]
    path.write_text("# Q?\n\n## In review\n\nNothing.\n\n## Next\n", encoding="utf-8")
    with pytest.raises(Problems, match=r"`In review` has no finding\. Write one"):
        read_findings(PAGE, root)


@pytest.mark.parametrize(
    ("markdown", "result"),
    [
        ("[a](b.md#c)", "[a](<concurrency/b.md>#c)"),
        ("[a](../security/d.md)", "[a](<security/d.md>)"),
        ("[a](#here)", "[a](<concurrency/page.md>#here)"),
        ("[a](https://example.com/d.md)", "[a](https://example.com/d.md)"),
        ("`x[a](b.md)` and [a `b`](b.md)", "`x[a](b.md)` and [a `b`](<concurrency/b.md>)"),
    ],
)
def test_links_of_a_sentence_are_led_elsewhere(markdown: str, result: str) -> None:
    page = AnswerPage("docs/concurrency/page.md", "", PAGE.meta)
    assert relinked(markdown, page, lambda source: f"<{source}>") == result


@pytest.fixture(scope="session")
def findings(catalogue: Catalogue) -> list[Finding]:
    """All findings of living answers, the worst first, then in reading order."""
    found = all_findings(catalogue)
    listed = [finding for number in catalogue.living for finding in found[number]]
    return sorted(listed, key=lambda finding: SEVERITIES.index(finding.severity))


@pytest.fixture(scope="session")
def entries(browser: Browser, served: str) -> list[dict[str, Any]]:
    """What the desk shows of each finding without JavaScript, in its order."""
    with new_context(browser, "desktop", scripts=False) as context:
        page = context.new_page()
        page.goto(f"{served}reviews/")
        shown: list[dict[str, Any]] = (
            page.evaluate("""() => Array.from(document.querySelectorAll(".finding"), finding => ({
          group: finding.closest(".filter-group").querySelector("h2").firstChild.textContent,
          topic: finding.dataset.topic,
          title: finding.querySelector(".finding__title a").textContent,
          page: finding.querySelector(".finding__title a").getAttribute("href"),
          link: finding.querySelector(".short-link").getAttribute("href"),
          flag: finding.querySelector(".finding__title > code").textContent,
          sentence: finding.querySelector(".finding__sentence").textContent,
          review: finding.dataset.review,
          filtered: finding.textContent + finding.dataset.filterText,
        }))""")
        )
        return shown


@pytest.mark.site
def test_the_desk_shows_every_finding_the_worst_first(
    entries: list[dict[str, Any]], findings: list[Finding], catalogue: Catalogue
) -> None:
    shown = [
        (entry["title"], entry["flag"], entry["sentence"], entry["group"], entry["topic"])
        for entry in entries
    ]
    topics = {page.meta.id: topic.title for topic in catalogue.topics for page in topic.answers}
    assert shown == [
        (
            plain(f.title),
            f.flag,
            plain(f.sentence),
            f.severity.capitalize(),
            topics[f.page.meta.id],
        )
        for f in findings
    ]


@pytest.mark.site
def test_the_link_of_every_finding_resolves(
    entries: list[dict[str, Any]], findings: list[Finding], site: Path
) -> None:
    for entry, finding in zip(entries, findings, strict=True):
        assert entry["page"] == f"../{finding.page.address}#{finding.anchor}"
        assert entry["link"] == f"../{finding.page.meta.id}/#{finding.anchor}"
        for link in (entry["page"], entry["link"]):
            assert file_of(site, link.removeprefix("../").partition("#")[0]), link
        answer = site / finding.page.address / "index.html"
        assert finding.anchor in built_page(answer).ids, f"{finding.page.file}: {finding.anchor}"


def links(token: Any) -> list[str]:
    """Return the targets of the links of an inline token."""
    return [child.attrs["href"] for child in token.children if child.type == "link_open"]


@pytest.mark.site
def test_what_is_copied_reads_on_github_as_on_the_page_and_its_links_resolve(
    entries: list[dict[str, Any]], catalogue: Catalogue, site: Path
) -> None:
    for entry in entries:
        address = "https://example.com/answers/"
        markdown = entry["review"].replace("](site:", f"]({address}")
        [_, inline, _] = MarkdownIt().parse(markdown)
        text = "".join(child.content for child in inline.children or [])
        assert text == f"{entry['sentence']} ({entry['title']})"
        assert links(inline)[-1] == address + entry["link"].removeprefix("../")
        for link in links(inline):
            path, _, anchor = link.removeprefix(address).partition("#")
            if (number := path.rstrip("/")).isdigit():
                path = catalogue.answers[int(number)].address
            target = file_of(site, path)
            assert target, f"{entry['title']}: {link} does not resolve"
            assert not anchor or anchor in built_page(target).ids, f"{entry['title']}: {link}"


@pytest.fixture(scope="session")
def section_of(site: Path) -> Callable[[Finding], Section]:
    """Return a function that finds the section of a finding on the built answer."""
    cut: dict[str, list[Section]] = {}

    def find(finding: Finding) -> Section:
        address = finding.page.address
        if address not in cut:
            cut[address] = sections((site / address / "index.html").read_text(encoding="utf-8"))
        return next(part for part in cut[address] if part.anchor == finding.anchor)

    return find


@pytest.mark.site
def test_the_telling_line_and_the_right_code_are_those_of_the_page(
    findings: list[Finding], section_of: Callable[[Finding], Section]
) -> None:
    for finding in findings:
        shown = section_of(finding).code
        source = (ROOT / finding.page.file).read_text(encoding="utf-8")
        for code, file in zip((finding.wrong, finding.right), finding.files, strict=True):
            assert any(block.strip("\n") == code for block in shown) or (f'="{file}"' in source), (
                finding.address
            )
        assert finding.flag in [line.strip() for line in finding.wrong.splitlines()]


@pytest.mark.site
def test_a_finding_is_found_by_the_names_of_its_wrong_code(
    entries: list[dict[str, Any]], findings: list[Finding]
) -> None:
    for entry, finding in zip(entries, findings, strict=True):
        names = [w for w in finding.wrong.split() if w.isidentifier() and not iskeyword(w.lower())]
        filtered = entry["filtered"].lower()
        lost = [name for name in names if len(name) > 2 and name.lower() not in filtered]
        assert not lost, finding.address
