"""The forms for reports, and the links of the site that open them filled in."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from scripts.catalogue.answers import Catalogue
from scripts.pages.report_address import report_address
from scripts.project import ROOT

BIN = Path(sys.executable).parent
FORMS = ROOT / ".github" / "ISSUE_TEMPLATE"
# What GitHub fills in besides the fields of the form.
OTHER_PARAMETERS = {"template", "title"}
SCHEMAS = {
    ".github/ISSUE_TEMPLATE/answer.yml": "vendor.github-issue-forms",
    ".github/ISSUE_TEMPLATE/question.yml": "vendor.github-issue-forms",
    ".github/ISSUE_TEMPLATE/config.yml": "vendor.github-issue-config",
}


def fields(form: str) -> set[str]:
    """Return the ids of the fields of a form."""
    content: Any = yaml.safe_load((FORMS / form).read_text(encoding="utf-8"))
    return {part["id"] for part in content["body"] if "id" in part}


@pytest.mark.parametrize(("file", "schema"), SCHEMAS.items(), ids=SCHEMAS)
def test_github_accepts_the_form(file: str, schema: str) -> None:
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", schema, file]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{file}: {result.stdout}{result.stderr}"


def test_every_form_is_checked() -> None:
    assert {path.relative_to(ROOT).as_posix() for path in FORMS.iterdir()} == set(SCHEMAS)


def test_the_report_of_an_answer_fills_in_fields_that_the_form_has(catalogue: Catalogue) -> None:
    for answer in catalogue.answers.values():
        address = urlsplit(report_address("https://github.com/owner/name", answer, "FastAPI 0.1"))
        values = parse_qs(address.query)
        assert address.path == "/owner/name/issues/new"
        assert values["template"] == ["answer.yml"]
        assert set(values) - OTHER_PARAMETERS == {"answer", "checked"}
        assert set(values) - OTHER_PARAMETERS <= fields("answer.yml")
        assert values["answer"] == [f"#{answer.meta.id}: {answer.title}"]
        assert values["checked"] == ["FastAPI 0.1"]


def test_an_empty_search_fills_in_fields_that_the_form_has() -> None:
    panel = (ROOT / "docs/assets/search/panel.js").read_text(encoding="utf-8")
    call = re.search(r"URLSearchParams\(\{ (template: .*?) \}\)", panel)
    assert call, "docs/assets/search/panel.js opens no form"
    names = set(re.findall(r"(\w+): ", call[1]))
    assert 'template: "question.yml"' in call[1]
    assert names - OTHER_PARAMETERS
    assert names - OTHER_PARAMETERS <= fields("question.yml")


def test_the_hooks_run_commands_of_the_makefile_and_download_nothing() -> None:
    file = ROOT / "scripts/authors/hooks.yaml"
    subprocess.run([BIN / "prek", "validate-config", "--quiet", file], check=True)
    content: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert [repository["repo"] for repository in content["repos"]] == ["local"]
    hooks = content["repos"][0]["hooks"]
    assert hooks
    for hook in hooks:
        command, target = hook["entry"].split()
        assert command == "make"
        assert re.search(rf"^{target}:", makefile, re.M)
        assert hook["language"] == "system"


def test_every_path_of_codeowners_exists() -> None:
    lines = (ROOT / ".github/CODEOWNERS").read_text(encoding="utf-8").splitlines()
    rules = [line.split() for line in lines if line and not line.startswith("#")]
    assert rules[0][0] == "*", "the first rule covers everything"
    for pattern, *owners in rules:
        assert owners, f"{pattern} has no owner"
        assert any(ROOT.glob(pattern.strip("/"))), f".github/CODEOWNERS: {pattern} matches nothing"
