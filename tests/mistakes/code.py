"""Mistakes with the code of a page: how it is included, shown, written and tested."""

from scripts.validation.code import folders, includes, proofs
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
TESTED = rule(proofs.every_snippet_is_tested)
ASSERTS = rule(proofs.every_test_of_a_snippet_asserts_something)
SLEEPS = rule(proofs.no_test_of_a_snippet_sleeps_to_be_right)
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
        "pasted code",
        block("print('pasted')"),
        BLOCKS,
        PAGE,
        "```python",
        "the code block is pasted. Put the code into a file of the page's snippet folder",
    ),
    Mistake(
        "pasted code beside an include",
        block(f'--8<-- "{SLUG}/def_endpoint.py:endpoint"\nprint()'),
        BLOCKS,
        PAGE,
        "```python",
        "the code block is pasted. Put the code into a file",
    ),
    Mistake(
        "pasted code without a fence",
        add("Call it:\n\n    print('pasted')"),
        linter("the Markdown is well formed"),
        PAGE,
        "print('pasted')",
        "[MD046] Use fenced code blocks",
    ),
    Mistake(
        "code block that is not closed",
        add("```python"),
        BLOCKS,
        PAGE,
        "```python",
        "the code block is not closed. End it with the same fence",
    ),
    Mistake(
        "code block without a language",
        block(f'--8<-- "{SLUG}/def_endpoint.py:endpoint"', info=""),
        BLOCKS,
        PAGE,
        "```",
        "the code block names no language. Write it after the fence",
    ),
    Mistake(
        "include outside a code block",
        add(f'--8<-- "{SLUG}/def_endpoint.py:endpoint"'),
        BLOCKS,
        PAGE,
        "--8<--",
        "the include stands outside a code block. Put a fence with its language around it",
    ),
    Mistake(
        "include by line numbers",
        include(f"{SLUG}/def_endpoint.py:3:7"),
        BLOCKS,
        PAGE,
        "```python",
        "the code is included by line numbers. Mark a section in the file and name it",
    ),
    Mistake(
        "include of a whole program",
        include(f"{SLUG}/def_endpoint.py"),
        BLOCKS,
        PAGE,
        "```python",
        "def_endpoint.py is included without a section. Name one: `file:section`",
    ),
    Mistake(
        "include of another page's file",
        include("concurrency/await/wrong_condition.py:condition"),
        INCLUDES,
        PAGE,
        "wrong_condition.py",
        f"belongs to another page. Include files of {CODE}/; link to the other page",
    ),
    Mistake(
        "include from outside of snippets/",
        include("../tests/session.py:options"),
        INCLUDES,
        PAGE,
        "../tests/session.py",
        f"../tests/session.py leaves snippets/. Include files of {CODE}/ only",
    ),
    Mistake(
        "include of a file that does not exist",
        include(f"{SLUG}/def_endpont.py:endpoint"),
        INCLUDES,
        PAGE,
        "def_endpont.py",
        f"{CODE}/def_endpont.py does not exist. Create it or correct the name",
    ),
    Mistake(
        "include of a section that does not exist",
        include(f"{SLUG}/def_endpoint.py:endpont"),
        INCLUDES,
        PAGE,
        ":endpont",
        "def_endpoint.py has no section `endpont`. Name one that it has (program), or mark it",
    ),
    Mistake(
        "section that is not closed",
        replace(WRONG, "# --8<-- [end:blocking]\n", ""),
        INCLUDES,
        WRONG,
        "[start:blocking]",
        "the section `blocking` is not closed. Add `--8<-- [end:blocking]`",
    ),
    Mistake(
        "section with the name of another",
        add("# --8<-- [start:blocking]\n# --8<-- [end:blocking]", WRONG),
        INCLUDES,
        WRONG,
        "[start:blocking]",
        "the section `blocking` stands there twice. Mark it once",
    ),
    Mistake(
        "snippet that no page shows",
        new("x = 1\n"),
        SHOWN,
        f"{CODE}/new.py",
        "",
        f"{PAGE} does not show it. Include it there, or delete it",
    ),
    Mistake(
        "section that no page shows",
        add("# --8<-- [start:more]\n# --8<-- [end:more]", WRONG),
        SHOWN,
        WRONG,
        "[start:more]",
        f"{PAGE} does not show the section `more`. Include it there, or remove its markers",
    ),
    Mistake(
        "snippet folder without a page",
        write("snippets/concurrency/orphan/app.py", "x = 1\n"),
        rule(folders.every_snippet_folder_belongs_to_an_answer),
        "snippets/concurrency/orphan",
        "",
        "no answer shows this folder. Write docs/concurrency/orphan.md, or delete it",
    ),
    Mistake(
        "snippet that no test imports",
        all_of(new("x = 1\n"), add("# new is not imported here", TESTS)),
        TESTED,
        f"{CODE}/new.py",
        "",
        f"no test of its folder touches it. Import it, or record it, in {TESTS}",
    ),
    Mistake(
        "answer without a test",
        write(TESTS, None),
        TESTED,
        PAGE,
        "",
        f"{TESTS} does not exist. Prove the page's claims there",
    ),
    Mistake(
        "test that asserts nothing",
        test("print(wrong_blocking_call.app)"),
        ASSERTS,
        TESTS,
        "def test_something",
        "test_something asserts nothing. Assert what its name claims",
    ),
    Mistake(
        "test that asserts a constant",
        test("assert True"),
        ASSERTS,
        TESTS,
        "def test_something",
        "test_something asserts nothing. Assert what its name claims",
    ),
    Mistake(
        "test that sleeps to be right",
        test("time.sleep(0.5)"),
        SLEEPS,
        TESTS,
        "time.sleep(0.5)",
        "the test waits for a fixed time: time.sleep(0.5). Wait for what has to happen",
    ),
    Mistake(
        "proof that does not exist",
        replace(PAGE, "::test_the_other", "::test_some_other"),
        rule(proofs.every_proof_names_a_test_that_exists),
        PAGE,
        "::test_some_other",
        "does not exist. Name a test of the snippets",
    ),
    Mistake(
        "wrong code that does not fail",
        correct_code_instead_of_wrong,
        snippet_tests("holds_up_every_other"),
        PAGE,
        "",
        "the page claims “test_a_blocking_call_in_async_def_holds_up_every_other_request”, and the code does "
        "not show it. Correct the code, or the page and the test together",
    ),
    Mistake(
        "right code that fails",
        replace(OPERATIONS, "status_code=201", "status_code=200"),
        snippet_tests("choose_the_function", OPERATIONS.rpartition("/")[0]),
        "docs/requests/path-operations.md",
        "",
        "the page claims “test_method_and_path_choose_the_function”, and the code does not "
        "show it. Correct the code, or the page and the test together",
        lines=2,  # the recorded exchange, and the page
    ),
    Mistake(
        "output that the code does not give",
        stale_output,
        snippet_tests("test_the_output"),
        f"{CODE}/output.txt",
        "",
        f"the recorded output is stale. Run `make record`, and check that {PAGE} still says the truth",
        lines=2,  # the file, and the page
    ),
    Mistake(
        "test that needs a network",
        all_of(
            add(NETWORK, TESTS), replace(TESTS, "import asyncio", "import asyncio\nimport socket")
        ),
        snippet_tests("test_something"),
        PAGE,
        "",
        "the code does not show it. No test needs a network: answer the call in memory",
    ),
    Mistake(
        "type error",
        new('def double(number: int) -> int:\n    return "2" * number\n'),
        TYPES,
        f"{CODE}/new.py",
        'return "2"',
        'error: Incompatible return value type (got "str", expected "int")',
    ),
    Mistake(
        "function without types",
        new("def double(number):\n    return 2 * number\n"),
        TYPES,
        f"{CODE}/new.py",
        "def double",
        "error: Function is missing a type annotation",
    ),
    Mistake(
        "fault that the linter knows",
        new("import os\n"),
        LINT,
        f"{CODE}/new.py",
        "import os",
        "F401 [*] `os` imported but unused",
    ),
    Mistake(
        "code that is commented out",
        new("x = 1\n# x = 2\n"),
        LINT,
        f"{CODE}/new.py",
        "# x = 2",
        "ERA001 Found commented-out code",
    ),
    Mistake(
        "code that is not formatted",
        new("x = {  'a':1 }\n"),
        FORMAT,
        f"{CODE}/new.py",
        "x = {",
        "unformatted: File would be reformatted",
    ),
    Mistake(
        "code that is indented wrongly",
        new("def double(number: int) -> int:\n    two = 2\n     return two * number\n"),
        LINT,
        f"{CODE}/new.py",
        "     return",
        "invalid-syntax: Unexpected indentation",
    ),
    Mistake(
        "blocking call in `async def` of right code",
        new("import time\n\n\nasync def wait() -> None:\n    time.sleep(1)\n"),
        LINT,
        f"{CODE}/new.py",
        "time.sleep(1)",
        "ASYNC251 Async functions should not call `time.sleep`",
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
