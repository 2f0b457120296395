"""The rules for reviews: each finds the lines that it has to, and no right code; what they tell."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.catalogue.answers import load
from scripts.catalogue.findings import all_findings
from scripts.project import ROOT, site_url
from scripts.rules.join import joined
from scripts.rules.prove import file_of, flagged, is_right, prove, proved, targets
from scripts.rules.read_rules import Rule, finders, read_rules
from scripts.rules.semgrep import Hit, available, hits

pytestmark = [pytest.mark.xdist_group("semgrep"), pytest.mark.timeout(600)]
BIN = Path(sys.executable).parent
LEAST_RULES, LEAST_FINDINGS = 45, 55
# Other code, wrong and right, than the answers show; each line that a rule has to find names it.
FORMS = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "tests/rules/forms").glob("*.txt"))
}


@pytest.fixture(scope="module")
def rules() -> list[Rule]:
    return read_rules()


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Hit], Any]:
    """What all rules find in all snippets and forms, in one run, and the same as SARIF."""
    if not available():
        pytest.fail("Semgrep is not installed: run `make test`.", pytrace=False)
    folder = tmp_path_factory.mktemp("forms")
    for name, text in FORMS.items():
        (folder / name).write_text(text, encoding="utf-8")
    sarif = folder / "review.sarif"
    places = [*targets(ROOT), *(str(folder / name) for name in FORMS)]
    return hits(joined(), ROOT, places, sarif), json.loads(sarif.read_text(encoding="utf-8"))


@pytest.mark.site
def test_every_rule_finds_its_wrong_code_and_no_right_code(
    rules: list[Rule], found: tuple[list[Hit], Any]
) -> None:
    own = [rule for rule in rules if rule.body]
    in_snippets = [hit for hit in found[0] if hit.file.startswith("snippets/")]
    assert [str(problem) for problem in proved(ROOT, own, in_snippets)] == []


@pytest.mark.site
@pytest.mark.parametrize("name", FORMS)
def test_the_other_forms_of_wrong_code_are_found(name: str, found: tuple[list[Hit], Any]) -> None:
    expected = {
        (number, line.rpartition("# ")[2])
        for number, line in enumerate(FORMS[name].splitlines(), 1)
        if "# fastapi-" in line
    }
    assert {(hit.line, hit.rule) for hit in found[0] if Path(hit.file).name == name} == expected


@pytest.mark.site
def test_code_scanning_shows_the_sentence_and_the_link(
    rules: list[Rule], found: tuple[list[Hit], Any]
) -> None:
    run = found[1]["runs"][0]
    told = {rule["id"].rpartition(".")[2]: rule for rule in run["tool"]["driver"]["rules"]}
    for rule in (rule for rule in rules if rule.body):
        link = site_url() + rule.findings[0].address
        assert told[rule.name]["helpUri"] == link
        assert link in told[rule.name]["help"]["text"]
    results = {result["ruleId"].rpartition(".")[2]: result for result in run["results"]}
    hit = results["fastapi-27-any-origin-with-credentials"]
    assert "List the origins of our frontends. " in hit["message"]["text"]
    assert hit["message"]["text"].endswith("/27/#any-origin-with-credentials")


def linted_lines(files: list[str]) -> Iterator[tuple[str, int, str]]:
    """Yield file, line and code of what Ruff says of wrong code, whatever this project leaves out."""
    options = ["--isolated", "--preview", "--select=ALL", "--ignore-noqa", "--no-cache"]
    command = [str(BIN / "ruff"), "check", *options, "--output-format=json", *files]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    for fault in json.loads(result.stdout):
        name = Path(fault["filename"]).relative_to(ROOT).as_posix()
        yield name, fault["location"]["row"], fault["code"]


def typed_lines(files: list[str], folder: Path) -> Iterator[tuple[str, int, str]]:
    """Yield file, line and code of what mypy says of wrong code, without the comment that switches it off."""
    copies = {folder / f"{Path(file).stem}.py": file for file in files}
    for copy, file in copies.items():
        text = (ROOT / file).read_text(encoding="utf-8")
        first, rest = text.split("\n", 1)
        copy.write_text("#\n" + rest if first.startswith("# mypy:") else text, encoding="utf-8")
    command: list[str | Path] = [BIN / "mypy", "--no-error-summary", *copies]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    for line in result.stdout.splitlines():
        place, _, said = line.partition(": error: ")
        name, _, number = place.rpartition(":")
        if said:
            yield copies[folder / Path(name).name], int(number), said.rpartition("[")[2].rstrip("]")


def test_every_check_that_is_named_finds_its_wrong_code(rules: list[Rule], tmp_path: Path) -> None:
    named = [(rule.findings[0], rule.check) for rule in rules if rule.check]
    linted, typed = (
        sorted({file_of(finding) for finding, check in named if check.startswith(program)})
        for program in ("ruff:", "mypy:")
    )
    said = {*linted_lines(linted), *typed_lines(typed, tmp_path)}
    for finding, check in named:
        text = (ROOT / file_of(finding)).read_text(encoding="utf-8").splitlines()
        shown = {line.strip() for line in finding.wrong.splitlines() if line.strip()}
        code = check.partition(":")[2]
        at = {n for file, n, its in said if file == file_of(finding) and its == code}
        assert any(text[n - 1].strip() in shown for n in at), (
            f"{check} does not find {finding.address}"
        )


def test_a_line_that_moved_and_right_code_are_refused(rules: list[Rule]) -> None:
    rule = next(rule for rule in rules if rule.name == "fastapi-27-any-origin-with-credentials")
    file = file_of(rule.findings[0])
    line = flagged(ROOT, rule.findings[0])[0]
    right = "snippets/middleware/cors_credentials/listed_origins.py"
    assert is_right(right)
    assert not is_right(file)
    assert list(proved(ROOT, [rule], [Hit(file, line, rule.name)])) == []
    for found, place, fault in (
        ([], rule.file, "does not find line"),
        ([Hit(file, line + 1, rule.name)], rule.file, f"it finds line {line + 1}"),
        ([Hit(file, line, rule.name), Hit(right, 9, rule.name)], right, "py:9: fastapi-27"),
    ):
        problems = list(proved(ROOT, [rule], found))
        assert [problem.file for problem in problems] == [place]
        assert fault in str(problems[0])


def test_the_joined_rules_tell_sentence_link_and_severity(rules: list[Rule]) -> None:
    content = yaml.safe_load(joined())
    assert joined() == joined()
    told = {rule["id"]: rule for rule in content["rules"]}
    assert set(told) == {rule.name for rule in rules if rule.body}
    for rule in (rule for rule in rules if rule.body):
        published, own = told[rule.name], rule.findings[0]
        assert published["message"].endswith(f" {site_url()}{own.address}")
        assert published["metadata"]["source"] == site_url() + own.address
        assert published["metadata"]["severity"] == own.severity
        assert published["metadata"]["since"]
        assert published["severity"] in ("ERROR", "WARNING", "INFO")


def test_enough_findings_are_found_by_a_program(rules: list[Rule]) -> None:
    assert sum(bool(rule.body) for rule in rules) >= LEAST_RULES
    assert len(finders()) >= LEAST_FINDINGS
    known = {f.address for its in all_findings(load()).values() for f in its}
    assert set(finders()) <= known


@pytest.mark.site
def test_an_answer_whose_name_begins_that_of_another_is_tried_alone() -> None:
    assert any(rule.file.startswith("snippets/foundations/asgi_and_wsgi/") for rule in read_rules())
    assert prove(folder="snippets/foundations/asgi") == []
