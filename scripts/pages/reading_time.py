"""How long an answer takes to read.

The rule: words of the page, its code and its corrections included, at 175 words a minute, rounded to
whole minutes. Brysbaert (2019, doi:10.1016/j.jml.2019.104047) finds that most adults read English
non-fiction at 175 to 300 words a minute. The slow end is taken because the text is technical, holds
code, and is in no native language for many of its readers.
"""

import re

from scripts.catalogue.answers import AnswerPage
from scripts.catalogue.files.included_code import included
from scripts.project import ROOT

WORDS_A_MINUTE = 175
# What a page holds beside words that are read: macros, the targets of links, tags and attributes.
UNREAD = re.compile(r"\{\{.*?\}\}|\]\([^)]*\)|</?[a-z][^>]*>|\{ [#.:][^}]*\}")
WORD = re.compile(r"\w[\w.'-]*")


def words(page: AnswerPage) -> int:
    """Return the number of words of an answer, with the code that its snippets bring in.

    Names joined by dots (``app.get``) count as one word. Sources, related answers and other wordings
    do not count.
    """
    text = (ROOT / page.file).read_text(encoding="utf-8").split("---\n", 2)[2]
    corrections = [part for c in page.meta.said for part in (c.claim, c.truth)]
    return len(
        WORD.findall(
            UNREAD.sub("", "\n".join([page.meta.answer, included(text, ROOT), *corrections]))
        )
    )


def minutes(page: AnswerPage) -> int:
    """Return the minutes that an answer takes to read, at least 1."""
    return max(1, round(words(page) / WORDS_A_MINUTE))
