"""The form of `In review`: findings that can be linked, quoted and collected."""

from pathlib import Path

import pytest

from scripts.catalogue import ROOT, AnswerPage, load
from scripts.findings import read_finding, read_findings
from scripts.problems import Problems

CATALOGUE = load()
PAGE = next(iter(CATALOGUE.answers.values()))
COMPLETE = """### Blocking call { #blocking-call }

<div class="review" data-flag="time.sleep(5)" markdown>

```python title="Flag"
--8<-- "wrong.py:call"
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


@pytest.mark.parametrize(
    "page", [pytest.param(page, id=page.source) for page in CATALOGUE.answers.values()]
)
def test_every_finding_has_an_anchor_wrong_and_right_code_and_a_sentence(page: AnswerPage) -> None:
    faults = ""
    try:
        findings = read_findings(page)
    except Problems as problems:
        faults = str(problems)
    if faults:
        pytest.fail(faults, pytrace=False)
    in_review = "\n## In review\n" in (ROOT / page.file).read_text(encoding="utf-8")
    assert bool(findings) == in_review


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a root whose snippets are those of ``COMPLETE``."""
    (tmp_path / "snippets").mkdir()
    (tmp_path / "snippets/wrong.py").write_text(WRONG, encoding="utf-8")
    right = WRONG.replace("time.sleep(5)", "await sleep(5)")
    (tmp_path / "snippets/right.py").write_text(right, encoding="utf-8")
    return tmp_path


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
        (" { #blocking-call }", "", "the finding is not complete. Write"),
        ('title="Ask for"', "", "the finding is not complete. Write"),
        ("> ", "", "the finding is not complete. Write"),
        ("wrong.py:call", "wrong.py:gone", "Snippet section 'gone' could not be located. Correct"),
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
    assert line.startswith(f"{PAGE.file}:12: ")
    assert message in line


def test_every_fault_of_a_page_is_reported_with_its_line(root: Path) -> None:
    path = root / PAGE.file
    path.parent.mkdir(parents=True)
    faulty = COMPLETE.replace("> ", "")
    path.write_text(f"# Q?\n\n## In review\n\n{faulty}\n{COMPLETE}\n{faulty}\n## Next\n", "utf-8")
    with pytest.raises(Problems) as refused:
        read_findings(PAGE, root)
    lines = [problem.line for problem in refused.value.problems]
    assert lines == [5, 5 + 2 * (COMPLETE.count("\n") + 1)]
    path.write_text("# Q?\n\n## In review\n\nNothing.\n\n## Next\n", encoding="utf-8")
    with pytest.raises(Problems, match=r"`In review` has no finding\. Write one"):
        read_findings(PAGE, root)
