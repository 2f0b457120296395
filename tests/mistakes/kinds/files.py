"""Mistakes with files: characters, names, places, sizes, locks and workflows."""

from collections.abc import Callable
from pathlib import Path

from scripts.catalogue.files.problems import Problem
from scripts.validation.files import characters, images, locks, places
from tests.mistakes.mistake import (
    CODE,
    PAGE,
    WRONG,
    Edit,
    Mistake,
    Tree,
    add,
    lines,
    replace,
    rule,
    write,
)
from tests.validation import test_workflows

CHARACTERS = rule(characters.every_character_is_what_it_looks_like)
TEXT = rule(places.every_file_is_plain_utf_8_text_or_an_image)
SIZE = rule(places.no_file_is_too_large)
NAMES = rule(places.every_file_belongs_where_it_is)
PLACES = rule(places.every_page_has_its_place)
ASKED = rule(locks.locks_hold_what_their_inputs_ask_for)
HASHES = rule(locks.locks_name_releases_by_their_hashes_alone)
LOCK, TEST_LOCK = "requirements/site.txt", "requirements/test.txt"
NEW = f"{CODE}/new.py"
WORKFLOW = ".github/workflows/site.yml"
PIN = "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0"
PLAIN = "---\ndescription: A page.\n---\n\n# A page\n"


def character(name: str, sign: str, says: str, file: str = PAGE) -> Mistake:
    """Return a mistake that puts a character into a word of a page or a snippet."""
    return Mistake(name, add(f"# pass{sign}word", file), CHARACTERS, file, sign, says)


def symbolic_link(tree: Tree) -> None:
    """Commit a link to a file of the machine."""
    tree.write(f"{CODE}/hosts.txt", "")
    (tree.root / CODE / "hosts.txt").unlink()
    (tree.root / CODE / "hosts.txt").symlink_to("/etc/hostname")


def executable(tree: Tree) -> None:
    """Make a snippet a program."""
    tree.write(NEW, "x = 1\n")
    (tree.root / NEW).chmod(0o755)


def png(*parts: tuple[bytes, int], after: bytes = b"") -> bytes:
    """Return a picture of the parts that are named, each with its first number, and what stands after it."""
    ends = (*parts, (b"IEND", -1))
    chunks = [(name, b"" if n < 0 else n.to_bytes(4) * 3) for name, n in ends]
    body = b"".join(len(data).to_bytes(4) + name + data + bytes(4) for name, data in chunks)
    return b"\x89PNG\r\n\x1a\n" + body + after


def picture(name: str, content: bytes, says: str, file: str = "docs/assets/chart.png") -> Mistake:
    """Return a mistake with the content of a picture."""
    return Mistake(name, write(file, content), rule(images.every_image_only_draws), file, "", says)


def crlf(tree: Tree) -> None:
    """Save a snippet as some editors do on Windows."""
    tree.write(WRONG, tree.text(WRONG).replace("\n", "\r\n"))


def workflow(
    name: str, edit: Edit, check: Callable[[Path], list[Problem]], at: str, says: str
) -> Mistake:
    """Return a mistake in the workflow of this repository."""
    return Mistake(name, edit, lambda root: lines(check(root)), WORKFLOW, at, says)


MISTAKES = [
    Mistake(
        "snippet that is not UTF-8",
        write(NEW, 'x = "\u00e9"\n'.encode("latin-1")),
        TEXT,
        NEW,
        "x = ",
        "the file is not UTF-8 text. Save it as UTF-8",
    ),
    Mistake(
        "byte order mark",
        write(NEW, b"\xef\xbb\xbfx = 1\n"),
        TEXT,
        NEW,
        "x = 1",
        "the file has a byte order mark. Save it as UTF-8 without one",
    ),
    Mistake(
        "lines of Windows", crlf, TEXT, WRONG, "import time", "the lines end with CR LF. Save it"
    ),
    Mistake(
        "binary file",
        write(f"{CODE}/data.json", b"\0\1\2"),
        TEXT,
        f"{CODE}/data.json",
        "",
        "the file is binary. Commit what it is made from",
    ),
    Mistake(
        "archive",
        write("docs/assets/files.zip", b"PK\3\4\xff\xfe"),
        TEXT,
        "docs/assets/files.zip",
        "",
        "the file is not UTF-8 text. Save it as UTF-8; images are .png, .svg, .webp below docs/",
    ),
    Mistake(
        "symbolic link",
        symbolic_link,
        TEXT,
        f"{CODE}/hosts.txt",
        "",
        "a symbolic link. Commit the file itself",
    ),
    Mistake(
        "image too large",
        write("docs/assets/chart.png", bytes(50_000)),
        SIZE,
        "docs/assets/chart.png",
        "",
        "the file has 50,000 bytes, 40,000 are allowed. Shorten or split it; make an image smaller",
    ),
    Mistake(
        "file too large",
        write(f"{CODE}/output.txt", "line\n" * 20_000),
        SIZE,
        f"{CODE}/output.txt",
        "",
        "the file has 100,000 bytes, 60,000 are allowed. Shorten or split it",
    ),
    picture(
        "picture with a page after its end",
        png((b"IHDR", 1), after=b"<script>alert(1)</script>"),
        "the image does not end where it says. Save it",
    ),
    picture("picture with a text", png((b"IHDR", 1), (b"tEXt", 1)), "the image holds 'tEXt'"),
    picture(
        "picture of a million pixels", png((b"IHDR", 10**6)), "has a side of more than 4000 pixels"
    ),
    picture(
        "picture of another kind with a script",
        b"RIFF\x14\0\0\0WEBP<script>alert(1)",
        "the image holds '<scr'",
        "docs/assets/chart.webp",
    ),
    Mistake(
        "snippet that is a program",
        executable,
        rule(places.no_file_is_a_program_or_the_twin_of_another),
        NEW,
        "",
        f"the file is executable. Run `chmod -x {NEW}`",
    ),
    Mistake(
        "requirement that is not locked",
        add("httpx-sse", "requirements/test.in"),
        ASKED,
        "requirements/test.in",
        "httpx-sse",
        "httpx-sse is asked for, and requirements/test.txt has none. Run `make lock`",
        lines=2,  # the lock of the oldest releases asks for the same
    ),
    workflow(
        "action that is not pinned",
        replace(WORKFLOW, PIN, "actions/setup-python@v7"),
        test_workflows.unpinned_actions,
        "setup-python",
        "actions/setup-python@v7 is not pinned to a commit with its version. Write owner/action@",
    ),
    workflow(
        "action that is pinned without its version",
        replace(WORKFLOW, PIN, PIN.partition(" #")[0]),
        test_workflows.unpinned_actions,
        "setup-python",
        "is not pinned to a commit with its version. Write owner/action@<the 40 digits",
    ),
    workflow(
        "one commit with two versions",
        add(f"      - uses: {PIN.replace('v7.0.0', 'v7.0.9')}", WORKFLOW),
        test_workflows.disagreeing_pins,
        "v7.0.9",
        "is v7.0.0 in .github/workflows/site.yml:",
    ),
    workflow(
        "pull_request_target",
        replace(WORKFLOW, "  pull_request:", "  pull_request_target:"),
        test_workflows.privileged_triggers,
        "pull_request_target:",
        "pull_request_target runs with the rights and secrets of this repository. Use pull_request",
    ),
    workflow(
        "workflow that does not limit its rights",
        replace(WORKFLOW, "\npermissions: {}\n", "\n"),
        test_workflows.default_permissions,
        "",
        "jobs get rights that they do not name. Write `permissions: {}` at the top level",
    ),
    workflow(
        "title of a pull request in a command",
        replace(
            WORKFLOW, "run: bash .ci/run", 'run: echo "${{ github.event.pull_request.title }}"'
        ),
        test_workflows.zizmor,
        "run: echo",
        "zizmor: code injection via template expansion",
    ),
    workflow(
        "key of a workflow that does not exist",
        replace(WORKFLOW, "    timeout-minutes: 20", "    timeout: 20"),
        test_workflows.actionlint,
        "timeout: 20",
        'actionlint, syntax-check: unexpected key "timeout" for "job" section',
    ),
]
