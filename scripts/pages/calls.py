"""What the macros can be called with: plain values of the types that they name."""

import ast
import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from pydantic import ValidationError, validate_call

from scripts.pages.macros import define_env
from scripts.project import site_url

PLAIN = (str, int, list)


def macros() -> dict[str, Callable[..., Any]]:
    """Return the macros that pages can call, by name."""
    found: dict[str, Callable[..., Any]] = {}
    env: Any = SimpleNamespace(
        conf={"extra": {}, "site_url": site_url()},
        page=None,
        macro=lambda function: found.setdefault(function.__name__, function),
    )
    define_env(env)
    return found


def values(arguments: str) -> tuple[list[Any], dict[str, Any]] | None:
    """Return the plain values of a call, by place and by name; none where it holds something else."""
    try:
        call = ast.parse(f"f({arguments})", mode="eval").body
        assert isinstance(call, ast.Call)
        placed = [ast.literal_eval(argument) for argument in call.args]
        named = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    except (SyntaxError, ValueError, AssertionError):
        return None
    return (
        (placed, named) if all(isinstance(v, PLAIN) for v in [*placed, *named.values()]) else None
    )


def fault_of(macro: Callable[..., Any], placed: list[Any], named: dict[str, Any]) -> str:
    """Return why a macro cannot be called like that, or nothing: its types say what it takes.

    A macro that takes no argument needs the page that is being rendered; only its arguments are compared.
    """
    try:
        inspect.signature(macro).bind(*placed, **named)
        if placed or named:
            validate_call(config={"strict": True})(macro)(*placed, **named)
    except ValidationError as error:
        first = error.errors()[0]
        return f"{first['input']!r:.40}: {first['msg']}"
    except (LookupError, TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}".rstrip(".")
    return ""
