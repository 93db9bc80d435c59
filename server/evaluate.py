"""``python -m server.evaluate run-007 hospitals=[new]``: a finished model where it was not trained.

Simulated, or with ``--superlink`` at the hospitals that are connected to ``python -m server.serve``.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from common import cli
from common.config.hydra import load_hospitals
from common.config.partition import refuse_parts
from common.data.identity.labelling import require_slices
from common.errors import Interrupted, RunError
from common.files import absolute
from server.centre.layout import DEFAULT_FOLDER, Centre, require_serving
from server.centre.submission import Follower, submit, with_output_dir
from server.hospitals_side import hospitals_side
from server.recording.evaluation_settings import evaluation_settings


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = cli.command(
        "server.evaluate",
        "Evaluate a finished run's model at hospitals that did not train it, on every usable slice; nothing is "
        "trained. A hospital that trained it evaluates its test slices alone.",
        "compare=run-003 evaluates that run's model on the same slices, too, and compares the two. Other "
        "settings are those of python -m server.simulate that say where: hospitals, output_dir, data.root, "
        "data.cache_dir, data.keep_cases, compute.*, and strategy.min_hospitals, wait_seconds, timeout_seconds. "
        "Exit codes: 0 done; 1 it failed; 2 the configuration is wrong; 130 stopped by Ctrl-C.",
    )
    command.add_argument("run", help="the run's number, for example run-007")
    command.add_argument("--superlink", action="store_true", help="ask hospitals on machines of their own")
    command.add_argument("--credentials", type=Path, default=DEFAULT_FOLDER, help="of python -m server.serve")
    command.add_argument("overrides", nargs="*", help="setting=value ..., hospitals=[...] among them")
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit code."""
    return cli.run(evaluate, parser(), arguments)


def evaluate(given: argparse.Namespace) -> int:
    """Check everything, then evaluate, here or at the SuperLink's hospitals."""
    return _submitted(given) if given.superlink else _simulated(given)


def _simulated(given: argparse.Namespace) -> int:
    settings, folder = evaluation_settings(given.run, given.overrides)
    hospitals = load_hospitals(settings.hospitals, fewest=1)
    require_slices(Path(settings.data.root), hospitals)
    from server.federation.external.reference import read_models  # seconds: PyTorch, Flower
    from server.simulation import evaluate as simulated

    model = read_models(settings, folder, pooled=True)
    simulated(settings, hospitals, model, lambda channel, key: hospitals_side(settings, hospitals, channel, key))
    return 0


def _submitted(given: argparse.Namespace) -> int:
    """Submit and follow; raises `Interrupted` or `RunError` where the last word did not come."""
    centre = Centre(absolute(given.credentials))
    overrides = with_output_dir(given.overrides)
    settings, _ = evaluation_settings(given.run, overrides)
    refuse_parts(settings.hospitals)
    load_hospitals(settings.hospitals, fewest=1)
    require_serving(centre)
    number = submit(centre, overrides, evaluates=given.run)
    Console(highlight=False, soft_wrap=True).print(
        f"[dim]submitted to the SuperLink as {number}; Ctrl-C stops the evaluation[/]"
    )
    follower = Follower(centre, number)
    code = follower.follow()
    if code is not None:
        return code
    if follower.stopped:
        raise Interrupted("RUN130", "The evaluation was stopped.")
    raise RunError("RUN021", "The SuperLink or the evaluation's own process ended without a last word; start it again.")


if __name__ == "__main__":
    sys.exit(main())
