"""The code blocks of the built pages: file, kind, marked lines, and nothing lost on the way."""

import html
import re
from collections import Counter
from pathlib import Path

import pytest

from scripts.catalogue.answers import Catalogue
from scripts.catalogue.files.included_code import included
from scripts.catalogue.findings import all_findings
from scripts.catalogue.shown_code import program, shown_blocks
from scripts.project import ROOT
from scripts.publish.code.lines import boxed, changed, plain_lines
from scripts.runner.record import read_record
from scripts.runner.trials import CANNOT

BOXED = re.compile(
    r'<div class="[^"]* block block--(\w+)"[^>]*>.*?<code>(.*?)</code></pre></div>', re.S
)
MARKED = re.compile(r'<mark class="l[^"]*l--(\w+)">(.*?)</mark>')


def text(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", markup))


def test_a_line_keeps_its_text_and_says_how_deep_it_is() -> None:
    code = 'if x:\n    <span class="n">y</span>\n\n        z\n'
    made = boxed(code, "flag", {1})
    assert text(made) == text(code)
    assert '<mark class="l l4 l--flag">    <span class="n">y</span></mark>' in made
    assert '<span class="l l8">        z</span>' in made


def test_a_long_line_is_broken_after_a_sign_and_keeps_its_indentation() -> None:
    name = '    key=<span class="n">encode</span>'
    code = f'{name}<span class="p">(</span>payload.claims,algorithm=&quot;HS256&quot;)\n'
    made = boxed(code, "", set())
    assert text(made) == text(code)
    assert made.startswith(
        '<span class="l l4"><span class="i">    </span>key=<span class="n"><wbr>'
    )
    assert "(</span><wbr>payload.<wbr>claims,<wbr>algorithm=<wbr>&quot;HS256&quot;)" in made
    name = "test_an_order_without_an_item_is_invalid"
    assert boxed(name, "", set()).count("_<wbr>") == name.count("_")
    assert "<wbr>" not in boxed("a short(line, with=a_name)", "", set())


def test_what_the_right_code_has_and_the_wrong_code_has_not_is_marked() -> None:
    wrong = ["async def a():", "    time.sleep(5)", "    return 1"]
    assert changed(wrong, ["async def a():", "", "    await sleep(5)", "    return 1"]) == {2}
    assert changed(wrong, ["def b():", "    return 2"]) == set(), "all of it is new"


def test_a_program_is_published_without_the_marks_of_its_sections() -> None:
    path = "concurrency/blocking_the_event_loop/def_endpoint.py"
    source = (ROOT / "snippets" / path).read_text(encoding="utf-8")
    assert "--8<--" in source
    assert "--8<--" not in program(path)
    assert [line for line in source.splitlines() if "--8<--" not in line] == program(
        path
    ).splitlines()
    wrong = "concurrency/await/wrong_condition.py"
    assert (ROOT / "snippets" / wrong).read_text(encoding="utf-8").startswith("# mypy: ")
    assert "mypy" not in program(wrong)


@pytest.mark.site
def test_every_block_of_a_page_shows_the_code_of_its_include(
    site: Path, catalogue: Catalogue
) -> None:
    for page in catalogue.answers.values():
        source = (ROOT / page.file).read_text(encoding="utf-8")
        built = (site / page.address / "index.html").read_text(encoding="utf-8")
        blocks = BOXED.findall(built)
        fences = re.findall(r"^ *```\w+[^\n]*\n(.*?)^ *```", included(source), re.M | re.S)
        assert len(blocks) == len(shown_blocks(source)) == len(fences), page.file
        for (_, code), fence in zip(blocks, fences, strict=True):
            shown = [line.rstrip() for line in plain_lines(code)]
            kept = [line.rstrip() for line in fence.strip("\n").split("\n")]
            assert [line.strip() for line in shown] == [line.strip() for line in kept], page.file


@pytest.mark.site
def test_every_python_block_leads_to_its_whole_program(site: Path, catalogue: Catalogue) -> None:
    for page in catalogue.answers.values():
        folder = site / page.address
        built = (folder / "index.html").read_text(encoding="utf-8")
        links = re.findall(r'<a class="block__file" href="([^"]+)"', built)
        source = (ROOT / page.file).read_text(encoding="utf-8")
        written = [shown for shown in shown_blocks(source) if not shown.is_recorded]
        assert len(links) == len(written), page.file
        for link, shown in zip(links, written, strict=True):
            target = (folder / link).resolve()
            assert target == (site / shown.address).resolve()
            assert target.read_text(encoding="utf-8") == program(shown.path)


@pytest.mark.site
def test_the_flagged_line_of_every_finding_is_marked(site: Path, catalogue: Catalogue) -> None:
    for number, findings in all_findings(catalogue).items():
        page = catalogue.answers[number]
        built = (site / page.address / "index.html").read_text(encoding="utf-8")
        marked = {text(line).strip() for kind, line in MARKED.findall(built) if kind == "flag"}
        source = (ROOT / page.file).read_text(encoding="utf-8")
        shown_here = source.count('title="Flag"')
        assert len([f for f in findings if f.flag in marked]) >= shown_here, page.file


@pytest.mark.site
def test_no_block_names_its_file_twice(site: Path, catalogue: Catalogue) -> None:
    head = re.compile(
        r'<span class="block__title">([^<]*)</span><a class="block__file"[^>]*>([^<]*)'
    )
    for page in catalogue.answers.values():
        built = (site / page.address / "index.html").read_text(encoding="utf-8")
        assert [title for title, name in head.findall(built) if title == name] == [], page.file


@pytest.mark.site
def test_a_block_has_a_run_button_or_says_in_a_word_why_not(
    site: Path, catalogue: Catalogue
) -> None:
    record = read_record()
    runs, does_not = 0, Counter[str]()
    for page in catalogue.answers.values():
        built = (site / page.address / "index.html").read_text(encoding="utf-8")
        blocks = re.findall(r'<div class="language-python [^>]*>.*?<pre>', built, re.S)
        for block in blocks:
            path = re.findall(r'href="[./]*code/([^"]+)\.txt"', block)[0]
            why = re.findall(r'class="block__without"[^>]*>needs ([^<]+)<', block)
            cannot = record[path].result == CANNOT
            assert why == ([record[path].detail] if cannot else []), page.file
            assert ("data-run=" in block) is not cannot, page.file
            runs += not cannot
            does_not.update(why)
    assert runs > does_not.total() > 0
    assert [word for word in does_not if not re.fullmatch(r"[\w.]{2,20}", word)] == []
