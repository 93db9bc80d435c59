"""``python -m server.compare study-002 study-001``: two recipes on the same cases, pair by pair."""

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console

from common import cli
from common.config.hydra import compose_settings
from common.config.settings import RunSettings
from common.errors import InputError
from common.files import absolute
from common.text import command_line, shown
from server.comparison.pairs import plan_pairs
from server.comparison.subjects import read_subject

_PLACES = ("data.cache_dir", "compute.")  # handed to each evaluation as they are
_ALLOWED = ("hospitals", "output_dir", "data.root", *_PLACES)


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = cli.command(
        "server.compare",
        "Compare two finished runs, or two studies run by run with the same seed, fold and left-out hospital, on the "
        "same slices: the difference with its interval, and how many patients it would take to tell them apart. "
        "Nothing is trained; what has been evaluated is not evaluated again.",
        "study-002:pooled names a strategy; by default it is the study's first that shares a model. Settings: "
        "output_dir, data.root, data.cache_dir, compute.*, and for two runs hospitals=[...] (by default those that "
        "trained both). Exit codes: 0 done; 1 a pair could not be judged; 2 the configuration is wrong; 130 stopped "
        "by Ctrl-C.",
    )
    command.add_argument("subject", help="run-007, study-002, or study-002:fedavg")
    command.add_argument("reference", help="what it is compared with")
    command.add_argument("overrides", nargs="*", help="setting=value ...")
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit code."""
    return cli.run(compare, parser(), arguments)


def compare(given: argparse.Namespace) -> None:
    """Check everything, then judge what has not been judged."""
    settings = _settings(given.overrides)
    output_dir, root = absolute(settings.output_dir), absolute(settings.data.root)
    subject, reference = (read_subject(typed, output_dir) for typed in (given.subject, given.reference))
    named = any(_name(each) == "hospitals" for each in given.overrides)
    planned = plan_pairs(subject, reference, settings.hospitals if named else (), output_dir)
    from server.comparison.runner import Request, conduct_comparison  # seconds, which a mistyped name does without

    words = ["python", "-m", "server.compare", given.subject, given.reference, *given.overrides]
    places = [each for each in given.overrides if _name(each).startswith(_PLACES)]
    request = Request(subject.label, reference.label, planned, output_dir, root, places, command_line(*words))
    conduct_comparison(request, Console(highlight=False, file=sys.stdout))


def _settings(overrides: Sequence[str]) -> RunSettings:
    for name in map(_name, overrides):
        if not name.startswith(_ALLOWED):
            raise InputError("COMPARE001", f"A comparison keeps the settings of its runs, so leave {shown(name)} out.")
    return compose_settings(list(overrides))


def _name(override: str) -> str:
    return override.lstrip("+~").partition("=")[0]


if __name__ == "__main__":
    sys.exit(main())
