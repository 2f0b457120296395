"""The stylesheets hold the declarations of ``data/styles.tsv`` and no others: none hides or loads anything.

A line of the table is a property, its values, and the selectors that may have them, where not all may.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.reading import once, remembered
from scripts.catalogue.files.tables import read_rows
from scripts.validation.rules import files, line_at, read, rule

STYLES = "data/styles.tsv"
COMMENT = re.compile(r"/\*.*?\*/", re.S)
# What stands up to a brace or a semicolon, strings in full.
PART = re.compile(r"""\s*((?:"[^"\n]*"|'[^'\n]*'|[^{};"'])*)([{};]|\Z)""")
COMMA = re.compile(r",\s*(?![^()]*\))")
MAKER = re.compile(r"docs/(assets/.*\.js|[\w-]+\.md)|overrides/.*|scripts/(pages|publish)/.*")
VARIABLE = re.compile(r"var\((--[\w-]+)")


NAME = re.compile(r"(?:[.#]|::?)[a-zA-Z_][\w-]*")
QUOTED = re.compile(r"\"[^\"]*\"")
# Of the browser and the theme, and what the build numbers or puts together.
OF_OTHERS = re.compile(
    "::(after|backdrop|before|placeholder)"
    "|:(disabled|empty|(first|last)-child|focus(-visible|-within)?|has|hover|is|last-of-type|not|root|where)"
    r"|\.(md-.*|no-js|admonition(-title)?|l-Scalar|l\d+|(block|l|level)--\w+)"
)


@once
def words(root: Path) -> set[str]:
    """Return the words of all that writes pages: classes and ids are among them."""
    makers = [name for name in files(root, "docs", "overrides", "scripts") if MAKER.fullmatch(name)]
    return {word for name in makers for word in re.findall(r"[\w-]+", read(root, name))}


@remembered
def declarations(text: str) -> list[tuple[int, list[str], str, str]]:
    """Return line, selectors, property and value of each declaration of a stylesheet.

    A selector has the conditions around it. A brace that is not closed, or closes nothing, is one as well.
    """
    text = COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    found: list[tuple[int, list[str], str, str]] = []
    around: list[tuple[int, str]] = []
    for part in PART.finditer(text):
        head, line = " ".join(part[1].split()), line_at(text, part.start(1))
        if part[2] == "{":
            around.append((line, head))
            continue
        conditions = "".join(f"{each} " for _, each in around[:-1])
        selectors = COMMA.split(around[-1][1] if around else "")
        name, _, value = head.partition(":")
        if head:
            found.append((line, [conditions + each for each in selectors], name, value.strip()))
        if part[2] == "}" and not around:
            found.append((line, [""], "}", ""))
        elif part[2] == "}":
            around.pop()
    return found + [(line, [head], "{", "") for line, head in around]


@rule("Files")
def styles_hold_known_declarations(root: Path) -> Iterator[Problem]:
    rows = [row.cells for row in read_rows(root, STYLES, columns=3)]
    sheets = {name: declarations(read(root, name)) for name in files(root, "docs", suffix=".css")}
    given = {name for found in sheets.values() for _, _, name, _ in found}
    known = {
        each: [row[1:] for row in rows if re.fullmatch(row[0], each)] for each in given | {"{", "}"}
    }
    for sheet, found in sheets.items():
        told = set()
        for line, selectors, name, value in found:
            undefined = sorted(set(VARIABLE.findall(value)) - given)
            allowed = [places for values, places in known[name] if re.fullmatch(values, value)]
            refused = [
                selector
                for selector in selectors
                if not any(re.fullmatch(places or ".*", selector) for places in allowed)
            ]
            fault, remedy = "", f"Correct it; what is new, and needed, gets a line in {STYLES}."
            unknown = [
                each
                for selector in selectors
                for each in NAME.findall(QUOTED.sub("", selector))
                if each.lstrip(".#") not in words(root) and not OF_OTHERS.fullmatch(each)
            ]
            if unknown:
                fault = f"`{unknown[0]}` is no class, id or state that the pages have"
                remedy = "Correct the name, or delete the rule."
            elif undefined:
                fault = f"nothing gives {', '.join(undefined)} a value"
                remedy = "Name a variable of these stylesheets."
            elif name in "{}":
                fault, remedy = f"`{name}` has no counterpart", "Close what is open, once."
            elif refused:
                shown = f"{name}: {value:.40}" if value else name
                fault = f"`{shown}` is not known for `{refused[0]}`".removesuffix(" for ``")
            if fault and selectors[0] not in told:
                told.add(selectors[0])
                yield Problem(sheet, line, fault, remedy)
