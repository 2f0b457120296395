"""A program as a module of its own: loaded anew each time, and forgotten without a trace."""

import ast
import contextlib
import inspect
import logging
import os
import sys
import warnings
from types import ModuleType
from typing import Any

from .errors import remember

APP, ASGI = "app", ("scope", "receive", "send")
MAIN, SCRIPT = "main", "__main__"


def has_app(source: str) -> bool:
    """Tell whether a program defines an application; one with a syntax error does not."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return False
    names = set[str]()
    for node in body:
        if isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        elif isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
    return APP in names


class Surroundings:
    """What a program may change and the next one must not find: modules, environment, folder, logging."""

    def __init__(self) -> None:
        """Remember what there is."""
        self.environment, self.folder = dict(os.environ), os.getcwd()
        self.main = sys.modules[SCRIPT]

    def restore(self) -> None:
        """Bring it back."""
        os.environ.clear()
        os.environ.update(self.environment)
        with contextlib.suppress(OSError):
            os.chdir(self.folder)
        sys.modules.pop(MAIN, None)
        sys.modules[SCRIPT] = self.main
        logging.disable(logging.NOTSET)
        logging.root.handlers.clear()
        logging.root.setLevel(logging.WARNING)
        for logger in logging.root.manager.loggerDict.values():
            if isinstance(logger, logging.Logger):
                logger.handlers.clear()
                logger.setLevel(logging.NOTSET)
                logger.propagate, logger.disabled = True, False
        warnings.resetwarnings()
        sqlmodel: Any = sys.modules.get("sqlmodel")
        if sqlmodel:  # it keeps the tables of all models in one place
            sqlmodel.SQLModel.metadata.clear()
            sqlmodel.SQLModel._sa_registry.dispose()


def load(source: str, name: str) -> ModuleType:
    """Run a program of the file ``name`` as a module, and return it; raise what it raises.

    One with an application is imported, as a server would, and any other is started.
    """
    remember(name, source)
    module = ModuleType(MAIN if has_app(source) else SCRIPT)
    module.__file__ = name
    sys.modules[module.__name__] = module
    exec(compile(source, name, "exec"), vars(module))  # noqa: S102  # what the reader asked for
    return module


def application(module: ModuleType) -> Any:
    """Return the application of a program; raise ``LookupError`` where there is none that speaks ASGI."""
    app = getattr(module, APP, None)
    if app is None:
        raise LookupError("the program has no app")
    if inspect.isfunction(app) and len(inspect.signature(app).parameters) != len(ASGI):
        raise LookupError("the app does not speak ASGI")
    return app
