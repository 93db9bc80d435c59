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
from common.config.partition import refuse_parts
from common.config.strategies import refuse_pooled
from common.errors import Interrupted, RunError
from common.files import absolute
from common.text import command_line
from server.centre.layout import DEFAULT_FOLDER, Centre, require_serving, with_credentials
from server.centre.submission import Follower, submit, with_output_dir
from server.recording.resume import resumed_settings
from server.recording.stale_runs import mark_stale, resume_command


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
    Interrupted
        ``RUN130`` after Ctrl-C, where the run's own last words did not come.
    RunError
        ``RUN021`` if the run died without a last word; that is then written down in its folder.
    """
    centre = Centre(absolute(given.credentials))
    overrides = with_output_dir(given.overrides)
    settings = compose_settings(overrides)
    if settings.resume:
        settings, _ = resumed_settings(settings, overrides)
    refuse_pooled(settings.strategy.name)
    refuse_parts(settings.hospitals)
    load_hospitals(settings.hospitals)
    require_serving(centre)
    run_id = submit(centre, overrides)
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[dim]submitted to the SuperLink as {run_id}; Ctrl-C stops the run[/]")
    follower = Follower(centre, run_id)
    code = follower.follow()
    if code is not None:
        return code
    go_on = _go_on(centre, settings.output_dir, follower.run, given.overrides)
    if follower.stopped:
        raise Interrupted("RUN130", f"The run was stopped; {go_on}")
    if follower.run:
        folder = RunFolder(Path(settings.output_dir), follower.run)
        mark_stale(folder, with_credentials("server.run", centre.folder))
    again = f"start python -m {with_credentials('server.serve', centre.folder)} again if it is gone"
    raise RunError(
        "RUN021",
        f"The SuperLink or the run's own process ended without a last word; {again}, then {go_on}",
    )


def _go_on(centre: Centre, output_dir: str, run: str | None, overrides: Sequence[str]) -> str:
    """Say the command that goes on with a run, or starts it anew where none had begun."""
    program = with_credentials("server.run", centre.folder)
    if run is None:
        return f"start the run again: python -m {program} {command_line(*overrides)}"
    return f"go on with: {resume_command(program, RunFolder(Path(output_dir), run), output_dir)}"


if __name__ == "__main__":
    sys.exit(main())
