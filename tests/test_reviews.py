"""The form of `In review`: findings that can be linked, quoted and collected."""

import re

import pytest

from scripts.catalogue import ROOT, AnswerPage, load
from scripts.problems import Problem, Problems

FINDING = re.compile(
    r"\A### [^\n]+ \{ #[a-z0-9-]+ \}\n+"
    r'<div class="review" markdown>\n+'
    r'```\w+ title="Flag"\n[^\n]+\n```\n+'
    r'```\w+ title="Ask for"\n[^\n]+\n```\n+'
    r"</div>\n+"
    r"(> [^\n]+\n)+"
)


def findings(page: AnswerPage) -> list[tuple[int, str]]:
    """Return the line and the text of each finding below `## In review` of ``page``."""
    text = (ROOT / page.file).read_text(encoding="utf-8")
    part = re.search(r"^## In review\n(.*?)(?=^## |\{\{ answer_foot)", text, re.M | re.S)
    if not part:
        return []
    pieces = re.split(r"^(?=### )", part[1], flags=re.M)[1:]
    return [(text[: text.index(piece)].count("\n") + 1, piece) for piece in pieces]


@pytest.mark.parametrize(
    "page", [pytest.param(page, id=page.source) for page in load().answers.values()]
)
def test_every_finding_has_an_anchor_wrong_and_right_code_and_a_sentence(page: AnswerPage) -> None:
    problems = [
        Problem(
            page.file,
            line,
            "the finding is not complete",
            'Write "### Title { #id }", the review with "Flag" and "Ask for", and a quotation.',
        )
        for line, piece in findings(page)
        if not FINDING.match(piece)
    ]
    if problems:
        pytest.fail(str(Problems(problems)), pytrace=False)
    assert "## In review" not in (ROOT / page.file).read_text(encoding="utf-8") or findings(page)
