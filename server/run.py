"""``python -m server.run [overrides]``: submit a run to the centre's SuperLink and follow it to its end.

The overrides are those of ``python -m server.simulate``; so are the screen, the artifacts and the exit codes.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from common import cli
from common.artifacts.layout import RunFolder
from common.config.hydra import compose_settings, load_hospitals
from common.config.strategies import refuse_pooled
from common.errors import RunError
from server.centre.layout import DEFAULT_FOLDER, Centre, require_serving
from server.centre.submission import Follower, submit
from server.recording.resume import resumed_settings
from server.recording.stale_runs import mark_stale


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = cli.command(
        "server.run",
        "Run the federation over the SuperLink that python -m server.serve started.",
        "Settings are those of python -m server.simulate, for example: rounds=20 train.lr=1e-3 resume=run-007. "
        "Exit codes: 0 done; 1 the run failed; 2 the configuration is wrong; 130 stopped by Ctrl-C.",
    )
    command.add_argument("--credentials", type=Path, default=DEFAULT_FOLDER, help="of python -m server.serve")
    command.add_argument("overrides", nargs="*", help="setting=value ...")
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the run's exit code."""
    return cli.run(run, parser(), arguments)


def run(given: argparse.Namespace) -> int:
    """Check, submit, follow.

    Raises
    ------
    RunError
        ``RUN021`` if the run died without a last word; that is then written down in its folder.
    """
    centre = Centre(given.credentials.resolve())
    overrides = _with_output_dir(given.overrides)
    settings = compose_settings(overrides)
    if settings.resume:
        settings, _ = resumed_settings(settings, overrides)
    refuse_pooled(settings.strategy.name)
    load_hospitals(settings.hospitals)
    require_serving(centre)
    run_id = submit(centre, overrides)
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[dim]submitted to the SuperLink as {run_id}; Ctrl-C stops the run[/]")
    follower = Follower(centre, run_id)
    code = follower.follow()
    if code is not None:
        return code
    if follower.run:
        mark_stale(RunFolder(Path(settings.output_dir), follower.run), "server.run")
    raise RunError(
        "RUN021",
        "The SuperLink or the run's own process ended without a last word; start python -m server.serve again if it is "
        f"gone, then go on with: python -m server.run resume={follower.run or 'RUN'}",
    )


def _with_output_dir(overrides: Sequence[str]) -> list[str]:
    """Results go where the command was typed, as in a simulation; the SuperLink may run in another folder."""
    rest = [override for override in overrides if not override.startswith("output_dir=")]
    given = [override.partition("=")[2] for override in overrides if override.startswith("output_dir=")]
    return [*rest, f"output_dir={Path(given[-1] if given else '.').resolve()}"]


if __name__ == "__main__":
    sys.exit(main())
