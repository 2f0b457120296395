"""List the files of the built site with their hashes: a published site can be compared with a build."""

import hashlib
from pathlib import Path

CHECKSUMS = "SHA256SUMS"


def checksums(site: Path) -> str:
    """Return the list as `sha256sum --check` reads it: sorted, without itself."""
    names = sorted(path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())
    return "".join(
        f"{hashlib.sha256((site / name).read_bytes()).hexdigest()}  {name}\n"
        for name in names
        if name != CHECKSUMS
    )


def write_checksums(site: Path) -> None:
    """Write the list into ``site``; nothing may change there afterwards."""
    (site / CHECKSUMS).write_text(checksums(site), encoding="utf-8")
