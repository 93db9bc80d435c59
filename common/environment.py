"""What a run computes on: packages, platform, commit. Nothing in it names the machine or its user."""

import os
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_PROJECT = "brain-tumour-federation"
_SECONDS = 5.0


def environment() -> dict[str, str]:
    """Return the platform and, in a checkout with git, the commit with ``-dirty`` where files differ from it."""
    found = {
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpus": str(os.cpu_count() or ""),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "commit": _commit(),
    }
    return {name: value for name, value in found.items() if value}


def packages() -> dict[str, str]:
    """Return the installed version of each package that the project itself asks for."""
    try:
        wanted = [each for each in requires(_PROJECT) or [] if "extra ==" not in each]
    except PackageNotFoundError:
        return {}
    names = sorted({match[0] for each in wanted if (match := re.match(r"[A-Za-z0-9._-]+", each))}, key=str.lower)
    return {name: found for name in names if (found := _version(name))}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _commit() -> str:
    if not (_ROOT / ".git").exists():
        return ""
    words = ["git", "-C", str(_ROOT), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    said = done.stdout.strip()
    return said if done.returncode == 0 and re.fullmatch(r"[0-9a-f]{40}(-dirty)?", said) else ""
