"""Scripts, styles and templates load files of the site alone, and each file that they name is there."""

import re
from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, join, normpath

from scripts.catalogue.files.problems import Problem
from scripts.validation.rules import files, line_at, names, read, rule

REFUSED = {
    re.compile(
        r"""["'(`](?:https?:(?![\"'])|wss?:|//(?!www\.w3\.org/2000/svg))(?!//www\.w3\.org/2000/svg)[\w./-]*"""
    ): (
        "is another host",
        "Serve it from docs/assets; name the site's own address as the page does.",
    ),
    re.compile(r"\W[eo]x?s?lint-\w+[^\n]*|\W@ts-\w+"): (
        "switches a check off",
        "Delete it, and repair what it hides.",
    ),
    re.compile(r"^.{401,}", re.M): (
        "is a line of more than 400 letters",
        "Break it; of what a program made, commit what it was made from.",
    ),
    # A file by its name, or what the page has said.
    re.compile(
        r"""\b(?:fetch|import)\((?!address\)|new URL\("|"\./|`\$\{home\})[^)\n]*|\bfetch\b(?= *[^(\s=.])"""
    ): (
        "loads what is not named",
        'Name a file of the site: new URL("search/index.json", import.meta.url), or "./panel.js" to import.',
    ),
}
# What an import() takes from a module.
TAKEN = re.compile(
    r"""\bimport\("([^"\n]+)"\)\.then\(\(\{([^}\n]*)\}|\{([^}\n]*)\} = await import\("([^"\n]+)"\)"""
)
NAMED = re.compile(
    r"""(?:\bfrom|\bimport) *\(?"([^"\n]+)"|new URL\("([^"\n]*\.(?:css|js))", import\.meta\.url\)"""
)
# What a template of the theme may not write; the build also asks the security policy of all pages.
UNSAFE = re.compile(
    r"""http-equiv="[^"]*|<(?:base|embed|form|iframe|object|style)\b|(?<!')<script(?!>document\.)[^\n]*"""
    r"""|\b(?:on[a-z]+|style)="[^"]*|\b(?:href|src)="(?:\w+:)?//[^"]*|\brel="(?!search|alternate)\w[^"]*"""
    r"""|<meta (?!(?:name|property)="(?:description|og:[a-z_:]+|twitter:card)" content=)[^>\n]*"""
    r"""|\.__\w+|\.items\(|\| *safe\b|\{% *(?:include|import)\b[^\n%]*"""
)


@rule("Files")
def templates_of_the_theme_load_nothing(root: Path) -> Iterator[Problem]:
    remedy = "Leave it out: scripts and styles are files of docs/assets, links lead into the site."
    for name in files(root, "overrides"):
        text = read(root, name)
        for found in UNSAFE.finditer(text):
            fault = f"a template of the theme may not hold {found[0]:.60}"
            yield Problem(name, line_at(text, found.start()), fault, remedy)


@rule("Files")
def scripts_and_styles_load_files_of_the_site(root: Path) -> Iterator[Problem]:
    for name in files(root, "docs"):
        if not name.endswith((".css", ".js")):
            continue
        text = read(root, name)
        for pattern, (fault, remedy) in REFUSED.items():
            for found in pattern.finditer(text):
                what = found[0].strip("\"'(` ")
                yield Problem(name, line_at(text, found.start()), f"{what:.50} {fault}", remedy)
        for found in NAMED.finditer(text) if name.endswith(".js") else ():
            target = normpath(join(dirname(name), found[1] or found[2]))
            if target not in names(root):
                remedy = "Create it, or correct the name."
                yield Problem(name, line_at(text, found.start()), f"{target} is no file", remedy)
        for found in TAKEN.finditer(text):
            target = normpath(join(dirname(name), found[1] or found[4]))
            given = read(root, target) if target in names(root) else found[0]
            for taken in re.findall(r"(?:^|,) *(\w+)", found[2] or found[3]):
                if given != found[0] and not re.search(rf"^export\b.*\b{taken}\b", given, re.M):
                    fault = f"{target} exports no {taken}"
                    remedy = "Export it there, or correct the name."
                    yield Problem(name, line_at(text, found.start()), fault, remedy)
