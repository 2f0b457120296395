"""Give each page of the built site a Content-Security-Policy: what the browser may load and run.

The policy allows the site's own files and the inline scripts that were reviewed
(``data/inline_scripts.tsv``), by their hashes. What it would block on the reader's side is refused
here, so that a script that slipped into a page stops the build. `make serve` leaves the policy out:
MkDocs puts a script with a changing number into each page that it serves, to reload it.

One policy serves all pages. After an instant navigation the policy of the first page stays in force,
so each has to allow the scripts of every page.

Only a header, which GitHub Pages can't be told to send, could also forbid that other sites frame the
pages (``frame-ancestors``). They have no form and no session that a frame could abuse.
"""

import base64
import dataclasses
import hashlib
import re
from pathlib import Path

from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.tables import read_rows
from scripts.project import ROOT
from scripts.publish.built_page import BuiltPage

REVIEWED = "data/inline_scripts.tsv"
DIRECTIVES = {
    # For what no other line is about. Firefox asks it before it fetches a page ahead, as the theme's
    # script does; all else that it stands in for is named and refused.
    "default-src": "'self'",
    "font-src": "'none'",
    "frame-src": "'none'",
    "manifest-src": "'none'",
    "media-src": "'none'",
    "object-src": "'none'",
    # And the hashes. Programs of the pages run in WebAssembly, and this word allows nothing else.
    "script-src": "'self' 'wasm-unsafe-eval'",
    "worker-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",  # the theme's stylesheet draws its icons from data: addresses
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
}
# No page needs a referrer, and a copy on an internal host does not tell its name to the sites it links.
REFERRER = '<meta name="referrer" content="no-referrer">'
CHARSET = re.compile(r'<meta charset="?utf-8"?>', re.IGNORECASE)
WRITTEN = re.compile(rf'\n<meta http-equiv="Content-Security-Policy" [^>]*>\n{REFERRER}')
# How the theme's script finds the root of the site: the one part of an inline script that differs
# between pages, and on the error page between forks. A string without quotes can't end itself.
SITE_ROOT = re.compile(r'new URL\("[\w./~%-]*",')


def source_hash(script: str) -> str:
    """Return the hash of an inline script as a policy names it (``hash-source`` of CSP Level 3)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def review_hash(script: str) -> str:
    """Return the hash by which ``REVIEWED`` names an inline script, wherever its page stands."""
    return source_hash(SITE_ROOT.sub('new URL(".",', script))


def reviewed(root: Path = ROOT) -> set[str]:
    """Return the hashes of the inline scripts that were reviewed."""
    return {row.cells[0] for row in read_rows(root, REVIEWED, columns=2)}


def faults(name: str, page: BuiltPage, allowed: set[str]) -> list[Problem]:
    """Return what the policy would block on ``page``, or what keeps it from being written there.

    ``name`` is the page's path below the root, ``allowed`` holds the hashes of ``reviewed``.
    """
    problems = []
    for element, what in page.blocked:
        fault = f"no page may hold {what}"
        remedy = "Remove it; scripts and styles of the site are files in docs/assets."
        problems.append(Problem(name, page.line_of(element), fault, remedy))
    for element, script in page.scripts:
        if (found := review_hash(script)) not in allowed:
            fault = f"nobody has reviewed the inline script “{' '.join(script.split())[:60]}”"
            remedy = f"Remove it; or read it, and add to {REVIEWED}: {found}"
            problems.append(Problem(name, page.line_of(element), fault, remedy))
    if not CHARSET.search(page.html.partition("<script")[0]):
        fault = "there is no place for the security policy"
        remedy = 'Write <meta charset="utf-8"> into the head, before any script.'
        problems.append(Problem(name, 1, fault, remedy))
    return problems


def once_each(problems: list[Problem]) -> list[Problem]:
    """Return each fault once, with the first page that has it and the number of the others."""
    pages: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        what = (re.sub(r"(\.\./)+", "", problem.fault), problem.remedy)
        pages.setdefault(what, []).append(problem)
    return [
        dataclasses.replace(first, fault=f"{first.fault}, and on {len(rest)} more pages")
        if rest
        else first
        for first, *rest in pages.values()
    ]


def policy(hashes: set[str]) -> str:
    """Return the text of the policy that allows the inline scripts with these ``hashes``."""
    scripts = "".join(f" '{one}'" for one in sorted(hashes))
    directives = DIRECTIVES | {"script-src": DIRECTIVES["script-src"] + scripts}
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


def write_policy(site: Path) -> list[Problem]:
    """Write one policy into all HTML pages of ``site``, or return what speaks against it and write none."""
    pages = {
        path: BuiltPage(WRITTEN.sub("", path.read_text(encoding="utf-8")))
        for path in sorted(site.rglob("*.html"))
    }
    allowed = reviewed()
    problems = [
        problem
        for path, page in pages.items()
        for problem in faults(f"site/{path.relative_to(site).as_posix()}", page, allowed)
    ]
    if problems:
        return once_each(problems)
    hashes = {source_hash(script) for page in pages.values() for _, script in page.scripts}
    meta = f'\n<meta http-equiv="Content-Security-Policy" content="{policy(hashes)}">\n{REFERRER}'
    for path, page in pages.items():
        html = CHARSET.sub(lambda charset: charset[0] + meta, page.html, count=1)
        path.write_text(html, encoding="utf-8")
    return []
