"""Change front matter as text, so that comments, quotes and everything else in it stay."""

import re

from scripts.catalogue.files.front_matter import Answer

ORDER = list(Answer.model_fields)


def key(block: str) -> str:
    """Return the key of a block, for example ``level`` of ``level: basic``."""
    return block.partition(":")[0]


def split(text: str) -> tuple[list[str], str]:
    """Cut a page into the blocks of its front matter, one for each key, and the text below it.

    A page without front matter has no blocks.
    """
    parts = re.match(r"---\n(.*?^)---\n(.*)", text, re.M | re.S)
    if not parts:
        return [], text
    return [block for block in re.split(r"^(?=\w+:)", parts[1], flags=re.M) if block], parts[2]


def join(blocks: list[str], body: str) -> str:
    """Return the page with ``blocks`` in the order of the model; unknown keys stay behind the others."""
    if not blocks:
        return body
    blocks = sorted(
        blocks, key=lambda block: ORDER.index(key(block)) if key(block) in ORDER else len(ORDER)
    )
    return f"---\n{''.join(blocks)}---\n{body}"


def ordered(text: str) -> str:
    """Return the page with the keys of its front matter in the order of the model."""
    return join(*split(text))


def block_of(text: str, name: str) -> str:
    """Return the block of the key ``name``, or an empty string."""
    return next((block for block in split(text)[0] if key(block) == name), "")


def with_block(text: str, new: str) -> str:
    """Return the page with the block ``new`` in place of the one with the same key, or added."""
    blocks, body = split(text)
    return join([*(block for block in blocks if key(block) != key(new)), new], body)
