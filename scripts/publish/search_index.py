"""Write the search index: what the search box knows of each answer, in one JSON file.

The index holds text, not postings: the browser cuts it into words with the same code that cuts the
query, so that both always agree. It is fetched when the search is first wanted.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from scripts.catalogue.answers import AnswerPage, Catalogue
from scripts.catalogue.files.tables import read_rows
from scripts.project import ROOT, repository_url
from scripts.publish.sections import Section, sections

INDEX = "assets/search/index.json"
SYNONYMS = "data/synonyms.tsv"
WORD = re.compile(r"\w+")
NAME = re.compile(r"@[\w.]+|\w+")  # of code; a decorator is searched as a whole too
SENTENCE = re.compile(r"(?<=[.!?:]) (?=[A-Z])")
# A sentence stays whole where it brings at least so many new words to the index of its answer;
# of the others only the new words are kept. That halves the index and loses no word.
NEW_WORDS = 3
COMMON = 0.4  # share of the answers from which on a word is not new


def lower_words(text: str) -> list[str]:
    """Return the words of ``text`` in lower case, each once, in their order."""
    return list(dict.fromkeys(word.lower() for word in WORD.findall(text)))


def common_words(texts: Iterable[str]) -> set[str]:
    """Return the words that so many of ``texts`` hold that they tell none from another."""
    counts: Counter[str] = Counter()
    number = 0
    for number, text in enumerate(texts, 1):  # noqa: B007
        counts.update(lower_words(text))
    return {word for word, count in counts.items() if count > COMMON * number}


def condense(page: AnswerPage, parts: list[Section], common: set[str]) -> list[list[str]]:
    """Return anchor, heading, telling sentences and further words of each section of an answer.

    A finding's section also has its Markdown for a review. The first section, above the first heading,
    has neither anchor nor heading.
    """
    known = common | set(
        lower_words("\n".join([page.title, page.meta.answer, *page.meta.asked_as]))
    )
    condensed = []
    for number, part in enumerate(parts):
        known.update(lower_words(part.heading))
        sentences, further = [], []
        for sentence in (s for line in part.lines for s in SENTENCE.split(line)):
            new = [word for word in lower_words(sentence) if word not in known]
            known.update(new)
            if len(new) >= NEW_WORDS:
                sentences.append(sentence)
            else:
                further += new
        # Of code only the names count. They keep their capitals, by which they are cut into words.
        for name in dict.fromkeys(NAME.findall("\n".join(part.code))):
            if name.lower() not in known and not name.isdigit():
                known.add(name.lower())
                further.append(name)
        place = [part.anchor, part.heading] if number else ["", ""]
        review = [part.review] if part.review else []
        condensed.append([*place, "\n".join(sentences), " ".join(further), *review])
    return condensed


def read_synonyms() -> dict[str, str]:
    """Return what else a word of a query stands for."""
    rows = read_rows(ROOT, SYNONYMS, columns=2)
    return {row.cells[0]: row.cells[1] for row in rows}


def write_index(catalogue: Catalogue, site: Path) -> None:
    """Write the index of the built site; a retired answer's words lead to the one that replaced it."""
    pages = {
        number: sections((site / page.address / "index.html").read_text(encoding="utf-8"))
        for number, page in catalogue.living.items()
    }
    asked = {number: list(page.meta.asked_as) for number, page in catalogue.living.items()}
    for page in catalogue.answers.values():
        if page.meta.replaced_by is not None:
            asked[page.meta.replaced_by] += [page.title, *page.meta.asked_as]
    common = common_words(
        "\n".join(line for part in page for line in part.lines) for page in pages.values()
    )
    answers = [
        {
            "id": number,
            "url": page.address,
            "title": page.title,
            "answer": page.meta.answer,
            "asked": asked[number],
            "sections": condense(page, pages[number], common),
        }
        for number, page in catalogue.living.items()
    ]
    content = {
        "repository": repository_url(),
        "synonyms": read_synonyms(),
        "answers": answers,
    }
    path = site / INDEX
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps(content, ensure_ascii=False, separators=(",", ":")), encoding="utf-8"
    )
