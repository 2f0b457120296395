"""What every test finds as it was: the state of the process, of the shown code, and of the test file."""

import builtins
import decimal
import gc
import locale
import logging
import os
import re
import signal
import socket
import sys
from collections.abc import Hashable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType

from fastapi import FastAPI

State = dict[str, Hashable]
SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


def state(module: ModuleType | None = None) -> State:
    """Return what every test finds as it was; ``module`` is the test file, where it is imported already."""
    found: State = {f"the variable {k}": v for k, v in os.environ.items() if k[:7] != "PYTEST_"}
    process, numbers = Path("/proc/self/status"), decimal.getcontext()
    found |= {
        "the limit of logging.disable": logging.root.manager.disable,
        "the context of decimal": (numbers.prec, numbers.rounding, numbers.Emin, numbers.Emax),
        "the locale": locale.setlocale(locale.LC_ALL),
        "the umask": process.exists() and re.findall(r"Umask:\s*(\w+)", process.read_text())[0],
        "the working directory": str(Path.cwd()),
        "sys.path": tuple(sys.path),
        "a handler of a signal": tuple(map(signal.getsignal, SIGNALS)),
        "a builtin": tuple(map(id, vars(builtins).values())),
        "a limit of the process": (
            sys.getrecursionlimit(),
            sys.getswitchinterval(),
            socket.getdefaulttimeout(),
            gc.isenabled(),
        ),
    }
    for name, value in vars(module).items() if module else ():
        found |= dict(of_app(name, value))
        if type(value) is ModuleType and value.__name__.startswith("snippets."):
            for inner, part in vars(value).items():
                if issubclass(type(part), FunctionType | type | FastAPI):
                    found[f"{name}.{inner}"] = id(part)
                    found |= dict(of_app(f"{name}.{inner}", part))
    return found


def of_app(name: str, app: object) -> Iterator[tuple[str, Hashable]]:
    """Yield what a test has to undo of an application; to ask for a type alone wakes no lazy object."""
    if issubclass(type(app), FastAPI):
        overrides, routes, middleware = (
            getattr(app, part) for part in ("dependency_overrides", "routes", "user_middleware")
        )
        yield f"{name}.dependency_overrides", tuple(map(id, overrides.values()))
        yield f"{name}.routes", len(routes)
        yield f"{name}.user_middleware", len(middleware)
