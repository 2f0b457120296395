"""Mistakes with the code of a page: how it is included, shown, written and tested."""

from scripts.validation.code import includes
from scripts.validation.proofs import tested
from tests.mistakes.mistake import (
    CODE,
    PAGE,
    RIGHT,
    TESTS,
    WRONG,
    Edit,
    Mistake,
    Tree,
    add,
    all_of,
    linter,
    replace,
    rule,
    secret,
    snippet_tests,
    write,
)

OPERATIONS = "snippets/requests/path_operations/operations.py"
SLUG = CODE.removeprefix("snippets/")
BLOCKS = rule(includes.every_code_block_is_one_snippet_include)
INCLUDES = rule(includes.every_include_is_a_complete_section_of_the_pages_own_folder)
SHOWN = rule(includes.every_snippet_and_section_is_shown)
TESTED = rule(tested.every_snippet_is_tested)
ASSERTS = rule(tested.every_test_of_a_snippet_asserts_something)
SLEEPS = rule(tested.no_test_of_a_snippet_sleeps_to_be_right)
FORMAT = linter("the Python code is formatted")
LINT = linter("the Python code follows the rules")
TYPES = linter("the types are right", f"{CODE}/new.py")


def block(body: str, info: str = "python") -> Edit:
    """Add a code block to the page."""
    return add(f"```{info}\n{body}\n```")


def include(place: str) -> Edit:
    """Add a code block to the page that includes ``place``."""
    return block(f'--8<-- "{place}"')


def test(body: str) -> Edit:
    """Add a test to those of the page."""
    return add(f"\n\ndef test_something() -> None:\n    {body}", TESTS)


def new(code: str) -> Edit:
    """Add a snippet to the folder of the page."""
    return write(f"{CODE}/new.py", code)


def stale_output(tree: Tree) -> None:
    """Record an output that the code does not give."""
    tree.write(f"{CODE}/output.txt", "typed by hand\n")
    add(
        "\n\ndef test_the_output(recorded: Any) -> None:\n"
        '    recorded("output.txt", "given by code")',
        TESTS,
    )(tree)


def correct_code_instead_of_wrong(tree: Tree) -> None:
    """Repair the code that the page calls wrong."""
    tree.write(WRONG, tree.text(RIGHT))


NETWORK = """

def test_something() -> None:
    with socket.create_connection(("192.0.2.1", 443), timeout=1) as connection:
        assert connection"""

MISTAKES = [
    Mistake(
        "snippet that no test imports",
        all_of(new("x = 1\n"), add("# new is not imported here", TESTS)),
        TESTED,
        f"{CODE}/new.py",
        "",
        f"no test of its folder touches it. Import it, or record it, in {TESTS}",
    ),
    Mistake(
        "wrong code that does not fail",
        correct_code_instead_of_wrong,
        snippet_tests("holds_up_every_other"),
        TESTS,
        "assert ",
        f"{PAGE} claims “test_a_blocking_call_in_async_def_holds_up_every_other_request”, and the code does "
        "not show it. Correct the code, or the page and the test together",
    ),
    Mistake(
        "right code that fails",
        replace(OPERATIONS, "status_code=201", "status_code=200"),
        snippet_tests("choose_the_function", OPERATIONS.rpartition("/")[0]),
        f"{OPERATIONS.rpartition('/')[0]}/calls.txt",
        "",
        "the recorded output is stale. Correct the code; or run `make record`, where docs/requests/",
    ),
    Mistake(
        "output that the code does not give",
        stale_output,
        snippet_tests("test_the_output"),
        f"{CODE}/output.txt",
        "",
        f"the recorded output is stale. Correct the code; or run `make record`, where {PAGE} says so too",
    ),
    Mistake(
        "test that needs a network",
        all_of(
            add(NETWORK, TESTS), replace(TESTS, "import asyncio", "import asyncio\nimport socket")
        ),
        snippet_tests("test_something"),
        TESTS,
        "create_connection",
        "the code does not show it. No test needs a network: answer the call in memory",
    ),
    Mistake(
        "type error",
        new('def double(number: int) -> int:\n    return "2" * number\n'),
        TYPES,
        f"{CODE}/new.py",
        'return "2"',
        'error: Incompatible return value type (got "str", expected "int"). Give what the type asks for',
    ),
    Mistake(
        "function without types",
        new("def double(number):\n    return 2 * number\n"),
        TYPES,
        f"{CODE}/new.py",
        "def double",
        "error: Function is missing a type annotation",
    ),
    # The forms are put together here, since no file may hold one.
    Mistake(
        "token of a service",
        new(f'TOKEN = "ghp_{"a1B2c3D4e5F6" * 3}"\n'),
        secret(f"{CODE}/new.py"),
        f"{CODE}/new.py",
        "TOKEN",
        "this has the form of a secret: GitHub Token. Make it at run time, or read it from the environment",
    ),
    Mistake(
        "private key",
        new(f'KEY = """-----BEGIN {"RSA PRIVATE"} KEY-----\nMIIE"""\n'),
        secret(f"{CODE}/new.py"),
        f"{CODE}/new.py",
        "KEY",
        "this has the form of a secret: Private Key. Make it at run time",
    ),
    Mistake(
        "password of a host that may exist",
        new(f'URL = "postgresql:{"//"}app:s3cret@db.fastapi-answers.org/app"\n'),
        secret(f"{CODE}/new.py"),
        f"{CODE}/new.py",
        "URL",
        "this has the form of a secret: Basic Auth Credentials. Make it at run time",
    ),
]
