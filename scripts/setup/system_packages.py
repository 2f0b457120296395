"""Install a package of the distribution, for programs that pip cannot bring."""

import os
import shutil
import subprocess


def run(command: list[str]) -> str:
    """Run ``command`` quietly; return an empty string, or the last line it printed where it failed."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if not result.returncode:
        return ""
    output = result.stderr.strip() or result.stdout.strip() or "no output"
    return output.splitlines()[-1].rstrip(".") + "."


def can_install() -> bool:
    """Return whether this is a system with apt, and we are root on it."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(package: str) -> str:
    """Install ``package`` with apt; return an empty string, or why that failed."""
    return run(["apt-get", "update", "-qq"]) or run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package]
    )
