"""``python -m server.export run-007 --to onnx``: bring a run's model or figures into others' tools."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from common import cli
from common.labels import SYNTHETIC
from server.export.exporters import EXPORTERS, exporter_for, function_of, place_of
from server.export.subject import subject_of

ROOT = Path(__file__).resolve().parents[2]


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = cli.command(
        "server.export",
        "Export a completed run, or the runs of a study: the model as ONNX with its preprocessing inside, the figures "
        "as TensorBoard event files, in an MLflow file store or as CSV. Exporting again replaces what was exported.",
        "Exit codes: 0 exported; 2 there is nothing to export, a library is missing, or the place cannot be written.",
    )
    command.add_argument("name", metavar="run", help="the run's or study's number, for example run-007 or study-001")
    command.add_argument("--to", choices=tuple(EXPORTERS), required=True, help="the format")
    command.add_argument(
        "--out", type=Path, help="the file (onnx, csv) or the folder (tensorboard, mlflow); default: below exports/"
    )
    command.add_argument(
        "--output-dir", type=Path, default=ROOT, help="parent of artifacts/ (default: the project's folder)"
    )
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 exported, 2 not."""
    return cli.run(export, parser(), arguments)


def export(given: argparse.Namespace) -> None:
    """Export, and say what was written.

    Raises
    ------
    InputError
        As `exporter_for`, `subject_of`, and the format's own; nothing is half-written.
    """
    exporter = exporter_for(given.to, given.name)
    output_dir = given.output_dir.resolve()
    subject = subject_of(output_dir, given.name)
    place = place_of(exporter, output_dir, given.name, given.out)
    for sentence in (*function_of(exporter)(subject, place), *subject.notes):
        print(sentence)
    if subject.synthetic:
        print(SYNTHETIC)


if __name__ == "__main__":
    sys.exit(main())
