"""No character that a reviewer cannot see, or takes for another one."""

import functools
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.reading import content_of
from scripts.validation.rules import files, rule

TABS = (".tsv", ".tsv.template", "Makefile")  # where a tab is part of the format
# Unicode categories: control, format (zero width, direction), surrogate, private use, unassigned, separators.
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs", "Mn", "Me", "Mc"})
LETTERS_AND_DIGITS = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl"})
ASCII = frozenset(map(chr, range(128)))
VISIBLE_MARK = "µ"  # the sign for micro, a letter to Unicode


def beyond_ascii(text: str) -> list[str]:
    """Return the different characters of ``text`` beyond ASCII."""
    return [] if text.isascii() else sorted(set(text) - ASCII)


@functools.cache
def fault_of(sign: str) -> str:
    """Return what is wrong with a character beyond ASCII, or nothing."""
    name = unicodedata.name(sign, f"U+{ord(sign):04X}")
    category = unicodedata.category(sign)
    if category in INVISIBLE:
        return f"an invisible character, {name} (U+{ord(sign):04X})"
    if category in LETTERS_AND_DIGITS and not name.startswith("LATIN ") and sign != VISIBLE_MARK:
        return f"{sign!r} looks like another character: it is {name} (U+{ord(sign):04X})"
    return ""


@rule("Files")
def every_character_is_what_it_looks_like(root: Path) -> Iterator[Problem]:
    for name in files(root):
        text = content_of(root, name).decode("utf-8", errors="ignore").removeprefix("\ufeff")
        has_no_tab = "\t" not in text or name.endswith(TABS)
        if "\0" in text or (has_no_tab and not any(map(fault_of, beyond_ascii(text)))):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if "\t" in line and not name.endswith(TABS):
                remedy = "Indent with blanks; `make fix` does it in Python and Markdown."
                yield Problem(name, number, "a tab", remedy)
            for fault in filter(None, map(fault_of, beyond_ascii(line))):
                remedy = 'Delete it, or type the plain one; in code write an escape like "\\u00e9".'
                yield Problem(name, number, fault, remedy)
