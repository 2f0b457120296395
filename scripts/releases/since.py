"""Whether what is installed is new enough. Apart from the rest: Zensical comes without ``packaging``."""

from collections.abc import Mapping
from typing import Any

from packaging.version import Version


def lacking(needed: Mapping[Any, str], installed: Mapping[str, str]) -> str:
    """Return the first of ``needed`` that ``installed`` is older than (``fastapi 0.163.0``), or nothing."""
    return next((f"{n} {v}" for n, v in needed.items() if Version(installed[n]) < Version(v)), "")
