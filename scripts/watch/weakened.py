"""What a pull request may weaken: every gate that it touches, for the person who reviews it.

``python -m scripts.watch.weakened BEFORE AFTER`` compares two trees and prints a summary in Markdown. It is
run by the code of the branch that the pull request is for. Where a list shrank that only grows, it fails.
"""

import difflib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.names import is_wrong
from scripts.project import git

TITLE = "## What this may weaken\n"
# What decides, and where it stands; the first that matches a file counts.
GATES = {
    "The proofs of what pages say": r"snippets/.*/test_\w+\.py",
    "What proves, and what is recorded as proved": r"snippets/(.*/)?conftest\.py|tests/(proving|servers)/.*"
    r"|scripts/releases/.*|data/checked\.yml",
    "The rules, and what holds them": r"scripts/(validation|catalogue)/.*"
    r"|tests/.*\.py|tests/(mistakes|rules)/.*",
    "The settings of the tools": r"pyproject\.toml|snippets/ruff\.toml|mkdocs\.yml|\.gitignore",
    "What CI does, and who is asked": r"\.ci/.*|\.github/.*|Makefile"
    r"|data/(places|settings|styles|unsafe)\.tsv",
    "What is installed": r"requirements/.*|tests/audit/[^/]+\.json|tests/audit/\.npmrc",
    "What runs in readers' browsers": r"data/inline_scripts\.tsv|docs/assets/.*\.js|overrides/.*",
    "The rest of what checks and builds": r"scripts/.*|docs/assets/.*|data/(ecosystem|recorded_hits)\.tsv"
    r"|snippets/.*/rules\.yml|data/rules/.*|[^/]+",
    "Lists that only grow, or that let more in": r"data/(published\.txt|(redirects|sources)\.tsv)"
    r"|tests/search\.tsv",
}
SHORT = re.compile(
    r"pyproject\.toml|snippets/ruff\.toml|mkdocs\.yml|\.gitignore|\.ci/.*|\.github/.*|Makefile|data/.*\.tsv"
    r"|data/checked\.yml|requirements/\w+\.in|tests/mistakes/kinds/.*\.tsv"
    r"|scripts/(setup|authors)/.*|tests/(session|conftest)\.py"
)
"""Files of which the difference is shown; of others it is counted."""
NAMED = re.compile(
    r"^(?:async )?def (test_\w+)"
    r"|^@rule\([^\n]*\n(?:@[^\n]*\n)*def (\w+)"
    r"|^[^\t\n]+\t([^\t\n]+)(?:\t[^\t\n]*){5}$"  # of the tables of tests/mistakes/
    r"|\b(?:Mistake|wrong)\(\s*\"([^\"]+)\""
    r"|^([A-Z][A-Z_]+(?:, [A-Z_]+)*(?:: \w+)? = [\d_., ]+)",
    re.M,
)
"""What a file may lose: tests, rules, mistakes that are refused, and limits with the value that they had."""
ASSERTION = re.compile(r"^\s+assert\b|pytest\.(?:raises|warns)\(|\brecorded\(", re.M)
LEFT_OUT = re.compile(
    r"pytest\.(?:mark\.)?(?:skip|skipif|xfail|importorskip|exit)\b|\bcollect_ignore"
)
PUBLISHED, PHRASES = "data/published.txt", "tests/search.tsv"
Tree = dict[str, str]


def read_tree(root: Path) -> Tree:
    """Return the text of every file that git knows below ``root``, by its name."""
    names = [name for name in git("ls-files", root=root) if (root / name).is_file()]
    return {name: (root / name).read_text(encoding="utf-8", errors="replace") for name in names}


def gone(before: str, after: str) -> list[str]:
    """Return the lines that are no more."""
    kept = set(after.splitlines())
    return [line for line in before.splitlines() if line not in kept]


def shrunk(before: Tree, after: Tree) -> Iterator[str]:
    """Yield what is less than it may be: published addresses, numbers, phrases that nobody tunes on."""
    for line in gone(before.get(PUBLISHED, ""), after.get(PUBLISHED, "")):
        yield f"{PUBLISHED}:1: the published address {line} is gone. Restore the line."
    held = [tree.get(PHRASES, "").count("\theld-out\n") for tree in (before, after)]
    if held[1] < held[0]:
        yield f"{PHRASES}:1: {held[1]} of {held[0]} held-out phrases are left. Restore them; tune on none."


def exchanged(before: Tree, after: Tree) -> Iterator[str]:
    """Yield each file that was called wrong code and is now right code, or the other way round."""
    for new in sorted(after.keys() - before.keys()):
        folder, _, file = new.rpartition("/")
        plain = f"{folder}/{file.removeprefix('wrong_')}"
        for old in sorted(before.keys() - after.keys()):
            start, _, its = old.rpartition("/")
            same = f"{start}/{its.removeprefix('wrong_')}" == plain or before[old] == after[new]
            if same and new.startswith("snippets/"):
                kinds = ["wrong" if is_wrong(it) else "right" for it in (its, file)]
                if kinds[0] != kinds[1]:
                    yield f"`{old}`, {kinds[0]} code, is `{new}`, {kinds[1]} code"


def difference(name: str, before: str, after: str) -> str:
    """Return one file's part of the summary: what is gone from it, or where it is short all that differs."""
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[
        2:
    ]
    counts = f"+{sum(line[0] == '+' for line in lines)} / -{sum(line[0] == '-' for line in lines)}"
    kept, had = ({"".join(found) for found in NAMED.findall(text)} for text in (after, before))
    lost = sorted(text.strip() for text in had - kept)
    notes = [f"**gone: {', '.join(f'`{it}`' for it in lost)}**"] if lost else []
    fewer = len(ASSERTION.findall(before)) - len(ASSERTION.findall(after))
    less = len(LEFT_OUT.findall(after)) - len(LEFT_OUT.findall(before))
    notes += [f"**{less} more tests are left out**"] if less > 0 and name.endswith(".py") else []
    notes += [f"**{fewer} assertions fewer**"] if fewer > 0 and name.endswith(".py") else []
    text = f"- `{name}` {counts}{'; ' if notes else ''}{'; '.join(notes)}\n"
    if SHORT.fullmatch(name):
        text += "\n  ~~~~~diff\n" + "".join(f"  {line}\n" for line in lines[:200]) + "  ~~~~~\n"
    return text


def summary(before: Tree, after: Tree) -> str:
    """Return what a pull request touches of the gates, in Markdown."""
    touched = sorted(
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    )
    parts = [f"- **{it}**\n" for it in (*shrunk(before, after), *exchanged(before, after))]
    for gate, pattern in GATES.items():
        files = [name for name in touched if re.fullmatch(pattern, name)]
        touched = [name for name in touched if name not in files]
        if files:
            parts.append(f"\n### {gate}\n\n")
            parts += [difference(name, before.get(name, ""), after.get(name, "")) for name in files]
    return f"{TITLE}\n{''.join(parts) or 'No gate is touched.'}"


def main(old: Path, new: Path) -> int:
    """Print the summary; return 1 where something is gone that may not."""
    before, after = read_tree(old), read_tree(new)
    print(summary(before, after))
    faults = list(shrunk(before, after))
    print(*faults, sep="\n", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:3])))
