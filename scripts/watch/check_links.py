"""Ask whether the pages' links to other sites still lead somewhere, one request at a time for each host.

``python -m scripts.watch.check_links`` prints a line for each address that is gone, and on the error output
those that could not be judged. It is no gate: other people's servers fail for reasons of their own.
"""

import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from scripts.project import ROOT

LINK = re.compile(r"(?:\]\(|<|\b(?:url|source|proof): \"?)(https://[^\s)>\"#]+)")
TRIES = 3
PAUSE = 5.0  # seconds between two tries, the second time twice as long
GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}


def addresses(root: Path = ROOT) -> dict[str, list[str]]:
    """Return by address, without fragment, the pages that link to it in front matter or text."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(root.glob("docs/**/*.md")):
        for address in dict.fromkeys(LINK.findall(path.read_text(encoding="utf-8"))):
            found[address].append(path.relative_to(root).as_posix())
    return dict(found)


def fault(
    client: httpx2.Client, address: str, sleep: Callable[[float], None] = time.sleep
) -> tuple[bool, str]:
    """Return whether ``address`` is gone, and what is wrong with it; an empty text where nothing is."""
    text = ""
    for attempt in range(TRIES):
        if attempt:
            sleep(attempt * PAUSE)
        try:
            response = client.head(address)
            if response.is_error:  # some servers know GET alone
                response = client.get(address)
        except httpx2.HTTPError as error:
            text = type(error).__name__
            continue
        if response.is_success:
            return False, ""
        text = str(response.status_code)
        if response.status_code in GONE:
            return True, text
    return False, text


def main() -> int:
    """Check all links; always 0."""
    found = addresses()
    hosts: defaultdict[str, list[str]] = defaultdict(list)
    for address in found:
        hosts[urlsplit(address).netloc].append(address)
    headers = {"User-Agent": "FastAPI Answers, link check (once a week)"}
    with (
        httpx2.Client(follow_redirects=True, timeout=30, headers=headers) as client,
        ThreadPoolExecutor(8) as pool,
    ):
        results = pool.map(lambda host: [(a, *fault(client, a)) for a in hosts[host]], hosts)
        for address, gone, text in sorted(result for host in results for result in host):
            if text:
                line = f"{address} ({text}): {', '.join(found[address])}"
                print(line, file=sys.stdout if gone else sys.stderr, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
