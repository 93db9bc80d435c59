"""The flags that joining and its preflight share: a settings file, and what goes before it."""

from __future__ import annotations

import argparse
from pathlib import Path

from clients.site_file import SiteFile, read_site


def add_site_flags(command: argparse.ArgumentParser) -> None:
    """Add the settings file and what may be said instead of it."""
    command.add_argument("--config", type=Path, required=True, help="this hospital's settings file, hospital.yaml")
    for name, text in (
        ("superlink", "host:port of the centre"),
        ("root-certificate", "the centre's CA certificate"),
        ("private-key", "this hospital's private key"),
        ("data-root", "folder that holds the hospital's folder"),
        ("cache-dir", "folder for decoded slices"),
        ("device", "auto, cpu or cuda"),
        ("port", "of the SuperNode's own interface on loopback"),
    ):
        command.add_argument(f"--{name}", help=f"{text} (before the file's)")


def site_from(given: argparse.Namespace) -> SiteFile:
    """Read the settings file; flags go before it, and their relative paths count from the present folder."""
    flags = {
        name: getattr(given, name)
        for name in ("superlink", "root_certificate", "private_key", "data_root", "cache_dir", "device", "port")
    }
    for name in ("root_certificate", "private_key", "data_root", "cache_dir"):
        if flags[name] is not None:
            flags[name] = Path(flags[name]).resolve()
    return read_site(given.config, flags)
