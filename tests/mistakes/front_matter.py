"""Mistakes in the front matter, and with the numbers of answers."""

import re

from scripts.validation.files import search_phrases
from scripts.validation.pages import between_answers, notes
from tests.mistakes.mistake import (
    CODE,
    PAGE,
    Edit,
    Mistake,
    Tree,
    add,
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
    wrong(
        "unknown key",
        replace(PAGE, "level: working", "level: working\nlevle: deep"),
        "levle: deep",
        "unknown key `levle`. Write `level`, or delete it. Allowed keys: id, answer, asked_as, level",
    ),
    wrong(
        "unknown key inside another one",
        replace(PAGE, "    url: ", "    ulr: x\n    url: "),
        "ulr: x",
        "unknown key `sources.0.ulr`. Write `url`, or delete it. Allowed keys: title, url",
    ),
    wrong("missing key", key("answer", ""), "", "the key `answer` is missing. Add it"),
    wrong(
        "key that stands there twice",
        replace(PAGE, "level: working", "level: deep\nlevel: working"),
        "level: deep",
        "the key `level` stands there twice. Keep one of them",
    ),
    wrong(
        "value of the wrong type",
        replace(PAGE, "id: 7", 'id: "7"'),
        'id: "7"',
        "`id` is '7'. It has to be a valid integer",
    ),
    wrong(
        "version without quotes",
        replace(PAGE, "level: working", "level: working\nsince:\n  fastapi: 0.118"),
        "fastapi: 0.118",
        "`since.fastapi` is 0.118. It has to be a valid string. Put it in quotes",
    ),
    wrong(
        "version of an unknown package",
        replace(PAGE, "level: working", 'level: working\nsince:\n  flask: "3.0"'),
        "flask:",
        "It has to be 'fastapi', 'starlette', 'pydantic', 'uvicorn' or 'python'",
    ),
    wrong(
        "level that does not exist",
        replace(PAGE, "level: working", "level: expert"),
        "level: expert",
        "`level` is 'expert'. It has to be 'basic', 'working' or 'deep'",
    ),
    wrong(
        "note out of range",
        replace(PAGE, "notes: [7]", "notes: [7, 56]"),
        "notes: [7, 56]",
        "`notes.1` is 56. It has to be less than or equal to 55",
    ),
    wrong(
        "date that is none",
        replace(PAGE, "date: 2026-11-24", "date: yesterday"),
        "date: yesterday",
        "date` is 'yesterday'. It has to be a valid date. Write it like 2026-11-24",
    ),
    wrong(
        "date that does not exist",
        replace(PAGE, "date: 2026-11-24", "date: 2026-02-30"),
        "date: 2026-02-30",
        "the date does not exist: day is out of range for month. Correct it",
    ),
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
        "source that is not https",
        replace(PAGE, "url: https://fastapi", "url: http://fastapi"),
        "url: http://fastapi",
        "`sources.0.url` is 'http://fastapi.tiangolo.com/async/#path-operation-functions. Give an https",
    ),
    wrong(
        "proof that names no test",
        replace(PAGE, f"proof: {CODE}/test", f"proof: see {CODE}/test"),
        "proof: see",
        "Name a test, snippets/<topic>/<slug>/test_<slug>.py::test_<claim>, or an https address",
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
        "heading that is no question",
        replace(PAGE, "other request wait?", "other request wait"),
        "# Why does one slow endpoint",
        "the heading 'Why does one slow endpoint make every other request wait' is not a question",
    ),
    wrong(
        "no heading",
        replace(PAGE, "# Why does one", "Why does one"),
        "",
        "the page has no heading. Write the question as `# …?` under the front matter",
    ),
    wrong(
        "page that is not UTF-8",
        latin_1,
        "rker process runs",
        "the file is not UTF-8. Save it as UTF-8",
    ),
    wrong(
        "related answer that does not exist",
        replace(PAGE, "related: [5", "related: [9999, 5"),
        "related: [9999",
        "related: 9999 is no other answer, or retired. Name ids of existing answers",
    ),
    wrong(
        "answer related to itself",
        replace(PAGE, "related: [5", "related: [7, 5"),
        "related: [7",
        "related: 7 is no other answer, or retired. Name ids of existing answers",
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
        "id that was published for another page",
        replace(OTHER, "id: 6", "id: 7"),
        catalogue,
        OTHER,
        "id: 7",
        "the id 6 was published, and is now 7. Restore 6",
    ),
    Mistake(
        "changed id",
        replace(PAGE, "id: 7", "id: 999"),
        catalogue,
        PAGE,
        "id: 999",
        "the id 7 was published, and is now 999. Restore 7",
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
        "phrase that leads to no answer",
        add("how fast is it\t9999\ttuned", "tests/search.tsv"),
        rule(search_phrases.the_list_asks_for_every_answer),
        "tests/search.tsv",
        "how fast is it",
        "“how fast is it” leads to no answer, or a retired one. Name the id of one, after a tab",
    ),
    Mistake(
        "phrase that stands twice among what is not answered",
        add("unanswered once\ttuned\nunanswered once\ttuned", "tests/unanswered.tsv"),
        rule(search_phrases.what_is_not_answered_stands_in_one_list),
        "tests/unanswered.tsv",
        "unanswered once",
        "“unanswered once” stands in line",
    ),
    Mistake(
        "learning path that names an answer twice",
        add("## Twice\n\n{{ path([7, 7]) }}", "docs/paths.md"),
        rule(between_answers.no_learning_path_names_an_answer_twice),
        "docs/paths.md",
        "path([7, 7])",
        "7 stands in this path twice. Keep the first",
    ),
    Mistake(
        "note that no answer claims any more",
        replace(WHAT_IS, "notes: [1]", "notes: []"),
        rule(notes.every_note_is_claimed_by_an_answer),
        "data/notes.tsv",
        "1\t",
        "no answer claims note 1. Name it in `notes` of the answer that covers it",
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
