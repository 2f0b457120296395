"""Why a program cannot run in the browser, told by the exception that it ends with."""

import re

LACKS = {
    r"^KeyError: '\w*DATABASE_URL'": "PostgreSQL",
    r"^ValidationError: .* for Settings|The setting \w+ is missing": "settings",
    r"No module named '_?multiprocessing'|lacks multiprocessing": "processes",
    r"can't start new thread": "threads",
    r"cannot import name 'scrypt'": "OpenSSL",
    r"here are no sockets|module 'socket' has no": "sockets",
    r"greenlet": "greenlet",
    r"no such table": "tables",
    r"^RuntimeError: (File|Directory) .*does not exist": "files",
    r"^hang": "time",
    r"^SystemExit": "sockets",
    r"^ImportError: attempted relative import": "modules",
    r"No module named 'snippets": "modules",
    r"No module named 'asyncpg": "PostgreSQL",
    r"No module named '(?:bson|pymongo)": "MongoDB",
    r"No module named 'redis": "Redis",
}
"""Exceptions by which a program says that it needs what is not there, and what that is."""
MISSING = {
    r"No module named '(\w+)(\.v1)?": r"\1\2",
    r"^\w+: (\w+) must be installed": r"\1",
    r"Unable to configure formatter 'access'": "uvicorn",
    r"^DeadlockError": "network",
}
"""The same of exceptions that CPython does not raise."""


def lacks(why: str, signs: dict[str, str] = LACKS) -> str:
    """Return in a word what a program that ended with an exception needs and has not, or nothing."""
    for pattern, word in signs.items():
        if found := re.search(pattern, why):
            return found.expand(word)
    return ""


def kind(why: str) -> str:
    """Return the kind of an exception."""
    return why.partition(":")[0]
