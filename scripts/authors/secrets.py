"""Secrets: tokens in the form that a service gives out, and private keys.

Demonstration values never have such a form; CONTRIBUTING.md, “Code”, says what to write instead. So no line
can be excepted, neither by a comment nor by a list of known findings.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from detect_secrets.core import scan
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.basic_auth import BasicAuthDetector
from detect_secrets.settings import transient_settings

from scripts.catalogue.files.problems import Problem
from scripts.validation.rules import read

# Detectors that guess, from a name or from how random a text looks, and one for IP addresses.
GUESSES = frozenset(
    {"Base64HighEntropyString", "HexHighEntropyString", "KeywordDetector", "IPPublicDetector"}
)
LOCKS = {  # releases and hashes: scripts/validation/files/locks.py
    "requirements/site.txt",
    "requirements/test.txt",
    "requirements/oldest.txt",
}

# A password in an address is none where the host is this machine, or one that never exists (RFC 2606).
NO_HOST = re.compile(
    r"@(localhost|127\.0\.0\.1|([\w-]+\.)*(example(\.(com|net|org))?|test|invalid))\b"
)


def secrets(root: Path, files: Iterable[str]) -> Iterator[Problem]:
    """Yield the secrets in ``files`` below ``root``."""
    classes: Iterable[type] = get_mapping_from_secret_type_to_class().values()
    plugins = [{"name": name} for name in sorted({one.__name__ for one in classes} - GUESSES)]
    with transient_settings({"plugins_used": plugins, "filters_used": []}):
        for name in sorted(set(files) - LOCKS):
            for secret in scan.scan_file(str(root / name)):
                line = read(root, name).splitlines()[secret.line_number - 1]
                if secret.type == BasicAuthDetector.secret_type and NO_HOST.search(line):
                    continue
                fault = f"this has the form of a secret: {secret.type}"
                remedy = "Make it at run time, or read it from the environment. Revoke a real one."
                yield Problem(name, secret.line_number, fault, remedy, "Code")
