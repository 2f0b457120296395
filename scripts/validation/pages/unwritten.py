"""What `make new` left to the author is written."""

import re
from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.files.problems import Problem
from scripts.validation.proofs.search_phrases import LIST
from scripts.validation.rules import Stage, files, line_at, read, rule

TO_WRITE = re.compile(r"\bWRITE: ([^\n\t\"{*]*[^\n\"{*\s?])")


@rule("The page", Stage.LATER)
def nothing_that_make_new_left_to_the_author_is_unwritten(root: Path) -> Iterator[Problem]:
    for name in files(root, "docs", "snippets", "tests"):
        if name == LIST or (name.endswith((".md", ".py")) and not name.startswith("tests/")):
            text = read(root, name)
            for match in TO_WRITE.finditer(text) if "WRITE: " in text else ():
                fault = f"not written yet: {match[1]}"
                remedy = "Write it in place of what begins with `WRITE:`."
                yield Problem(name, line_at(text, match.start()), fault, remedy)
