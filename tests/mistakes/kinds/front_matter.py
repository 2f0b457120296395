"""Mistakes in the front matter, and with the numbers of answers."""

import re

from scripts.validation.pages import notes
from scripts.validation.proofs import search_phrases
from tests.mistakes.mistake import (
    PAGE,
    Edit,
    Mistake,
    Tree,
    all_of,
    catalogue,
    replace,
    rule,
)

WHAT_IS = "docs/foundations/what-is-fastapi.md"
OTHER = "docs/concurrency/def-in-the-thread-pool.md"


def key(name: str, value: str) -> Edit:
    """Give a key of the page another value; an empty one deletes the key."""

    def edit(tree: Tree) -> None:
        text, number = re.subn(
            rf"^{name}:.*\n(?:[ ].*\n)*", lambda _: value, tree.text(PAGE), count=1, flags=re.M
        )
        assert number == 1, f"{PAGE} has no key {name}: repair this test"
        tree.write(PAGE, text)

    return edit


def wrong(name: str, edit: Edit, at: str, says: str) -> Mistake:
    """Return a mistake in the front matter of the page."""
    return Mistake(name, edit, catalogue, PAGE, at, says)


def new_page(slug: str, number: int) -> Edit:
    """Begin a page by copying another one."""
    return lambda tree: tree.write(
        f"docs/concurrency/{slug}.md", tree.text(PAGE).replace("id: 7", f"id: {number}")
    )


def without_front_matter(tree: Tree) -> None:
    """Begin the page with its heading."""
    tree.write(PAGE, tree.text(PAGE).split("---\n", 2)[2].lstrip())


def latin_1(tree: Tree) -> None:
    """Save the page in another encoding."""
    text = tree.text(PAGE).replace("worker process runs", "w\u00f6rker process runs")
    tree.write(PAGE, text.encode("latin-1", "replace"))


def reuse(tree: Tree) -> None:
    """Delete the page, and write another one with its number."""
    tree.write("docs/concurrency/new-page.md", tree.text(PAGE))
    tree.write(PAGE, None)


MISTAKES = [
    wrong("missing key", key("answer", ""), "", "the key `answer` is missing. Add it"),
    wrong(
        "short answer too long",
        key("answer", f"answer: {'A blocking call stops the event loop. ' * 9}\n"),
        "answer: A blocking",
        "`answer` has 341 characters. It has to have at most 300 characters",
    ),
    wrong(
        "short answer with a line break",
        key("answer", "answer: |\n  A blocking call stops\n  the event loop of the worker.\n"),
        "answer: |",
        "Write it on one line",
    ),
    wrong(
        "invalid YAML",
        key("answer", "answer: Await: the loop has to go on, always.\n"),
        "answer: Await:",
        "the front matter is not valid YAML. Quote values that hold `: ` or `#`",
    ),
    wrong(
        "no front matter",
        without_front_matter,
        "",
        "the page has no front matter. Begin it with a line `---`, the keys",
    ),
    wrong(
        "page that is not UTF-8",
        latin_1,
        "rker process runs",
        "the file is not UTF-8. Save it as UTF-8",
    ),
    Mistake(
        "id of another answer",
        new_page("new-page", 7),
        catalogue,
        "docs/concurrency/new-page.md",
        "id: 7",
        "the id 7 was published for concurrency/blocking-the-event-loop/. Take the next free number, ",
    ),
    Mistake(
        "id of another new answer",
        all_of(new_page("new-page", 999), new_page("newer-page", 999)),
        catalogue,
        "docs/concurrency/newer-page.md",
        "id: 999",
        "id 999 is also that of docs/concurrency/new-page.md. Give the newer of the two the next free",
    ),
    Mistake(
        "id of an answer that is gone",
        reuse,
        catalogue,
        "docs/concurrency/new-page.md",
        "id: 7",
        "the id 7 was published for concurrency/blocking-the-event-loop/. Move a page with `make move`; "
        "give a new one the next free number, ",
    ),
    Mistake(
        "ids of two answers swapped",
        all_of(replace(PAGE, "id: 7", "id: 6"), replace(OTHER, "id: 6", "id: 7")),
        catalogue,
        PAGE,
        "id: 6",
        "the id 7 was published, and is now 6. Restore 7",
        lines=2,
    ),
    Mistake(
        "answer without phrases for the search",
        new_page("new-page", 999),
        rule(search_phrases.the_list_asks_for_every_answer),
        "tests/search.tsv",
        "",
        "0 phrases for id 999, docs/concurrency/new-page.md. Add 8 that people type",
    ),
    Mistake(
        "correction of a note that no answer claims",
        replace(WHAT_IS, "notes: [1]", "notes: []"),
        rule(notes.a_correction_corrects_a_note_that_an_answer_claims),
        WHAT_IS,
        "note: 1",
        "no answer claims note 1, which is corrected here. Name it in `notes`",
        lines=4,  # one for each correction
    ),
]
