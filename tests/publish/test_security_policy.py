"""The security policy of the published pages: strict, the same everywhere, and in nobody's way."""

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route, expect

from scripts.catalogue.answers import Catalogue
from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.tables import read_rows
from scripts.project import ROOT, site_url
from scripts.publish.built_page import BuiltPage
from scripts.publish.security_policy import (
    REFERRER,
    REVIEWED,
    faults,
    once_each,
    review_hash,
    reviewed,
    write_policy,
)
from tests.conftest import new_context
from tests.refuse import refuse

META = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
INLINE = re.compile(r"<script(?![^>]*(?: src=|application/json))[^>]*>(.*?)</script>", re.DOTALL)
EMPTY = '<!doctype html><html><head><meta charset="utf-8">\n</head><body>{}</body></html>'
ROOT_SCRIPT = '__root=new URL(".",location)'
ELSEWHERE = "https://elsewhere.example/"
# What is put into a page, each with a call that tells that it ran, and the directive that blocks it.
INJECTIONS = {
    "inline": ("<script>ran('inline')</script>", "script-src-elem"),
    "handler": ("""<img src="assets/favicon.svg" onload="ran('handler')">""", "script-src-attr"),
    "address": ("""<a id="injected" href="javascript:ran('address')">x</a>""", "script-src-elem"),
    "host": (f'<script src="{ELSEWHERE}host.js"></script>', "script-src-elem"),
    "frame": (f'<iframe src="{ELSEWHERE}frame.html"></iframe>', "frame-src"),
}
WATCH = """
window.effects = []
window.blocked = []
// The theme loads an image anew when it makes its address absolute.
window.ran = name => effects.includes(name) || effects.push(name)
addEventListener("message", ({ data }) => ran(data))
document.addEventListener("securitypolicyviolation", event => blocked.push(event.effectiveDirective))
"""


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, str]:
    """All HTML pages of the built site by their path."""
    return {
        path.relative_to(site).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(site.rglob("*.html"))
    }


@pytest.fixture(scope="module")
def policy(pages: dict[str, str]) -> str:
    """The policy of the home page."""
    found = META.search(pages["index.html"])
    if not found:
        pytest.fail("site/index.html: no security policy. Run `make build`.", pytrace=False)
    return found[1]


def fail(problems: list[str]) -> None:
    """Fail with one line for each problem, if there are any."""
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


@pytest.mark.site
def test_every_page_has_the_one_policy_and_referrer_rule_before_any_script(
    pages: dict[str, str], policy: str
) -> None:
    problems = []
    for name, html in pages.items():
        head = html.partition("<script")[0]
        rules = (META.findall(html), META.findall(head), html.count(REFERRER), head.count(REFERRER))
        if rules != ([policy], [policy], 1, 1):
            problems.append(
                f"site/{name}: not exactly the security policy of site/index.html and the referrer "
                "rule, before the first script. Run `make build`."
            )
    fail(problems)


@pytest.mark.site
def test_the_policy_allows_files_of_the_site_and_scripts_by_their_hash_alone(
    pages: dict[str, str], policy: str
) -> None:
    sources = {word for part in policy.split("; ") for word in part.split()[1:]}
    hashes = {source for source in sources if re.fullmatch(r"'sha256-[\w+/]{43}='", source)}
    assert sources - hashes == {"'self'", "'none'", "'wasm-unsafe-eval'", "data:"}
    assert "; script-src 'self' 'wasm-unsafe-eval' 'sha256-" in policy
    assert policy.count("'wasm-unsafe-eval'") == policy.count("worker-src 'self'") == 1
    assert policy.count("data:") == policy.count("img-src 'self' data:") == 1
    # Found by other means than those of the build.
    scripts = {script for html in pages.values() for script in INLINE.findall(html)}
    assert hashes == {f"'{sha256(script)}'" for script in scripts}


@pytest.mark.site
def test_the_policy_lets_firefox_fetch_pages_ahead_and_refuses_what_has_no_rule(
    policy: str,
) -> None:
    rules = dict(part.split(" ", 1) for part in policy.split("; "))
    assert rules["default-src"] == "'self'"
    refused = {name for name, sources in rules.items() if sources == "'none'"}
    kinds = {"font-src", "frame-src", "manifest-src", "media-src", "object-src"}
    assert refused == kinds | {"base-uri", "form-action"}


def test_no_directive_lets_a_page_run_what_it_holds() -> None:
    name = "scripts/publish/security_policy.py"
    lines = enumerate((ROOT / name).read_text(encoding="utf-8").splitlines(), 1)
    remedy = "Allow a script by its hash, in data/inline_scripts.tsv."
    refuse(
        Problem(name, number, f"{found[0]} lets a page run whatever it holds", remedy)
        for number, line in lines
        if (found := re.search(r"(?<!wasm-)unsafe-(inline|eval|hashes)|strict-dynamic", line))
    )


def sha256(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


@pytest.mark.site
def test_nothing_on_any_page_is_blocked_and_every_reviewed_script_is_used(
    pages: dict[str, str],
) -> None:
    allowed = reviewed()
    parsed = {f"site/{name}": BuiltPage(html) for name, html in pages.items()}
    problems = [str(p) for name, page in parsed.items() for p in faults(name, page, allowed)]
    used = {review_hash(script) for page in parsed.values() for _, script in page.scripts}
    lines = {row.cells[0]: row.line for row in read_rows(ROOT, REVIEWED)}
    problems += [
        f"{REVIEWED}:{lines[one]}: no page has {one}. Remove the line." for one in allowed - used
    ]
    fail(problems)


def test_what_every_page_holds_is_told_once() -> None:
    pages = [
        Problem(f"site/{n}/index.html", n, f"no <p src='{'../' * n}a'>", "No.") for n in (1, 2)
    ]
    assert [str(one) for one in once_each(pages)] == [
        "site/1/index.html:1: no <p src='../a'>, and on 1 more pages. No."
    ]


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ("<script>alert(1)</script>", "nobody has reviewed the inline script “alert(1)”"),
        ("<script type=module>a()</script>", "nobody has reviewed the inline script “a()”"),
        (f"<script>{ROOT_SCRIPT};a()</script>", "nobody has reviewed the inline script"),
        (
            '<script>__root=new URL(".".concat(a()),location)</script>',
            "nobody has reviewed the inline script",
        ),
        ("<script src='//elsewhere.example/x.js'></script>", "no page may hold <script"),
        ('<p onclick="a()">', 'no page may hold <p onclick="a()">'),
        ('<a href=" Java\nscript:a()">', "no page may hold <a href="),
        ('<p style="color: red">', "no page may hold <p style="),
        ("<style>p { color: red }</style>", "no page may hold <style>"),
        ("<base href='/'>", "no page may hold <base>"),
        (
            '<link rel="dns-prefetch" href="//elsewhere.example">',
            'no page may hold <link rel="dns-prefetch"',
        ),
        (
            '<link rel="stylesheet" href="//elsewhere.example/a.css">',
            'no page may hold <link rel="stylesheet"',
        ),
        ("<iframe src='/x'></iframe>", "no page may hold <iframe>"),
    ],
)
def test_what_the_policy_would_block_is_refused_with_page_and_line(html: str, fault: str) -> None:
    page = BuiltPage(EMPTY.format(html))
    [problem] = faults("site/x/index.html", page, {review_hash(ROOT_SCRIPT)})
    assert str(problem).startswith(f"site/x/index.html:2: {fault}")


@pytest.mark.parametrize(
    "html",
    [
        f"<script>{ROOT_SCRIPT}</script>",
        f"<script>{ROOT_SCRIPT.replace('.', '../..')}</script>",
        f"<script>{ROOT_SCRIPT.replace('.', '/fastapi-answers/')}</script>",
        '<script type="application/json">{"a": 1}</script>',
        '<script src="../assets/answers.js" type="module"></script>',
        '<p class="on" id="style">onclick=a() style=b javascript:c</p>',
    ],
)
def test_reviewed_scripts_data_and_files_of_the_site_are_accepted(html: str) -> None:
    page = BuiltPage(EMPTY.format(html))
    assert faults("site/x/index.html", page, {review_hash(ROOT_SCRIPT)}) == []


@pytest.mark.parametrize("html", ["<p>no head</p>", "<script src=x></script><meta charset=utf-8>"])
def test_a_page_without_a_place_for_the_policy_before_its_scripts_is_refused(html: str) -> None:
    [problem] = faults("site/x/index.html", BuiltPage(html), set())
    assert str(problem).startswith("site/x/index.html:1: there is no place for the security policy")


def test_the_policy_is_written_once_and_not_beside_a_fault(tmp_path: Path) -> None:
    page, bad = tmp_path / "index.html", tmp_path / "x" / "index.html"
    page.write_text(EMPTY.format("good"), encoding="utf-8")
    assert write_policy(tmp_path) == []
    written = page.read_text(encoding="utf-8")
    assert len(META.findall(written)) == 1
    assert write_policy(tmp_path) == []
    assert page.read_text(encoding="utf-8") == written
    bad.parent.mkdir()
    bad.write_text(EMPTY.format("<script>a()</script>"), encoding="utf-8")
    assert [problem.file for problem in write_policy(tmp_path)] == ["site/x/index.html"]
    assert META.search(bad.read_text(encoding="utf-8")) is None


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A desktop window that may use the clipboard."""
    with new_context(browser, "desktop") as window:
        window.grant_permissions(["clipboard-read", "clipboard-write"])
        yield window


def errors_of(page: Page) -> list[str]:
    """Return a list that fills with the errors on the console and in scripts of ``page``."""
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', event => "
        "console.error(`blocked: ${event.effectiveDirective}`))"
    )
    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(error.message))
    return errors


@pytest.mark.site
@pytest.mark.parametrize("protected", [True, False], ids=["policy", "no-policy"])
def test_injected_code_runs_only_where_there_is_no_policy(
    context: BrowserContext, served: str, pages: dict[str, str], protected: bool
) -> None:
    code = "".join(code for code, _ in INJECTIONS.values())
    html = pages["index.html"].replace("<article", code + "<article", 1)
    assert code in html
    other_host = {
        "host.js": ("ran('host')", "text/javascript"),
        "frame.html": ("<script>parent.postMessage('frame', '*')</script>", "text/html"),
    }

    def elsewhere(route: Route) -> None:
        body, kind = other_host[urlsplit(route.request.url).path[1:]]
        route.fulfill(body=body, content_type=kind)

    page_html = html if protected else META.sub("", html)
    with context.new_page() as page:
        page.add_init_script(WATCH)
        page.route(served, lambda route: route.fulfill(body=page_html, content_type="text/html"))
        page.route(f"{ELSEWHERE}**", elsewhere)
        page.goto(served)
        page.click("#injected")
        page.wait_for_function(f"effects.length + blocked.length >= {len(INJECTIONS)}")
        effects, blocked = page.evaluate("[effects, blocked]")
    assert sorted(effects) == ([] if protected else sorted(INJECTIONS))
    assert sorted(blocked) == (sorted(d for _, d in INJECTIONS.values()) if protected else [])


@pytest.mark.site
@pytest.mark.parametrize("instant", [False, True], ids=["full-loads", "instant-navigation"])
def test_the_policy_blocks_nothing_of_the_site(
    context: BrowserContext, served: str, catalogue: Catalogue, instant: bool
) -> None:
    topic = catalogue.topics[1]
    number, answer = next((n, a) for n, a in catalogue.answers.items() if a in topic.answers)
    with context.new_page() as page:
        errors = errors_of(page)
        if instant:
            switch_on_instant_navigation(page, served)
        page.goto(served)
        for _ in range(3):
            page.locator(".md-header__option label:visible").click()
        page.click(".search-open")
        page.fill(".search__input", "yield")
        page.wait_for_selector(".search__answer")
        page.keyboard.press("Escape")
        page.evaluate("window.loadedOnce = true")
        for target in (topic, answer):
            page.click(f"article a[href$='{target.address.split('/')[-2]}/'] >> nth=0")
            expect(page.locator("h1")).to_contain_text(target.title)
        assert bool(page.evaluate("window.loadedOnce")) is instant
        page.get_by_role("button", name="Copy link", exact=True).click()
        expect(page.locator(".copied")).to_have_text("Link copied")
        page.locator(".md-code__button").first.click()
        expect(page.locator(".copied")).to_have_text("Copied to clipboard")
        page.goto(f"{served}404.html")
        page.wait_for_selector(".search-open")
        page.goto(f"{served}{number}/#sources")
        page.wait_for_url(f"{served}{answer.address}#sources")
        page.wait_for_selector(".search-open")
    assert errors == []


def switch_on_instant_navigation(page: Page, served: str) -> None:
    """Serve the pages with ``navigation.instant``, and a sitemap that names this server's addresses."""

    def add_feature(route: Route) -> None:
        response = route.fetch()
        route.fulfill(
            response=response,
            body=response.text().replace('"features": [', '"features": ["navigation.instant", '),
        )

    def own_addresses(route: Route) -> None:
        response = route.fetch()
        body = response.text().replace(site_url(), served)
        route.fulfill(response=response, body=body)

    page.route(lambda address: urlsplit(address).path.endswith(("/", ".html")), add_feature)
    page.route("**/sitemap.xml", own_addresses)
