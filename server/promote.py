"""Put a completed run's model in service: ``python -m server.promote run-003 --reason "..."``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from common import cli
from common.artifacts.layout import RunFolder
from common.artifacts.ledger.check import no_ledger
from common.artifacts.service_history import meta_in_service

ROOT = Path(__file__).resolve().parents[1]


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = cli.command(
        "server.promote", "Put a completed run's model in service: copy it to models/ and keep the reason."
    )
    command.add_argument("run", help="the run's number, for example run-003")
    command.add_argument("--reason", required=True, help="why, in one sentence; it is kept")
    command.add_argument("--by", default="command line", help="who does it; the system's user is kept beside it")
    command.add_argument(
        "--output-dir", type=Path, default=ROOT, help="parent of artifacts/ and models/ (default: the project's folder)"
    )
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 done, 2 refused, 1 the folder cannot be written."""
    return cli.run(promote, parser(), arguments)


def promote(given: argparse.Namespace) -> None:
    """Copy the run's model, and say where the reason is kept."""
    from common.artifacts.service import put_in_service  # brings torch; --help answers without it

    put_in_service(given.output_dir, given.run, reason=given.reason, by=given.by)
    print(f"{given.run} is in service; {given.output_dir / 'models' / 'history.jsonl'} says why.")
    if not RunFolder(given.output_dir, given.run).ledger.exists():
        print(no_ledger(given.run))
    if notice := (meta_in_service(given.output_dir) or {}).get("notice"):
        print(notice)


if __name__ == "__main__":
    sys.exit(main())
