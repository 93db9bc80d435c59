"""``python -m server.dossier run-007``: a run's dossier for a paper's supplement or an ethics file, and its check."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from common import cli
from common.errors import InputError
from common.text import command_line, counted, shown

ROOT = Path(__file__).resolve().parents[1]


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = cli.command(
        "server.dossier",
        "Write a folder with a run's answers to CLAIM 2024 and TRIPOD+AI, its figures, its environment and the hash of "
        "every file; or check such a folder.",
        "Exit codes: 0 done; 1 a dossier is not what was written, or its figures not what its counts give; 2 there is "
        "no such run, or the folder is there already.",
    )
    command.add_argument("run", nargs="?", help="the run's number, for example run-007")
    command.add_argument("--out", type=Path, help="a new folder (default: artifacts/dossier-run-007)")
    command.add_argument(
        "--output-dir", type=Path, default=ROOT, help="parent of artifacts/ (default: the project's folder)"
    )
    command.add_argument("--verify", type=Path, metavar="FOLDER", help="check a dossier instead of writing one")
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 done, 1 the dossier differs, 2 refused."""
    return cli.run(dossier, parser(), arguments)


def dossier(given: argparse.Namespace) -> int:
    """Write a dossier, or check one.

    Raises
    ------
    InputError
        ``DOSSIER003`` neither or both were asked for, and as `common.dossier` says.
    """
    if (given.run is None) == (given.verify is None):
        raise InputError("DOSSIER003", "Give a run, for example run-007, or --verify with the folder of a dossier.")
    return _verify(given.verify) if given.verify else _write(given)


def _write(given: argparse.Namespace) -> int:
    from common.dossier.build import write_dossier  # brings scikit-learn; --help answers without it
    from common.dossier.derive import answered
    from common.dossier.items import tally

    output_dir = given.output_dir.resolve()
    out = given.out or output_dir / "artifacts" / f"dossier-{given.run}"
    evidence = write_dossier(output_dir, given.run, out)
    for checklist, rows in answered(evidence).items():
        print(f"{checklist.title}: {tally(rows).sentence}")
    for problem in evidence.problems:
        print(f"{problem.file}: {problem.sentence}")
    print(f"The dossier is in {out}; open index.html. Check it with")
    print(f"  {command_line('python', '-m', 'server.dossier', '--verify', str(out))}")
    return 0


def _verify(folder: Path) -> int:
    from common.dossier.check import differences

    found = list(differences(folder))
    for sentence in found:
        print(shown(sentence, 600))
    if found:
        print(f"{counted(len(found), 'difference')} in {folder}.")
        return 1
    print(f"{folder} is as written, and its figures are those of its counts.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
