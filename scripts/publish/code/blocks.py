"""The code blocks of the built pages: the file and the way to it, the kind, and a box for each line.

The include names the file, so no author writes it twice. The engine puts the code in its place and forgets
where it came from; the blocks of a page stand in the order of its includes.
"""

import html
import re
from pathlib import Path, PurePosixPath

from scripts.catalogue.answers import Catalogue, Page
from scripts.catalogue.files.problems import Problem
from scripts.catalogue.finding import Finding
from scripts.catalogue.findings import all_findings
from scripts.catalogue.names import is_wrong
from scripts.catalogue.shown_code import Shown, program, shown_blocks
from scripts.project import ROOT
from scripts.publish.code.lines import boxed, marks, plain_lines, with_breaks
from scripts.publish.code.runs import Runs, runs

# As the engine writes it: the fence's language, a title where there is one, and the code.
BLOCK = re.compile(
    r'<div class="language-(?P<language>\w+) highlight">(?:<span class="filename">(?P<title>.*?)</span>)?'
    r"<pre><span></span><code>(?P<code>.*?)</code></pre></div>",
    re.S,
)
EXAMPLE = re.compile(r'\{\{ example\((\d+), "([\w-]+)"\) \}\}')
LONG_CODE = re.compile(r"<code>([^<\n]{24,})</code>")  # in running text, where it has no markup
LONG, LONG_NAME = 24, 36  # letters; a name that is longer than a phone's line may be broken too
SHELL = {"bash", "console", "sh", "shell"}


def kind_of(shown: Shown, title: str) -> str:
    """Return what a block is: ``flag``, ``ask``, ``wrong``, ``output``, ``shell`` or ``code``."""
    if title in ("Flag", "Ask for"):
        return "flag" if title == "Flag" else "ask"
    if shown.is_recorded:
        return "output"
    if shown.language in SHELL:
        return "shell"
    return "wrong" if is_wrong(shown.path) else "code"


def headed(
    block: re.Match[str], shown: Shown, findings: list[Finding], up: str, runs: Runs | None
) -> str:
    """Return a block of a built page with its head and its lines; ``up`` leads to the site's root.

    A block that a finding refers to says which it is, so that the finding can be copied with its code.
    The number of its lines lets the browser leave room for it before it is laid out.
    """
    include = f"{shown.path}:{shown.section}"
    named = f' data-include="{include}"' if any(include in f.files for f in findings) else ""
    named += runs.attributes(shown) if runs else ""
    title = block["title"] or ""
    kind = kind_of(shown, title)
    label = title or {"output": "Output", "shell": "Shell"}.get(kind, "")
    name = PurePosixPath(shown.path).name
    head = f'<span class="block__title">{label}</span>' if label and label != name else ""
    if not shown.is_recorded:
        head += f'<a class="block__file" href="{up}{shown.address}" title="The whole program">{name}</a>'
        head += runs.why_not(shown, up) if runs else ""
    lines = plain_lines(block["code"])
    mark, marked = marks(html.unescape(title), lines, findings)
    return (
        f'<div class="language-{block["language"]} highlight block block--{kind}"'
        f' data-rows="{len(lines)}"{named}>'
        f'<span class="filename">{head}</span>'
        f"<pre><span></span><code>{boxed(block['code'], mark, marked)}</code></pre></div>"
    )


def complete_page(
    page: Page, shown: list[Shown], findings: list[Finding], site: Path, runs: Runs | None
) -> list[Problem]:
    """Complete the blocks of a built page, which are ``shown``; one that is complete stays as it is."""
    path = site / page.address.lstrip("/") / "index.html"
    built = path.read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(built))
    if not blocks:
        return []
    if len(shown) != len(blocks):
        fault = f"the page includes {len(shown)} blocks of code, and {len(blocks)} were built"
        return [Problem(page.file, 1, fault, "Include each block in a fence of its own.", "Code")]
    up = "../" * page.address.lstrip("/").count("/")
    for block, source in zip(reversed(blocks), reversed(shown), strict=True):
        built = (
            built[: block.start()]
            + headed(block, source, findings, up, runs)
            + built[block.end() :]
        )
    path.write_text(breakable(built), encoding="utf-8")
    return []


def breakable(page: str) -> str:
    """Return a built page whose inline code a narrow screen breaks after a sign, and not in a name."""
    return LONG_CODE.sub(inline, page)


def inline(code: re.Match[str]) -> str:
    """Return long code of running text with places to break; a message of several words is marked as such."""
    kind = ' class="phrase"' if " " in code[1] else ""
    return f"<code{kind}>{with_breaks(code[1], LONG, LONG_NAME)}</code>"


def write_programs(catalogue: Catalogue, site: Path, root: Path = ROOT) -> list[Problem]:
    """Complete the code blocks of all answers and publish the programs; return what is wrong."""
    problems = []
    runnable, all_shown = runs(root), list[Shown]()
    findings = all_findings(catalogue, root)
    for number, page in catalogue.answers.items():
        blocks = shown_blocks((root / page.file).read_text(encoding="utf-8"))
        problems += complete_page(page, blocks, findings[number], site, runnable)
        all_shown += blocks
        for shown in blocks:
            if not shown.is_recorded:
                target = site / shown.address
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(program(shown.path, root), encoding="utf-8")
    for path in site.glob("[a-z]*/index.html"):  # topics and lists
        path.write_text(breakable(path.read_text(encoding="utf-8")), encoding="utf-8")
    home = Page("docs/index.md", "")
    examples = [
        finding
        for call in EXAMPLE.finditer((root / home.file).read_text(encoding="utf-8"))
        for finding in findings[int(call[1])]
        if finding.anchor == call[2]
    ]
    blocks = [
        Shown(path, finding.language, section)
        for finding in examples
        for path, _, section in (include.partition(":") for include in finding.files)
    ]
    if runnable:
        runnable.publish(all_shown, site)
    return problems + complete_page(home, blocks, examples, site, None)
