"""Text as Markdown that shows it."""

import html
import re


def plain(text: str) -> str:
    """Return Markdown that shows ``text`` as it stands, whatever signs it holds."""
    return re.sub(r"([\\`*_\[\]#~])", r"\\\1", html.escape(text, quote=False))
