"""What has to be true of the rules: each finds the lines that its findings name, and none finds right code.

``python -m scripts.rules.prove`` tries all of them on all snippets, in one run of Semgrep; with the
folder of an answer, ``snippets/<topic>/<slug>``, it tries the rules of that answer on its own code.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from scripts.catalogue.files.annotations import tell
from scripts.catalogue.files.problems import Problem, Problems
from scripts.catalogue.files.reading import one_reading, text_of
from scripts.catalogue.finding import Finding
from scripts.catalogue.names import is_test, is_wrong
from scripts.project import ROOT
from scripts.releases.environment import CommandError
from scripts.rules.join import joined
from scripts.rules.read_rules import Rule, read_rules
from scripts.rules.rule_file import FILE, refused
from scripts.rules.semgrep import Hit, hits

ERROR = re.compile(r"rule '?(?:[\w.-]*\.)?(fastapi-\d+-[\w-]+)")


def file_of(finding: Finding) -> str:
    """Return the file of the wrong code."""
    return f"snippets/{finding.files[0].partition(':')[0]}"


def flagged(root: Path, finding: Finding) -> list[int]:
    """Return the lines of the wrong code that are the flagged one, where a line stands there twice too."""
    lines = enumerate(text_of(root, file_of(finding)).splitlines(), 1)
    return [number for number, line in lines if line.strip() == finding.flag]


def is_right(file: str) -> bool:
    """Tell whether a file shows right code: tests prove what goes wrong as well."""
    return not (is_wrong(file) or is_test(file) or PurePosixPath(file).name == FILE)


def targets(root: Path, folder: str = "snippets") -> list[str]:
    """Return the programs below ``folder``, right and wrong; tests are none."""
    found = (path.relative_to(root).as_posix() for path in (root / folder).rglob("*"))
    return sorted(
        file
        for file in found
        if (is_right(file) or is_wrong(file))
        and (root / file).is_file()
        and "__pycache__" not in file
    )


def missed(root: Path, rule: Rule, found: set[tuple[str, int]], folder: str) -> Iterator[Problem]:
    """Yield a problem for each finding whose flagged line, below ``folder``, the rule does not find."""
    for finding in rule.findings:
        file, lines = file_of(finding), flagged(root, finding)
        below = PurePosixPath(file).is_relative_to(folder)
        if not below or any((file, line) in found for line in lines):
            continue
        here = sorted(line for name, line in found if name == file)
        instead = f"finds line {', '.join(map(str, here))}" if here else "finds nothing there"
        fault = f"{rule.name} does not find line {lines[0]} of {file}: it {instead}"
        remedy = f"It is the line that data-flag of {finding.address} names: let the rule find it."
        yield refused(rule.file, rule.line, fault, remedy)


def proved(
    root: Path, rules: Iterable[Rule], found: Iterable[Hit], folder: str = "snippets"
) -> Iterator[Problem]:
    """Yield what is wrong with ``rules`` after what they found below ``folder``."""
    places: dict[str, set[tuple[str, int]]] = {}
    for hit in found:
        places.setdefault(hit.rule, set()).add((hit.file, hit.line))
    for rule in rules:
        lines = places.get(rule.name, set())
        yield from missed(root, rule, lines, folder)
        for file, line in sorted(lines):
            if is_right(file):
                fault = f"{rule.name} of {rule.file} finds right code"
                yield refused(file, line, fault, "Repair the code; narrow the rule if it is right.")


def prove(root: Path = ROOT, folder: str = "snippets") -> list[Problem]:
    """Return what is wrong with the rules below ``folder``; raises ``Problems`` where they cannot be read."""
    rules = [rule for rule in read_rules(root) if rule.body and rule.is_below(folder)]
    if not rules:
        return []
    try:
        found = hits(joined(root, answer=folder), root, targets(root, folder))
    except CommandError as error:
        named = ERROR.search(str(error))
        rule = next((rule for rule in rules if named and rule.name == named[1]), rules[0])
        said = " ".join(str(error).split())[:300]
        remedy = "Correct the rule."
        return [refused(rule.file, rule.line, f"Semgrep cannot read it: {said}", remedy)]
    return list(proved(root, rules, found, folder))


def main(folder: str = "snippets") -> int:
    """Print what is wrong with the rules below ``folder``; return 1 where something is."""
    with one_reading():
        try:
            problems = prove(folder=folder.strip("/"))
        except Problems as found:
            problems = found.problems
    if problems:
        tell(Problems(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
