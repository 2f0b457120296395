"""Checks on other releases: what a run is read as, recorded as and shown as. Nothing is installed here."""

import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scripts.catalogue.answers import AnswerPage, Catalogue, load
from scripts.catalogue.files.problems import Problems
from scripts.pages import macros
from scripts.project import ROOT
from scripts.releases import pytest_report, release_sets, run_sets
from scripts.releases.environment import CommandError
from scripts.releases.proof import proof_of
from scripts.releases.record import (
    FILE,
    SETS,
    Record,
    Run,
    digest,
    read_record,
    stale,
    unproved,
    write_record,
)
from scripts.releases.since import lacking
from tests.releases.records import (
    ANSWER,
    LOCK,
    LOCKED,
    NEWEST,
    OLDEST,
    make_run,
    record_with_a_failure,
    sentence,
)


@pytest.fixture
def page(catalogue: Catalogue) -> AnswerPage:
    return catalogue.answers[ANSWER]


@pytest.fixture
def record(page: AnswerPage) -> Record:
    """A proof of the page fails on the newest releases."""
    return record_with_a_failure(page)


# --- The committed record


def test_the_record_belongs_to_the_lock() -> None:
    faults = stale(read_record(), LOCK)
    remedy = (
        "Run `make versions` and commit the file; on a branch of Dependabot run `make lock` first."
    )
    assert not faults, f"{FILE}: it was made with {'; '.join(faults)}. {remedy}"


def test_the_record_has_every_set_on_the_same_pythons() -> None:
    record = read_record()
    pythons = [[run.key[1] for run in record.of(kind)] for kind in SETS]
    assert pythons[0]
    assert pythons == [pythons[0]] * 3, f"{FILE}: a run is missing. Run `make versions`."


@pytest.mark.parametrize("kind", ["oldest", "locked"])
def test_every_proof_holds_on_the_oldest_and_the_locked_releases(kind: Any) -> None:
    failing = [(run.key, run.failing) for run in read_record().of(kind) if run.failing]
    assert not failing, f"{FILE}: {failing}. Correct the page, or say with `since` what it needs."


def test_the_oldest_releases_are_those_of_the_lock_of_the_oldest() -> None:
    locked = dict(
        line.split("==")
        for line in release_sets.pins(release_sets.LOCKS["oldest"])
        if ";" not in line
    )
    for run in read_record().of("oldest"):
        assert {name: locked[name] for name in run.versions} == run.versions, "Run `make versions`."


# --- What a page says


def render(record: Record, page: AnswerPage, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Return head and foot of a page as the macros write them from ``record``."""
    found: dict[str, Any] = {}
    monkeypatch.setattr(macros, "read_record", lambda: record)
    rendered = SimpleNamespace(meta={"id": page.meta.id})
    macros.define_env(
        SimpleNamespace(
            conf={"extra": {}, "site_url": "https://example.org/"},
            page=rendered,
            macro=lambda f: found.setdefault(f.__name__, f),
        )
    )
    return found["answer_head"](), found["answer_foot"]()


def test_a_page_names_what_it_was_checked_on(
    record: Record, page: AnswerPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    foot = render(record, page, monkeypatch)[1]
    assert f"Checked on 2026-12-01 with {sentence(LOCKED)}, on Python 3.11 and 3.12.\n" in foot
    assert f"Oldest releases checked: {sentence(OLDEST)}.\n" in foot


def test_a_page_with_newer_parts_says_so(
    record: Record, page: AnswerPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    record.runs[0].newer[ANSWER] = 2
    assert "without what is marked as newer." in render(record, page, monkeypatch)[1]


def test_a_page_that_needs_newer_releases_names_no_oldest(
    record: Record, page: AnswerPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    record.runs[0].left_out.append(ANSWER)
    record.runs[1].left_out.append(ANSWER)
    foot = render(record, page, monkeypatch)[1]
    assert "Checked on 2026-12-01" in foot
    assert "Oldest" not in foot


def test_a_page_whose_proof_failed_says_so_first(
    record: Record, page: AnswerPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    head, foot = render(record, page, monkeypatch)
    title = f'!!! failure "Proof failed on {sentence(NEWEST)} on 2026-12-01"\n\n    '
    assert head.startswith(title)
    assert head.count("Proof failed") == 1, "both Pythons have the same releases"
    assert "`test_that_fails`" in head
    assert "Newest" not in foot
    assert head.index("test_that_fails") < head.index(page.meta.answer)


def test_newest_releases_that_are_the_locked_ones_are_not_named_twice(
    record: Record, page: AnswerPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for run in record.of("newest"):
        run.versions.update(LOCKED)
        run.failing.clear()
    foot = render(record, page, monkeypatch)[1]
    assert "Newest" not in foot


def test_a_page_that_holds_says_nothing_of_failures(
    record: Record, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = next(page for number, page in catalogue.answers.items() if number != ANSWER)
    record.answers[other.meta.id] = digest(other)
    head, foot = render(record, other, monkeypatch)
    assert "failed" not in head.partition(other.meta.answer)[0]
    assert f"Newest releases checked: {sentence(NEWEST)}.\n" in foot


def test_code_that_is_newer_than_the_run_is_shown_with_the_lock_alone(
    record: Record, page: AnswerPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    record.answers[ANSWER] = "00000000"
    head, foot = render(record, page, monkeypatch)
    assert (
        f"Checked with {sentence(LOCKED)}, locked on {LOCK.date}; not yet on other releases."
        in foot
    )
    assert "Proof failed" not in head


def test_an_edit_of_code_output_or_test_changes_the_digest(page: AnswerPage, tree: Path) -> None:
    before = digest(page, tree)
    assert before == digest(page)
    (tree / page.snippets / "output.txt").write_text("", encoding="utf-8")
    assert digest(page, tree) != before


def test_a_record_of_another_lock_says_nothing(record: Record, page: AnswerPage) -> None:
    assert proof_of(page, record, LOCK)
    for run in record.of("locked"):
        run.versions["starlette"] = "0.0.1"
    assert stale(record, LOCK) == [f"starlette 0.0.1, now {LOCKED['starlette']}"]
    assert proof_of(page, record, LOCK) is None


# --- What is recorded


def test_a_record_is_read_as_it_was_written(record: Record, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write_record(record, tmp_path)
    assert read_record(tmp_path) == record


def test_a_record_that_covers_less_is_refused(record: Record, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write_record(record, tmp_path)
    less = record.model_copy(update={"runs": [r for r in record.runs if r.key[1] != "3.12"]})
    with pytest.raises(
        Problems, match=r"kept, since this run lacks locked on Python 3\.12, newest"
    ):
        write_record(less, tmp_path)
    assert read_record(tmp_path) == record


@pytest.fixture
def untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where something is recorded."""
    monkeypatch.setattr(run_sets, "write_record", lambda record: pytest.fail("recorded"))


@pytest.mark.usefixtures("untouched")
def test_a_part_is_not_recorded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen: list[Any] = []

    def run_all(*values: Any) -> list[Run]:
        chosen.extend(values[:2])
        return []

    monkeypatch.setattr(run_sets, "run_all", run_all)
    assert run_sets.main(["newest", "3.12"]) == 0
    assert chosen == [["newest"], ["3.12"]]
    assert "nothing is recorded" in capsys.readouterr().out


@pytest.mark.usefixtures("untouched")
def test_an_aborted_run_is_not_recorded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def abort(*values: Any) -> Any:
        raise CommandError("pytest ended with 2: x.log says why")

    monkeypatch.setattr(run_sets, "run_all", abort)
    assert run_sets.main([]) == 1
    assert capsys.readouterr().err == "Nothing is recorded. pytest ended with 2: x.log says why\n"


@pytest.mark.usefixtures("untouched")
def test_an_unknown_name_gets_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_sets.main(["latest"]) == 1
    assert capsys.readouterr().out.startswith("latest: no set and no Python of oldest, locked")


def test_newest_releases_that_are_the_locked_ones_are_not_run_twice(
    monkeypatch: pytest.MonkeyPatch, catalogue: Catalogue, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = []

    def run(kind: Any, python: Path, version: str, catalogue: Catalogue) -> Run:
        ran.append(kind)
        return make_run(kind, version)

    monkeypatch.setattr(run_sets, "resolve_newest", lambda: release_sets.LOCKS["locked"])
    monkeypatch.setattr(
        run_sets, "find_python", lambda series: {"3.11": (Path(), "3.11.7")}.get(series)
    )
    monkeypatch.setattr(run_sets, "run", run)
    runs = run_sets.run_all(list(SETS), ["3.11", "3.12"], catalogue)
    assert ran == ["oldest", "locked"]
    assert [(r.set, r.same_as_locked) for r in runs][-1] == ("newest", True)
    assert "Python 3.12 is not installed: left out.\n" in capsys.readouterr().out


# --- What pytest reports, from a real run of pytest on a small tree


TESTS = {
    "holds": "def test_a(): assert True\n",
    "fails": "import pytest\n@pytest.mark.parametrize('x', [1, 2])\ndef test_b(x): assert not x\n",
    "broken": "import no_such_module\n",
    "newer": (
        "import pytest\n"
        '@pytest.mark.since(fastapi="99.0.0")\ndef test_c(): assert False\n'
        '@pytest.mark.since(fastapi="0.1.0")\ndef test_d(): assert True\n'
        "@pytest.mark.needs(False, 'dash')\ndef test_e(): assert False\n"
    ),
    "left_out": "import no_such_module\n",
    "busy": (
        "from pathlib import Path\nMARK = Path(__file__).parents[3].with_suffix('.mark')\n"
        "def test_f():\n    seen = MARK.exists()\n    MARK.touch()\n    assert seen\n"
    ),
}
PAGE = """\
---
id: {number}
answer: "Twenty characters at least."
asked_as: [Why is it so]
level: basic
related: []
sources: [{{title: Example, url: "https://example.org/"}}]
changes: [{{date: 2026-11-24, text: First version.}}]
{since}---

# Why is {name} so?
"""
INDEX = f"---\ndescription: {'What is here. ' * 4}\norder: 1\n---\n\n# Topic\n"


@pytest.fixture(scope="module")
def small_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Answers whose tests hold, fail, do not import, are newer, need newer releases, fail at first."""
    tree = tmp_path_factory.mktemp("tree")
    topic = tree / "docs/topic"
    topic.mkdir(parents=True)
    (topic / "index.md").write_text(INDEX)
    (tree / "data").mkdir()
    (tree / "tests").mkdir()
    (tree / "data/published.txt").touch()
    for number, (name, test) in enumerate(TESTS.items(), 1):
        folder = tree / "snippets/topic" / name
        folder.mkdir(parents=True)
        (folder / f"test_{name}.py").write_text(test)
        since = 'since: {fastapi: "99.0.0"}\n' if name == "left_out" else ""
        slug = name.replace("_", "-")
        (topic / f"{slug}.md").write_text(PAGE.format(number=number, since=since, name=slug))
    for name in ("pyproject.toml", "tests/session.py", "snippets/conftest.py"):
        (tree / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    for name in ("scripts", "tests/proving", "tests/servers"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tree


def test_a_run_is_told_by_answer_and_a_failure_is_tried_again(
    small_tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = Path(sys.executable).parent
    monkeypatch.delenv("CI", raising=False)  # where nothing is left out that a machine lacks
    monkeypatch.setattr(run_sets, "ROOT", small_tree)
    monkeypatch.setattr(run_sets, "FOLDER", small_tree)
    monkeypatch.setattr(run_sets, "install", lambda *values: (programs, LOCKED))
    run = run_sets.run("locked", Path(sys.executable), "3.11.7", load(small_tree))
    assert run.model_dump(exclude={"seconds"}, exclude_defaults=True) == {
        "set": "locked",
        "python": "3.11.7",
        "versions": LOCKED,
        "passed": 3,
        "failed": 3,
        "skipped": 2,
        "left_out": [5],
        "newer": {4: 1},
        "failing": {2: ["test_b"], 3: ["snippets.topic.broken.test_broken"]},
    }


def test_a_claim_that_ran_nowhere_with_the_lock_is_named(small_tree: Path) -> None:
    catalogue = load(small_tree)
    tests = {1: "a", 2: "b", 4: "c", 6: "f"}
    ran = {f"#{number} test_{name}" for number, name in tests.items()} | {"#4 test_d"}
    run, other = (
        make_run("locked", ran=frozenset(ran)),
        make_run("locked", "3.12.1", ran=frozenset({"#4 test_e"})),
    )
    assert unproved(
        catalogue, [run, make_run("newest", ran=frozenset({"#4 test_e"}))], small_tree
    ) == ["#4 test_e"]
    assert unproved(catalogue, [run, other], small_tree) == []


def test_a_fault_outside_of_the_answers_is_no_result(tmp_path: Path, catalogue: Catalogue) -> None:
    file = tmp_path / "report.xml"
    file.write_text('<s><testcase classname="" name="snippets.databases"><error/></testcase></s>')
    with pytest.raises(CommandError, match=r"^snippets\.databases could not be collected$"):
        pytest_report.results(file, catalogue)


def test_what_is_installed_is_compared_as_versions() -> None:
    installed = {"fastapi": "0.99.0", "python": "3.11.7"}
    assert lacking({"fastapi": "0.100.0"}, installed) == "fastapi 0.100.0"
    assert lacking({"fastapi": "0.99.0", "python": "3.11"}, installed) == ""


# --- The Pythons


def test_a_python_is_found_by_its_series() -> None:
    series = ".".join(map(str, sys.version_info[:2]))
    found = release_sets.find_python(series)
    assert found
    assert found[1].startswith(f"{series}.")
    assert release_sets.find_python("3.5") is None
