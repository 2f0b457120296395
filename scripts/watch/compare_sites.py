"""Compare two built sites: which pages a pull request changes, and how they read before and after.

``python -m scripts.watch.compare_sites OLD NEW`` prints a summary in Markdown.
"""

import difflib
import html
import re
import sys
from dataclasses import dataclass
from pathlib import Path

ARTICLE = re.compile(r"<article\b.*?</article>", re.S)
BLOCK = re.compile(r"<(?:p|h\d|li|tr|pre|div|dt|dd|summary|blockquote|br)\b")
TAG = re.compile(r"<[^>]*>")
# GitHub refuses a summary above 1 MiB; what is cut stands in the attached site.
LONGEST_SUMMARY = 200_000  # characters


@dataclass(frozen=True)
class Difference:
    """One page that differs."""

    address: str
    """Below the site's root; that of the home page is empty."""
    kind: str
    """``new``, ``changed`` or ``gone``."""
    text: str
    """The difference of what the page says, as a unified diff."""


def articles(site: Path) -> dict[str, str]:
    """Return the article of each page of a built site, as HTML, by the page's address.

    Navigation and head are left out: a new page changes those of all others. Short links and
    redirects have no article.
    """
    found = {}
    for path in sorted(site.rglob("index.html")):
        if article := ARTICLE.search(path.read_text(encoding="utf-8")):
            address = path.parent.relative_to(site).as_posix()
            found["" if address == "." else f"{address}/"] = article[0]
    return found


def lines(article: str) -> list[str]:
    """Return the text of an article, one line for each block or line of code."""
    text = html.unescape(TAG.sub("", BLOCK.sub(r"\n\g<0>", article)))
    return [stripped for line in text.splitlines() if (stripped := line.rstrip())]


def compare(old: dict[str, str], new: dict[str, str]) -> list[Difference]:
    """Return the pages whose articles differ, by address."""
    return [
        Difference(
            address,
            "new" if address not in old else "changed" if address in new else "gone",
            "\n".join(
                difflib.unified_diff(
                    lines(old.get(address, "")), lines(new.get(address, "")), n=1, lineterm=""
                )
            ),
        )
        for address in sorted(old.keys() | new.keys())
        if old.get(address) != new.get(address)
    ]


def summary(differences: list[Difference]) -> str:
    """Return the summary of a pull request's run, in Markdown."""
    if not differences:
        return "No page reads differently."
    count = len(differences)
    parts = [f"## {count} {'page reads' if count == 1 else 'pages read'} differently\n"]
    size = 0
    for page in differences:
        # A fence longer than any that the page itself shows.
        block = (
            f"\n~~~~~diff\n{page.text}\n~~~~~\n" if page.text else "\nOnly the markup differs.\n"
        )
        size += len(block)
        if size > LONGEST_SUMMARY:
            block = "\nToo long for this summary: see the attached site.\n"
        title = f"<code>/{html.escape(page.address)}</code> {page.kind}"
        parts.append(f"<details><summary>{title}</summary>\n{block}\n</details>")
    return "\n".join(parts)


def main(old: Path, new: Path) -> int:
    """Print the summary of what differs between two built sites."""
    print(summary(compare(articles(old), articles(new))))
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:3])))
