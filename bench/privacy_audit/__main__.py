"""``python -m bench.privacy_audit run-007``: attack a finished run, and compare what is shown with what it claims.

What is found goes into ``privacy_audit.json`` in the run's folder; nothing else there is touched. See
``docs/privacy_audit.md``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from common import cli
from common.errors import InputError
from common.text import listed, shown

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("canaries", "membership", "inversion")
FEWEST, MOST = 20, 100_000


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = cli.command(
        "bench.privacy_audit",
        "Attack a finished run and compare what is shown with what it claims. The run is trained again with canaries, "
        "so this takes about as long as the run did.",
        "Exit codes: 0 done; 1 the run's claim is refuted; 2 the run cannot be audited; 130 stopped by Ctrl-C.",
    )
    command.add_argument("run", help="the run's number, for example run-007")
    command.add_argument("--output-dir", type=Path, default=ROOT, help="parent of artifacts/ (the project's folder)")
    command.add_argument("--data-root", type=Path, help="folder of the hospitals' folders (where the run had it)")
    command.add_argument("--cache-dir", type=Path, help="folder of decoded slices (where the run had it)")
    command.add_argument("--canaries", type=int, default=200, help="patients to plant (200)")
    command.add_argument("--shadow-models", type=int, default=4, help="of the membership attack, even (4)")
    command.add_argument("--seed", type=int, default=0, help="draws the canaries and the shadow models' slices (0)")
    command.add_argument("--iterations", type=int, default=400, help="of the search for each picture (400)")
    command.add_argument("--without", default="", metavar="PARTS", help=f"leave out, of {', '.join(PARTS)}")
    command.add_argument("--pictures", type=Path, help="folder for the pictures that the inversion makes")
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    return cli.run(audit, parser(), arguments)


def audit(given: argparse.Namespace) -> int:
    """Attack, print and write; 1 where the claim is refuted."""
    parts = _parts(given.without)
    if not FEWEST <= given.canaries <= MOST:
        raise InputError("AUDIT002", f"--canaries {given.canaries} cannot be; it takes {FEWEST} to {MOST:,}.")
    from bench.privacy_audit.audit import Wanted, attack  # seconds: PyTorch
    from bench.privacy_audit.read_run import Places

    places = Places(given.output_dir, given.data_root, given.cache_dir)
    wanted = Wanted(parts, given.canaries, given.shadow_models, given.seed, given.iterations, given.pictures)
    return attack(given.run, places, wanted)


def _parts(without: str) -> list[str]:
    """Return what is left to do."""
    left_out = [name for name in without.split(",") if name]
    if wrong := [name for name in left_out if name not in PARTS]:
        raise InputError("AUDIT003", f"There is no part '{shown(wrong[0])}'; --without takes {listed(PARTS)}.")
    if not (parts := [name for name in PARTS if name not in left_out]):
        raise InputError("AUDIT003", "Nothing is left to do; --without leaves out too much.")
    return parts


if __name__ == "__main__":
    sys.exit(main())
