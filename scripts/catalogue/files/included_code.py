"""The code that a page includes from ``snippets/``, by the very extension that the build uses."""

import functools
from pathlib import Path
from typing import Any

from markdown import Markdown

from scripts.project import ROOT


@functools.cache
def includer(root: Path) -> Any:
    """Return the part of the extension that includes snippets, set as in ``mkdocs.yml``."""
    options = {"base_path": [root / "snippets"], "check_paths": True, "dedent_subsections": True}
    markdown = Markdown(
        extensions=["pymdownx.snippets"], extension_configs={"pymdownx.snippets": options}
    )
    return markdown.preprocessors["snippet"]


def included(text: str, root: Path = ROOT) -> str:
    """Return Markdown with the code in place of its includes.

    Raises ``SnippetMissingError`` of pymdownx where there is no such file or section.
    """
    return "\n".join(includer(root).run(text.split("\n")))
