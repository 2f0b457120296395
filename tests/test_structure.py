"""What holds between pages, snippets and tests; the rules are those of CONTRIBUTING.md."""

import ast
import re
from pathlib import Path

import pytest

from scripts.catalogue import ROOT, AnswerPage, load
from scripts.problems import Problem, Problems

CATALOGUE = load()
ANSWERS = [pytest.param(page, id=page.source) for page in CATALOGUE.answers.values()]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
FENCE = re.compile(
    r"^(?P<indent>[ \t>]*)(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)\n(?P<body>.*?)^[ \t>]*(?P=fence)[ \t]*$",
    re.M | re.S,
)
INCLUDE = re.compile(r'-+8<-+ "(?P<path>[^":]+)(?::(?P<section>[\w-]+))?"')
START = re.compile(r"--8<-- \[start:([\w-]+)\]")
END = re.compile(r"--8<-- \[end:([\w-]+)\]")
RECORDED = (".txt", ".json", ".http")


def includes(page: Path) -> list[tuple[int, str, str | None]]:
    """Return line, path below ``snippets`` and section of every include of ``page``."""
    text = page.read_text(encoding="utf-8")
    return [
        (text[: match.start()].count("\n") + 1, match["path"], match["section"])
        for match in INCLUDE.finditer(text)
    ]


def snippet_files(page: AnswerPage) -> list[Path]:
    """Return the files of the answer's snippet folder that are no tests."""
    folder = ROOT / page.snippets
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith("test_")
    )


def refuse(problems: list[Problem]) -> None:
    """Fail with one line for each problem."""
    if problems:
        pytest.fail(str(Problems(problems)), pytrace=False)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT / "docs").as_posix())
def test_every_code_block_is_one_snippet_include(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    name = page.relative_to(ROOT).as_posix()
    problems = []
    for match in FENCE.finditer(text):
        line = text[: match.start()].count("\n") + 1
        include = INCLUDE.fullmatch(match["body"].strip())
        if not include:
            problems.append(
                Problem(
                    name,
                    line,
                    "the code block is pasted",
                    "Put the code into the page's snippet folder and include it by section.",
                )
            )
        elif not include["section"] and not include["path"].endswith(RECORDED):
            problems.append(
                Problem(
                    name,
                    line,
                    f"{include['path']} is included without a section",
                    "Name one: `file:section`.",
                )
            )
        elif not match["info"].strip():
            problems.append(
                Problem(
                    name,
                    line,
                    "the code block names no language",
                    "Write it after the fence, for example ```python.",
                )
            )
    refuse(problems)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT / "docs").as_posix())
def test_every_include_is_a_complete_section_of_the_pages_own_folder(
    page: Path,
) -> None:
    name = page.relative_to(ROOT).as_posix()
    own = page.relative_to(ROOT / "docs").with_suffix("").as_posix().replace("-", "_") + "/"
    problems = []
    for line, path, section in includes(page):
        file = ROOT / "snippets" / path
        if not path.startswith(own) or ".." in path:
            problems.append(
                Problem(
                    name,
                    line,
                    f"{path} belongs to another page",
                    f"Include files of snippets/{own} only.",
                )
            )
        elif not file.is_file():
            problems.append(
                Problem(
                    name,
                    line,
                    f"snippets/{path} does not exist",
                    "Create it or correct the name.",
                )
            )
        elif section:
            text = file.read_text(encoding="utf-8")
            if START.findall(text).count(section) != 1:
                problems.append(
                    Problem(
                        f"snippets/{path}",
                        1,
                        f"the section `{section}` is missing or there twice",
                        f"Mark it with `--8<-- [start:{section}]`; {name}:{line} includes it.",
                    )
                )
            elif END.findall(text).count(section) != 1:
                problems.append(
                    Problem(
                        f"snippets/{path}",
                        1,
                        f"the section `{section}` is not closed",
                        f"Add `--8<-- [end:{section}]`; {name}:{line} includes it.",
                    )
                )
    refuse(problems)


@pytest.mark.parametrize("page", ANSWERS)
def test_every_snippet_and_section_is_shown(page: AnswerPage) -> None:
    shown = {(path, section) for _, path, section in includes(ROOT / page.file)}
    problems = []
    for file in snippet_files(page):
        path = file.relative_to(ROOT / "snippets").as_posix()
        sections = START.findall(file.read_text(encoding="utf-8")) or [None]
        if not any(shown_path == path for shown_path, _ in shown):
            problems.append(
                Problem(
                    f"snippets/{path}",
                    1,
                    f"{page.file} does not show it",
                    "Include it there, or delete it.",
                )
            )
            continue
        problems += [
            Problem(
                f"snippets/{path}",
                1,
                f"{page.file} does not show the section `{section}`",
                "Include it there, or remove its markers.",
            )
            for section in sections
            if (path, section) not in shown
        ]
    refuse(problems)


@pytest.mark.parametrize("page", ANSWERS)
def test_every_snippet_is_touched_by_the_answers_test(page: AnswerPage) -> None:
    folder = ROOT / page.snippets
    tests = "".join(path.read_text(encoding="utf-8") for path in folder.glob("test_*.py"))
    problems = []
    if not (folder / f"test_{folder.name}.py").is_file():
        problems.append(
            Problem(
                page.file,
                1,
                f"{page.snippets}/test_{folder.name}.py does not exist",
                "Prove the page's claims there.",
            )
        )
    else:
        problems += [
            Problem(
                file.relative_to(ROOT).as_posix(),
                1,
                "no test of its folder touches it",
                "Import it, or record it, in the answer's test.",
            )
            for file in snippet_files(page)
            if not re.search(rf"\b{re.escape(file.stem)}\b", tests)
        ]
    refuse(problems)


def test_every_snippet_folder_belongs_to_an_answer() -> None:
    owned = {page.snippets for page in CATALOGUE.answers.values()}
    refuse(
        [
            Problem(
                folder.relative_to(ROOT).as_posix(),
                1,
                "no answer shows this folder",
                "Write its page, or delete it.",
            )
            for folder in sorted((ROOT / "snippets").glob("*/*"))
            if folder.is_dir()
            and not {"__pycache__", ".ruff_cache"} & set(folder.parts)
            and folder.relative_to(ROOT).as_posix() not in owned
        ]
    )


@pytest.mark.parametrize("page", ANSWERS)
def test_every_proof_names_a_test_that_exists(page: AnswerPage) -> None:
    problems = []
    for correction in page.meta.corrections:
        if correction.proof.startswith("https://"):
            continue
        path, name = correction.proof.split("::")
        file = ROOT / path
        tree = ast.parse(file.read_text(encoding="utf-8")) if file.is_file() else ast.Module([], [])
        functions = {
            node.name
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        if name not in functions:
            problems.append(
                Problem(
                    page.file,
                    1,
                    f"the proof {correction.proof} does not exist",
                    "Name a test of the snippets.",
                )
            )
    refuse(problems)


@pytest.mark.parametrize("page", ANSWERS)
def test_every_test_of_a_snippet_asserts_something(page: AnswerPage) -> None:
    problems = []
    for file in (ROOT / page.snippets).glob("test_*.py"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if not isinstance(
                node, ast.FunctionDef | ast.AsyncFunctionDef
            ) or not node.name.startswith("test_"):
                continue
            code = ast.unparse(node)
            if not re.search(r"\bassert\b|pytest\.(raises|warns)\(|recorded\(", code):
                problems.append(
                    Problem(
                        file.relative_to(ROOT).as_posix(),
                        node.lineno,
                        f"{node.name} asserts nothing",
                        "Assert what its name claims.",
                    )
                )
    refuse(problems)


@pytest.mark.parametrize("page", ANSWERS)
def test_every_answer_has_its_head_and_its_foot(page: AnswerPage) -> None:
    text = (ROOT / page.file).read_text(encoding="utf-8")
    body = text.split("---\n", 2)[2].strip()
    problems = []
    if not re.match(r"# [^\n]+\n\n\{\{ answer_head\(\) \}\}\n", body):
        problems.append(
            Problem(
                page.file,
                1,
                "the short answer is not shown",
                "Write `{{ answer_head() }}` right under the question.",
            )
        )
    if not body.endswith("{{ answer_foot() }}"):
        problems.append(
            Problem(
                page.file,
                text.count("\n"),
                "the sources are not shown",
                "End the page with `{{ answer_foot() }}`.",
            )
        )
    refuse(problems)
