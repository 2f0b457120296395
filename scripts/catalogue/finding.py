"""One finding of an answer, and how severe it can be."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

from scripts.catalogue.answers import AnswerPage

Severity = Literal["security", "data loss", "outage", "wrong result", "style"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""What a finding leads to, the worst first."""
PARTS = {
    "the heading with its id, `### Title { #id }`": r"### [^\n]+ \{ #[a-z0-9-]+ \}\n+",
    '`<div class="review" data-severity="…" data-flag="…" markdown>`': (
        r'<div class="review"[^\n]* markdown>\n+'
    ),
    **{
        f'the block "{label}", or `**{label}:** [the code above](#heading).`': (
            rf'(```\w+ title="{label}"\n[^\n]+\n```|\*\*{label}:\*\* \[[^\]\n]+\]\(#[\w-]+\)\.)\n+'
        )
        for label in ("Flag", "Ask for")
    },
    "`</div>`": r"</div>\n+",
    "the sentence to paste, as a quotation": r"> ",
}
"""What a finding holds, in this order."""


def lacking(text: str) -> tuple[int, str]:
    """Return how many lines of a finding are as they have to be, and what has to follow them."""
    at = 0
    for part, pattern in PARTS.items():
        if not (found := re.compile(pattern).match(text, at)):
            return text.count("\n", 0, at), part
        at = found.end()
    return (
        0,
        "data-severity, data-flag, data-wrong and data-right, in this order, and what they ask for",
    )


@dataclass(frozen=True)
class Finding:
    """One finding of an answer."""

    page: AnswerPage
    title: str
    """The heading, in Markdown."""
    anchor: str
    severity: str
    """One of ``SEVERITIES``."""
    wrong: str
    """The code to flag, as the page shows it."""
    flag: str
    """The one line of it that shows the fault, without its indentation."""
    right: str
    """The code to ask for, as the page shows it."""
    language: str
    """Language of the right code, as Markdown names it after a fence."""
    files: tuple[str, str]
    """What the wrong and the right code are included from: ``topic/slug/file.py:section``."""
    sentence: str
    """The sentence to paste: Markdown in one line, with links as the page has them."""

    @property
    def address(self) -> str:
        """Permanent address below the site's root: the short link with the anchor."""
        return f"{self.page.meta.id}/#{self.anchor}"
