"""Move an answer: `make move FROM=topic/slug TO=topic/slug`, with its code, all links to it and a redirect.

Everything is done in a copy and checked there; where something is wrong, nothing is changed.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from posixpath import dirname, join, normpath, relpath

from scripts.authors.arguments import arguments, code_folder, load_or_exit, refuse_place, tidy
from scripts.authors.transaction import all_or_nothing, project_files, put
from scripts.catalogue.addresses import published
from scripts.catalogue.identity import PUBLISHED
from scripts.catalogue.redirects import faults, read_redirects, write_redirects
from scripts.project import ROOT, git
from scripts.runner.record import OUTPUTS, RUNS
from scripts.validation.files.order import sorted_lines

# A relative link of Markdown, in the text or as a definition.
LINK = re.compile(r"(\]\(|^\[[^\]\n]+\]:\s+)([^)\s#:{]+)(?=[)#\s])", re.M)


def names(source: str, target: str) -> dict[re.Pattern[str], str]:
    """Return what replaces the names of the page, its code and its test in all files."""
    old, new = code_folder(source), code_folder(target)
    tests = [f"snippets/{name}/test_{name.partition('/')[2]}.py" for name in (old, new)]
    dotted = [f"snippets.{name.replace('/', '.')}" for name in (old, new)]
    return {
        re.compile(rf"docs/{source}\.md"): f"docs/{target}.md",
        re.compile(re.escape(tests[0])): tests[1],
        re.compile(rf"snippets/{old}(?![\w-])"): f"snippets/{new}",
        re.compile(rf'(?<=8<-- "){old}(?=/)'): new,
        re.compile(rf'( data-(?:wrong|right)="){old}(?=/)'): rf"\g<1>{new}",
        re.compile(rf"{re.escape(dotted[0])}(?!\w)"): dotted[1],
    }


def relink(text: str, page: str, source: str, target: str) -> str:
    """Return the text of ``page`` (its new path below ``docs``) with the links that the move changes."""
    moved = page == f"{target}.md"
    folder = dirname(source if moved else page)

    def link(match: re.Match[str]) -> str:
        to = normpath(join(folder, match[2]))
        if not moved and to != f"{source}.md":
            return match[0]
        to = f"{target}.md" if to == f"{source}.md" else to
        return match[1] + relpath(to, dirname(page))

    return LINK.sub(link, text)


def moved_record(table: str, old: str, new: str) -> str:
    """Return a table of the runs where the folder ``old`` below ``snippets`` is called ``new``."""
    return sorted_lines(re.sub(rf"(^|\t){re.escape(old)}/", rf"\g<1>{new}/", table, flags=re.M))


def rename(root: Path, source: str, target: str) -> list[str]:
    """Move the files below ``root``, and write the new names into all; return what was changed."""
    old, new = code_folder(source), code_folder(target)
    old_test, new_test = (f"test_{name.partition('/')[2]}.py" for name in (old, new))
    patterns = names(source, target)
    changed = []
    for name, content in project_files(root).items():
        place = name.replace(f"docs/{source}.md", f"docs/{target}.md")
        if place.startswith(f"snippets/{old}/"):
            place = place.replace(old, new, 1).replace(f"/{old_test}", f"/{new_test}")
        text = content.decode("utf-8", "surrogateescape")
        for pattern, replacement in patterns.items():
            text = pattern.sub(replacement, text)
        if place.startswith(f"snippets/{new}/"):
            text = re.sub(rf"\b{old_test}", new_test, text)
        if place.startswith("docs/") and place.endswith(".md"):
            text = relink(text, place.removeprefix("docs/"), source, target)
        if place in (RUNS, OUTPUTS):
            text = moved_record(text, old, new)
        if place != name:
            put(root / name, None)
        if place != name or text.encode("utf-8", "surrogateescape") != content:
            put(root / place, text.encode("utf-8", "surrogateescape"))
            changed.append(place)
    return changed


def redirect(root: Path, old: str, new: str, *, published_before: bool) -> None:
    """Let the address ``old`` lead to ``new`` if it was published; list the new one's headings."""

    def renamed(address: str) -> str:
        moved = address == old or address.startswith(f"{old}#")
        return address.replace(old, new, 1) if moved else address

    path = root / PUBLISHED
    lines = path.read_text(encoding="utf-8").splitlines()
    lines += [renamed(line) for line in lines if " " not in line]  # a short link stays recorded
    redirects = {renamed(r.old): renamed(r.new) for r in read_redirects(root) if r.old != new}
    if published_before or old in published(root):
        redirects[old] = new
    write_redirects(root, redirects)
    path.write_text("\n".join(sorted(set(lines))) + "\n", encoding="utf-8")


def start_tests(root: Path, folder: str) -> None:
    """Exit with the first error where the tests of ``folder`` cannot be imported or lack a fixture."""
    command = [sys.executable, "-m", "pytest", "--setup-plan", "-qp", "no:xdist", folder]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if result.returncode:
        output = result.stdout + result.stderr
        reason = "; ".join(sorted(set(re.findall(r"^E +(\S.*)", output, re.M)))) or output
        remedy = "What tests of several topics share stands in snippets/conftest.py."
        sys.exit(f"{folder}: its tests would not start: {reason}. {remedy} Nothing was changed.")


def move(root: Path, source: str, target: str) -> None:
    """Move the answer ``source`` to ``target`` (both ``topic/slug``) below ``root``.

    Exits with one line, and changes nothing, where that cannot be done.
    """
    catalogue = load_or_exit(root)
    places = {answer.address.rstrip("/"): answer for answer in catalogue.answers.values()}
    if source not in places:
        sys.exit(
            f"There is no answer {source!r}. Write its topic and slug, like concurrency/await."
        )
    refuse_place(catalogue, target, root, former=f"{source}/")
    on_main = git("ls-tree", "--name-only", "origin/main", places[source].file, root=root)
    with all_or_nothing(root) as copy:
        changed = rename(copy, source, target)
        redirect(copy, f"{source}/", f"{target}/", published_before=bool(on_main))
        tidy(copy, *(file for file in changed if file.endswith(".py")))
        if problems := faults(load_or_exit(copy), copy):
            sys.exit(f"{problems[0]} Nothing was changed.")
        start_tests(copy, f"snippets/{code_folder(target)}")


def main() -> int:
    """Move an answer as the variables say that make passes; say what to do next."""
    usage = "make move FROM=concurrency/await TO=concurrency/await-keyword"
    source, target = arguments(os.environ, usage)
    move(ROOT, source, target)
    print(f"{source} is now {target}; {source} leads there, where it was published.")
    print("Next: read `git status` and the difference, then run `make check`.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
