"""Start an answer: `make new TOPIC=… SLUG=… Q="…"` writes page, code, test and lines for the search.

Each place that the author has to fill holds the word `WRITE:`, which the checks refuse.
"""

import datetime
import os
import sys
from pathlib import Path
from string import Template

from scripts.authors.arguments import arguments, code_folder, load_or_exit, refuse_place, tidy
from scripts.authors.transaction import all_or_nothing
from scripts.catalogue.addresses import published
from scripts.project import ROOT
from scripts.validation.proofs.search_phrases import LIST

TEMPLATES = Path(__file__).parent / "templates"


def create(root: Path, topic: str, slug: str, question: str, today: datetime.date) -> list[str]:
    """Write a new answer below ``root``; return its number and the files that were made.

    The number is above all that are or ever were in use. Exits with one line, and changes nothing,
    where the input is bad.
    """
    catalogue = load_or_exit(root)
    refuse_place(catalogue, f"{topic}/{slug}", root)
    folder = code_folder(f"{topic}/{slug}")
    module = folder.partition("/")[2]
    if not question.endswith("?") or "\n" in question:
        sys.exit(f"{question!r} is not a question. End it with a question mark, on one line.")
    short_links = {int(address[:-1]) for address in published(root) if address[:-1].isdigit()}
    number = max(catalogue.answers.keys() | short_links) + 1
    values = {
        "id": str(number),
        "date": today.isoformat(),
        "question": question,
        "slug": slug,
        "module": module,
        "folder": folder,
        "package": folder.replace("/", "."),
    }
    files = {
        "page.md": f"docs/{topic}/{slug}.md",
        "right.py": f"snippets/{folder}/{module}.py",
        "wrong.py": f"snippets/{folder}/wrong_{module}.py",
        "test.py": f"snippets/{folder}/test_{module}.py",
        "search.tsv": LIST,
    }
    with all_or_nothing(root) as copy:
        (copy / "snippets" / folder).mkdir(parents=True)
        for name, file in files.items():
            template = Template((TEMPLATES / f"{name}.template").read_text(encoding="utf-8"))
            with (copy / file).open("a", encoding="utf-8") as added:
                added.write(template.substitute(values))
        tidy(copy, f"snippets/{folder}")
        load_or_exit(copy)
    return [str(number), *files.values()]


def main() -> int:
    """Make a new answer of the variables that make passes; say what to do next."""
    usage = 'make new TOPIC=concurrency SLUG=await-keyword Q="What does await do?"'
    topic, slug, question = arguments(os.environ, usage)
    number, page, *code = create(ROOT, topic, slug, question, datetime.date.today())
    print(f"Answer {number}: {page}", *code, sep="\n  ")
    print("Next: `make serve` shows it; `make check` names each place that you have to write.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
