"""The page “Review your code”: what it tells to paste fits what is published and pinned."""

import re
from pathlib import Path

import pytest
import yaml
from selectolax.lexbor import LexborHTMLParser, LexborNode

from scripts.pages.rule_macros import covered, semgrep_release
from scripts.project import ROOT, site_url
from scripts.rules.frozen import SITE, copies, digest, freeze, frozen
from scripts.rules.join import joined
from scripts.rules.read_rules import finders

TEMPLATES = ROOT / "scripts" / "pages" / "templates"
ACTION = re.compile(r"uses: ([\w/-]+)@(\S+) # (v\S+)")


def fenced(part: str) -> str:
    """Return the code of a template, with its braces filled in."""
    text = (TEMPLATES / f"review_{part}.md.jinja").read_text(encoding="utf-8")
    code = text.split("\n", 1)[1].rpartition("```")[0]
    return code.replace("{{ site }}", SITE).replace("{{ semgrep }}", semgrep_release())


def test_the_hook_names_a_dated_copy_that_is_published() -> None:
    newest = list(frozen())[-1]
    hook = yaml.safe_load(fenced("hook").replace("{{ newest }}", newest))["repos"][0]["hooks"][0]
    assert f"--config={SITE}rules-{newest}.yml" in hook["entry"].split()
    assert f"rules-{newest}.yml" in copies(SITE)


def test_the_job_pins_each_action_and_uploads_what_was_found() -> None:
    job = fenced("job")
    steps = yaml.safe_load(job)["jobs"]["semgrep"]["steps"]
    actions = {name: (commit, version) for name, commit, version in ACTION.findall(job)}
    assert len(actions) == sum("uses" in step for step in steps)
    workflows = "".join(p.read_text("utf-8") for p in (ROOT / ".github/workflows").glob("*.yml"))
    commit, version = actions["actions/checkout"]
    assert f"actions/checkout@{commit} # {version}" in workflows
    assert f"--sarif --output {steps[-1]['with']['sarif_file']} ." in steps[-2]["run"]


def test_the_table_counts_each_finding_once() -> None:
    assert sum(rules + checks for _, rules, checks, _ in covered()) == len(finders())
    lock = (ROOT / "requirements/semgrep.txt").read_text(encoding="utf-8")
    assert f"semgrep=={semgrep_release()} " in lock


def test_the_newest_dated_copy_holds_the_rules_of_its_day(tree: Path) -> None:
    before = frozen(tree)
    for date, value in before.items():
        assert digest((tree / f"data/rules/{date}.yml").read_text(encoding="utf-8")) == value
    (tree / "snippets/foundations/what_is_fastapi/rules.yml").unlink()
    (tree / "snippets/foundations/asgi/rules.yml").unlink()
    date = freeze(tree)
    assert date not in before
    assert (tree / f"data/rules/{date}.yml").read_text(encoding="utf-8") == joined(tree, SITE)
    assert freeze(tree) == ""


def part(node: LexborHTMLParser | LexborNode, selector: str) -> LexborNode:
    """Return the first element that a selector finds."""
    found = node.css_first(selector)
    assert found, selector
    return found


@pytest.mark.site
def test_the_desk_and_the_answers_mark_what_a_program_finds(site: Path) -> None:
    desk = LexborHTMLParser((site / "reviews/index.html").read_text(encoding="utf-8"))
    links = {str(part(f, ".short-link").attributes["href"]): f for f in desk.css(".finding")}
    marked = {href.removeprefix("../"): finding for href, finding in links.items()}
    for address, name in finders().items():
        assert marked[address].attributes["data-found"] in ("by a rule", "by Ruff", "by mypy")
        assert part(marked[address], ".finding__finder code").text() == name
    rest = [marked[address] for address in set(marked) - set(finders())]
    assert {finding.attributes["data-found"] for finding in rest} == {"by reading"}
    facets = str(part(desk, ".filterable").attributes["data-filter-facets"])
    assert "found" in facets.split(",")
    page = (site / "middleware/cors-credentials/index.html").read_text(encoding="utf-8")
    name = "fastapi-27-any-origin-with-credentials"
    assert part(LexborHTMLParser(page), ".found code").text() == name


@pytest.mark.site
def test_the_rules_are_published_with_their_dated_copies(site: Path) -> None:
    assert (site / "rules.yml").read_text(encoding="utf-8") == joined()
    for name, text in copies(site_url()).items():
        assert (site / name).read_text(encoding="utf-8") == text
