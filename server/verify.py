"""``python -m server.verify run-007``: compare everything in a run's folder with its ledger."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from common import cli, keys
from common.artifacts.layout import RunFolder, existing_run
from common.artifacts.ledger import check as ledger_check
from common.artifacts.ledger import hospital_record
from common.artifacts.ledger.lines import Chain, Differs, Update, read_chain
from common.errors import InputError
from common.protocol.signatures import UpdateStatement
from common.text import counted
from server.recording.stale_runs import idle

ROOT = Path(__file__).resolve().parents[1]


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = cli.command(
        "server.verify",
        "Check a run's files against its ledger, and name the first thing that differs. With keep_updates=true the "
        "model of each round is computed anew from the hospitals' updates.",
        "Exit codes: 0 everything is as recorded; 2 something differs, or there is nothing to check it by.",
    )
    command.add_argument("run", help="the run's number, for example run-007, or the path of a ledger.jsonl alone")
    command.add_argument(
        "--output-dir", type=Path, default=ROOT, help="parent of artifacts/ (default: the project's folder)"
    )
    command.add_argument(
        "--centre-key", type=Path, help="the public key that must have signed: the centre's ledger.pub"
    )
    command.add_argument(
        "--hospital-keys", type=Path, help="folder of <hospital>.pub: check the hospitals' signatures, too"
    )
    command.add_argument(
        "--hospital-record", type=Path, help="a hospital's own proof.jsonl: say which of its updates went in"
    )
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 everything is as recorded, 2 it is not."""
    return cli.run(verify, parser(), arguments)


def verify(given: argparse.Namespace) -> None:
    """Check what there is to check.

    Raises
    ------
    InputError
        ``LEDGER001`` with the first thing that differs, ``LEDGER002`` the ledger is gone, ``LEDGER007`` the run never
        had one, ``RUN006`` the run is at work.
    """
    console = Console(highlight=False, soft_wrap=True)
    alone = Path(given.run)
    if alone.is_file():
        chain, name = _ledger_alone(alone), str(alone)
    else:
        folder = existing_run(given.output_dir.resolve(), given.run)
        chain, name = _whole_run(folder, console), folder.run_id
    _say_chain(chain, console)
    _check_centre(chain, given.centre_key)
    _check_hospitals(chain, given.hospital_keys, console)
    if given.hospital_record:
        _compare(given.hospital_record, chain, console)
    console.print(f"{name} is as recorded.")


def _ledger_alone(path: Path) -> Chain:
    try:
        return read_chain(path)
    except Differs as problem:
        raise InputError("LEDGER001", str(problem)) from None


def _whole_run(folder: RunFolder, console: Console) -> Chain:
    if _is_running(folder):
        raise InputError("RUN006", f"{folder.run_id} is still running in another process; verify it afterwards.")
    with _bar(console) as bar:
        task = bar.add_task("reading", total=None)
        if not folder.ledger.exists():
            ledger_check.require_verified(folder)
            raise InputError("LEDGER007", ledger_check.no_ledger(folder.run_id))
        try:
            chain = ledger_check.verify(folder, lambda name: bar.update(task, description=name))
            _models(folder, chain, lambda number: bar.update(task, description=f"round {number} anew"), console)
        except Differs as problem:
            raise ledger_check.refusal(folder, problem) from None
    return chain


def _is_running(folder: RunFolder) -> bool:
    if not folder.lock.exists():
        return False
    try:
        with idle(folder) as free:
            return not free
    except OSError:  # a copy that cannot be written
        return False


def _models(folder: RunFolder, chain: Chain, on_round: Callable[[int], None], console: Console) -> None:
    """Compare the best model with its round, and compute all of them anew where the updates are there."""
    from server.federation.replay import check_model, replay  # brings torch

    check_model(folder, chain)
    if not chain.began.keeps_updates:
        console.print("Models were not computed anew: the run did not keep the updates (keep_updates=false).")
    elif chain.began.round:
        console.print(f"Models were not computed anew: the ledger begins after round {chain.began.round} only.")
    else:
        count = replay(folder, chain, on_round)
        console.print(f"{counted(count, 'model')} computed anew from the updates: the same to the bit.")


def _say_chain(chain: Chain, console: Console) -> None:
    shown = keys.fingerprint(keys.public_from_line(chain.began.key))
    console.print(f"Ledger of {chain.began.run_id}: {counted(len(chain.entries), 'line')}, signed by {shown}.")
    updates = _updates(chain)
    signed = sum(bool(update.signature) for _, update in updates)
    how = "none signed, since the hospitals had no keys" if updates and not signed else f"{signed:,} signed"
    console.print(f"{counted(len(updates), 'update')} went in, {how}.")


def _updates(chain: Chain) -> list[tuple[int, Update]]:
    return [(number, update) for number, line in sorted(chain.combined.items()) for update in line.updates]


def _check_centre(chain: Chain, path: Path | None) -> None:
    if path and keys.public_line(keys.load_public(path)).decode() != chain.began.key:
        raise InputError("LEDGER001", f"The ledger is not signed by the key in {path}.")


def _check_hospitals(chain: Chain, folder: Path | None, console: Console) -> None:
    """Check each hospital's signature under each of its updates."""
    if folder is None:
        return
    plan_sha256 = ledger_check.plan_sha256(chain)
    for number, update in _updates(chain):
        public = keys.load_public(folder / f"{update.hospital}.pub")
        said = UpdateStatement(chain.began.token, number, update.hospital, plan_sha256, update.samples, update.digest)
        if not keys.is_signed(public, said.to_bytes(), update.signature):
            raise InputError(
                "LEDGER001", f"The update of {update.hospital} in round {number} is not signed by its key."
            )
    console.print("Every update that went in is signed by its hospital.")


def _compare(path: Path, chain: Chain, console: Console) -> None:
    wrong = ""
    for verdict in hospital_record.compare(hospital_record.read_record(path), chain):
        console.print(verdict.sentence, markup=False)
        wrong = wrong or ("" if verdict.holds else verdict.sentence)
    if wrong:
        raise InputError("LEDGER001", f"The hospital's record contradicts this ledger: {wrong}")


def _bar(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


if __name__ == "__main__":
    sys.exit(main())
