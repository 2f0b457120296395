"""Mistakes that many rules would see, or that would end in a traceback: each gives one line, and no other."""

from scripts.validation.files import tables
from tests.mistakes.mistake import CODE, PAGE, Edit, Mistake, add, everything, replace, write

CONFLICT = "<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> other"
MERGED = everything(tables.every_merge_is_finished)
ONE_LINE = everything()
RECORD = "data/checked.yml"


def conflict(file: str, one: str, other: str) -> Mistake:
    """Return a merge that git could not finish."""
    return Mistake(
        f"merge conflict in {file}",
        add(CONFLICT.format(one, other), file),
        MERGED,
        file,
        "<<<<<<< HEAD",
        "two versions that git could not merge. Keep the right lines, and delete those of `<<<<<<<`",
    )


def wrong(name: str, edit: Edit, file: str, at: str, says: str) -> Mistake:
    """Return a mistake that gives one line."""
    return Mistake(name, edit, ONE_LINE, file, at, says)


MISTAKES = [
    conflict(PAGE, "One.", "Another."),
    conflict(f"{CODE}/def_endpoint.py", "x = 1", "x = 2"),
    conflict("data/published.txt", "a/", "b/"),
    conflict("data/redirects.tsv", "a/\tb/", "a/\tc/"),
    conflict("data/notes.tsv", "56\tWhy?\tyes", "56\tHow?\tyes"),
    conflict("tests/search.tsv", "one\t7\ttuned", "two\t7\ttuned"),
    conflict(RECORD, "a: 1", "a: 2"),
    conflict("requirements/test.in", "a", "b"),
    Mistake(
        "merge conflict that is half repaired",
        add("One.\n=======\nAnother.\n>>>>>>> other"),
        MERGED,
        PAGE,
        ">>>>>>> other",
        "two versions that git could not merge",
    ),
    wrong(
        "line of the published list that is no address",
        add("see concurrency/await/", "data/published.txt"),
        "data/published.txt",
        "see concurrency/await/",
        "'see concurrency/await/' is no address. Restore it: git checkout -- data/published.txt; only",
    ),
    wrong(
        "data file that is gone",
        write("data/published.txt", None),
        "data/published.txt",
        "",
        "the file is missing. Restore it: git checkout -- data/published.txt",
    ),
    wrong(
        "note without its number",
        replace("data/notes.tsv", "\n7\t", "\nseven\t"),
        "data/notes.tsv",
        "seven\t",
        "the line begins with no number. Restore it: git checkout -- data/notes.tsv",
    ),
    Mistake(
        "record of releases with a value of another type",
        replace(RECORD, "passed: ", "passed: about "),
        everything(tables.the_record_of_other_releases_can_be_read),
        RECORD,
        "passed: about",
        "the record has another form: `runs.0.passed` is 'about ",
    ),
    wrong(
        "record of releases that is no YAML",
        replace(RECORD, "runs:\n", "runs: [\n"),
        RECORD,
        "",
        "the record is not valid YAML. Restore it: git checkout -- data/checked.yml; only `make versions`",
    ),
    wrong(
        "index option in an input of the locks",
        add("--index-url https://index.example/simple", "requirements/site.in"),
        "requirements/site.in",
        "--index-url",
        "'--index-url https://index.example/simple' is no requirement. Name a package",
    ),
    wrong(
        "version that is none",
        replace(PAGE, "level: working", 'level: working\nsince:\n  fastapi: "next"'),
        PAGE,
        'fastapi: "next"',
        "`since.fastapi` is 'next'. Give a version, like \"0.118.0\"",
    ),
    wrong(
        "macro with a typing mistake",
        replace(PAGE, "{{ answer_foot() }}", "{{ anwser_foot() }}"),
        PAGE,
        "anwser_foot",
        "there is no macro `anwser_foot`. Macros of the pages: all_answers, answer_foot, answer_head, ",
    ),
    wrong(
        "braces in running text",
        add("A template writes {{ request.url }} there."),
        PAGE,
        "{{ request.url }}",
        "`{{ request.url }}` is no call of a macro. Write what is meant to be shown between {% raw %} and",
    ),
    wrong(
        "finding without its quotation",
        replace(PAGE, "> This call blocks", "This call blocks"),
        PAGE,
        "This call blocks",
        "the finding is not complete. Write here the sentence to paste",
    ),
    wrong(
        "finding without its id",
        replace(PAGE, " { #blocking-call-in-async-def }", ""),
        PAGE,
        "### Blocking call",
        "the finding is not complete. Write here the heading with its id",
    ),
    wrong(
        "finding whose flag fits no line",
        replace(PAGE, 'data-flag="time.sleep(5)"', 'data-flag="time.wait(5)"'),
        PAGE,
        "### Blocking call",
        "0 lines of the wrong code hold 'time.wait(5)'",
    ),
    wrong(
        "finding whose code does not exist",
        replace(
            PAGE,
            '8<-- "concurrency/blocking_the_event_loop/def_',
            '8<-- "concurrency/blocking_the_event_loop/d_',
        ),
        PAGE,
        "d_endpoint.py",
        "d_endpoint.py does not exist. Create it or correct the name",
    ),
    wrong(
        "topic that lost its index",
        write("docs/models/index.md", None),
        "docs/models/camel-case.md",
        "",
        "the topic models has no index. Write docs/models/index.md",
    ),
    wrong(
        "folder of files that git leaves out",
        add("*.http", ".gitignore"),
        ".gitignore",
        "*.http",
        "*.http can hide files of the project",
    ),
    wrong(
        "redirect of a page that is there",
        add("concurrency/await/\tconcurrency/coroutine-functions/", "data/redirects.tsv"),
        "data/redirects.tsv",
        "concurrency/await/",
        "concurrency/await/ is a page. Delete the redirect, or the page",
    ),
    wrong(
        "include of another page's program",
        add('```python\n--8<-- "concurrency/await/x.py:a"\n```'),
        PAGE,
        "--8<--",
        "concurrency/await/x.py belongs to another page",
    ),
    wrong(
        "macro that is called with a name",
        add('{{ version(name="fastapi") }}'),
        PAGE,
        "{{ version",
        "the macro `version` fails",
    ),
]
