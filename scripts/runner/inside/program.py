"""A program as a module of its own: loaded anew each time, and forgotten without a trace."""

import ast
import logging
import os
import sys
import tempfile
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

from .asgi.wsgi import AsASGI, speaks_wsgi
from .errors import remember

APP = "app"
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
        self.own: tempfile.TemporaryDirectory[str] | None = None

    def enter(self, files: dict[str, str]) -> None:
        """Go to a new folder that holds ``files``, from which modules are imported too."""
        self.own = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        for name, text in files.items():
            Path(self.own.name, name).parent.mkdir(parents=True, exist_ok=True)
            Path(self.own.name, name).write_text(text, encoding="utf-8")
        os.chdir(self.own.name)
        sys.path.insert(0, self.own.name)

    def restore(self) -> None:
        """Bring it back."""
        os.environ.clear()
        os.environ.update(self.environment)
        os.chdir(self.folder)
        if self.own:
            self.own.cleanup()
        sys.path[:] = [place for place in sys.path if not self.own or place != self.own.name]
        for name in [name for name in sys.modules if name.partition(".")[0] in (MAIN, "snippets")]:
            del sys.modules[name]
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
        ask_for_greenlet_again()
        sqlmodel: Any = sys.modules.get("sqlmodel")
        if sqlmodel:  # it keeps the tables of all models in one place
            sqlmodel.SQLModel.metadata.clear()
            sqlmodel.SQLModel._sa_registry.dispose()


def ask_for_greenlet_again() -> None:
    """Let SQLAlchemy look for greenlet again where it is not there: it says so only the first time."""
    concurrency: Any = sys.modules.get("sqlalchemy.util.concurrency")
    if not concurrency or vars(concurrency).get("greenlet", concurrency):
        return
    del concurrency.greenlet
    concurrency._concurrency_shim = concurrency._concurrency_shim_cls()
    for name in [name for name in sys.modules if name.startswith("sqlalchemy.ext.asyncio")]:
        del sys.modules[name]


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
    """Return the application of a program, as one of ASGI; raise ``LookupError`` where there is none."""
    app = getattr(module, APP, None)
    if app is None:
        raise LookupError("the program has no app")
    return AsASGI(app) if speaks_wsgi(app) else app
