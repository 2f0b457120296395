"""The findings of `## In review`: what a reviewer flags, what to ask for, and the sentence to paste."""

import html
import re
from pathlib import Path

from pymdownx.snippets import SnippetMissingError

from scripts.catalogue.answers import AnswerPage, Catalogue
from scripts.catalogue.files.included_code import included
from scripts.catalogue.files.problems import Problem, Problems
from scripts.catalogue.files.reading import once, text_of
from scripts.catalogue.finding import SEVERITIES, Finding, lacking
from scripts.catalogue.names import is_wrong
from scripts.project import ROOT

IN_REVIEW = re.compile(r"^## In review\n(.*?)(?=^## |\{\{ answer_foot)", re.M | re.S)
FINDING = re.compile(
    r"### (?P<title>[^\n]+) \{ #(?P<anchor>[a-z0-9-]+) \}\n+"
    r'<div class="review"(?: data-severity="(?P<severity>[^"\n]*)")?'
    r'(?: data-flag=(?P<quote>["\'])(?P<flag>[^\n]+)(?P=quote))?'
    r'(?: data-wrong="(?P<wrong_above>[^"]+)")?(?: data-right="(?P<right_above>[^"]+)")? markdown>\n+'
    r'(?(wrong_above)\*\*Flag:\*\* \[[^\]\n]+\]\(#[\w-]+\)\.|```\w+ title="Flag"\n(?P<wrong>[^\n]+)\n```)\n+'
    r"(?(right_above)\*\*Ask for:\*\* \[[^\]\n]+\]\(#[\w-]+\)\."
    r'|```(?P<language>\w+) title="Ask for"\n(?P<right>[^\n]+)\n```)\n+'
    r"</div>\n+"
    r"(?P<sentence>(?:> [^\n]+\n)+)"
)
EXCHANGED = re.compile(r'^```\w+ title="Ask for"\n.*?^```\w+ title="Flag"\n', re.M | re.S)


def included_file(include: str) -> str:
    """Return what stands between the quotation marks of an include."""
    return include.partition('"')[2].rpartition('"')[0]


def read_finding(page: AnswerPage, line: int, text: str, root: Path, body: str = "") -> Finding:
    """Return the finding that ``text`` describes from ``line`` of ``page`` on.

    It may refer to a block of ``body``, the part of the page above, in place of showing the code again.

    Raises ``Problems`` with one fault where it has not the form that CONTRIBUTING.md asks for.
    """

    def refused(fault: str, remedy: str) -> Problems:
        return Problems([Problem(page.file, line, fault, remedy, "The page")])

    match = FINDING.match(text)
    if exchanged := EXCHANGED.search(text):
        line += text.count("\n", 0, exchanged.start())
        raise refused("the titles are exchanged", 'Call wrong code "Flag", right code "Ask for".')
    if not match:
        lines, part = lacking(text)
        line += lines
        raise refused("the finding is not complete", f"Write here {part}.")
    if match["severity"] not in SEVERITIES:
        raise refused(
            f"the finding says {match['severity'] or 'nothing'!r} of how severe it is",
            f'Write `data-severity="…"` after `class="review"`: {", ".join(SEVERITIES)}.',
        )
    language = match["language"]
    includes = []
    for name in ("wrong", "right"):
        above = match[f"{name}_above"]
        includes.append(f'--8<-- "{above}"' if above else match[name])
        if not above:
            continue
        shown = re.search(rf'^```(\w+)[^\n]*\n--8<-- "{re.escape(above)}"\n', body, re.M)
        if not shown:
            remedy = "Name the include of a block that stands above, or show the code here."
            raise refused(f"no block above shows {above}", remedy)
        language = shown[1] if name == "right" else language
    files = [included_file(include) for include in includes]
    kinds = [is_wrong(file) for file in files]
    if kinds != [True, False]:
        line += text.count("\n", 0, text.find(files[kinds[0]]))
        fault = f"{files[kinds[0]]} is {('right', 'wrong')[kinds[0]]} code"
        raise refused(
            fault, "Flag wrong code, whose file is called wrong_…, and ask for right code."
        )
    try:
        wrong, right = (included(include, root).strip("\n") for include in includes)
    except SnippetMissingError as error:
        raise refused(f"{error}", "Correct the include.") from error
    flag = html.unescape(match["flag"] or "")
    telling = [code.strip() for code in wrong.splitlines() if code.strip() and flag in code]
    if len(telling) != 1:
        raise refused(
            f"{len(telling)} lines of the wrong code hold {flag!r}"
            if flag
            else "the finding does not say which line of the wrong code shows the fault",
            'Write it, or a part that no other line has: <div class="review" data-flag="…" markdown>.',
        )
    return Finding(
        page,
        match["title"],
        match["anchor"],
        match["severity"],
        wrong,
        telling[0],
        right,
        language,
        (files[0], files[1]),
        " ".join(line.removeprefix("> ") for line in match["sentence"].splitlines()),
    )


@once
def read_findings(page: AnswerPage, root: Path = ROOT) -> list[Finding]:
    """Return the findings of ``page``, in its order.

    Raises ``Problems`` with every finding that has not the form that CONTRIBUTING.md asks for.
    """
    text = text_of(root, page.file)
    part = IN_REVIEW.search(text)
    if not part:
        return []
    findings: list[Finding] = []
    problems: list[Problem] = []
    start = text[: part.start(1)].count("\n") + 1
    head, *pieces = re.split(r"^(?=### )", part[1], flags=re.M)
    start += head.count("\n")
    if not pieces:
        fault, remedy = "`In review` has no finding", "Write one, or leave it out."
        problems.append(Problem(page.file, start, fault, remedy, "The page"))
    for piece in pieces:
        try:
            findings.append(read_finding(page, start, piece, root, text[: part.start()]))
        except Problems as faults:
            problems += faults.problems
        start += piece.count("\n")
    if problems:
        raise Problems(problems)
    return findings


def all_findings(catalogue: Catalogue, root: Path = ROOT) -> dict[int, list[Finding]]:
    """Return the findings of each answer by its number, in reading order.

    Raises ``Problems`` with the faults of all pages.
    """
    findings: dict[int, list[Finding]] = {}
    problems: list[Problem] = []
    for number, page in catalogue.answers.items():
        try:
            findings[number] = read_findings(page, root)
        except Problems as faults:
            problems += faults.problems
    if problems:
        raise Problems(problems)
    return findings
