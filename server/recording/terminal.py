"""What a person sees of a run: what each hospital holds, progress, a line a round, the figures at the end."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from common.artifacts.meta import patients_of, split_remarks
from common.artifacts.privacy.spent import STOPPED
from common.artifacts.schema import Failure, HospitalRound, Round
from common.artifacts.update_words import relative_lengths, unusual_updates
from common.artifacts.words import NOTHING, interval_text, patients_sentence, recorded_patients
from common.labels import CLASSES, SYNTHETIC
from common.overlap.matches import CrossDuplicates
from common.protocol.description import Description
from common.protocol.progress_channel import ProgressChannel
from server.recording.events import Listener
from server.recording.summary import summary, table_of

_REFRESH_SECONDS = 0.25
_PHASES = {
    "describe": "reading and auditing",
    "train": "training",
    "evaluate": "validating",
    "test": "testing",
    "cross-test": "testing each hospital's update everywhere",
    "fine-tune": "fine-tuning at each hospital",
}
_AT_THE_END = ("test", "cross-test", "fine-tune")
_SAID_ONCE = ("describe", *_AT_THE_END)


class Terminal(Listener):
    """Shows a run on the terminal; without a terminal, the same lines without the moving parts.

    Parameters
    ----------
    console : Console
        Where to print.
    rounds : int
        Rounds of the run.
    names : dict of str to str
        Hospital key to name, in configured order.
    channel : ProgressChannel, optional
        Says how far the hospitals are; those on machines of their own have none.
    """

    def __init__(
        self, console: Console, rounds: int, names: dict[str, str], channel: ProgressChannel | None = None
    ) -> None:
        self.console = console
        self._rounds = rounds
        self._names = names
        self._channel = channel
        self._last_seconds = 0.0
        self._width = max(len(name) for name in names.values())
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            TextColumn("{task.completed}/{task.total}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            refresh_per_second=4,
            disable=not console.is_terminal,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._overall = self._progress.add_task("rounds", total=rounds)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "Terminal":
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()

    def described(self, descriptions: Sequence[Description]) -> None:
        self._show_held(descriptions)
        self.console.print(rounds_heading(descriptions), style="dim", highlight=False)

    def _show_held(self, descriptions: Sequence[Description]) -> None:
        self._clear_tasks()
        if any(d.synthetic for d in descriptions):
            self.console.print(f"[bold yellow]{SYNTHETIC}[/]")
        self.console.print(hospitals_table(descriptions))
        if said := patients_sentence(recorded_patients(patients_of(descriptions))):
            self.console.print(said, style="dim", highlight=False)
        for remark in split_remarks(descriptions):
            self.console.print(remark, style="dim", highlight=False)

    def compared(self, found: CrossDuplicates) -> None:
        colour = "yellow" if found.has_copies else "dim"
        self.console.print(f"[{colour}]{escape(found.sentence)}[/]", highlight=False)

    def doubted(self, sentence: str) -> None:
        self.console.print(f"[yellow]{escape(sentence)}[/]", highlight=False, soft_wrap=True)

    def phase(self, name: str, server_round: int) -> None:
        self._clear_tasks()
        if name in _SAID_ONCE and not self.console.is_terminal:
            self.console.print(f"{_PHASES[name]} ...")
        done = self._rounds if name in _AT_THE_END else max(server_round - 1, 0)
        self._progress.update(self._overall, completed=done, description=f"{_PHASES[name]}, round {server_round}")

    def waiting(self) -> None:
        now = time.monotonic()
        if not self.console.is_terminal or now - self._last_seconds < _REFRESH_SECONDS:
            return
        self._last_seconds = now
        for state in self._channel.read() if self._channel else ():
            description = f"  {self._names[state.hospital]:<{self._width}} {state.task}"
            if state.hospital not in self._tasks:
                self._tasks[state.hospital] = self._progress.add_task(description, total=state.total)
            self._progress.update(
                self._tasks[state.hospital], completed=state.done, total=state.total, description=description
            )

    def trained(self, name: str, part: HospitalRound) -> None:
        self._clear_tasks(*(key for key, known in self._names.items() if known == name))

    def failed(self, failure: Failure) -> None:
        reason = escape(failure.reason)  # brackets in it are no markup
        self.console.print(f"[yellow]{failure.hospital} left out of {failure.phase}:[/] {reason}", highlight=False)

    def stopped(self, name: str) -> None:
        self._clear_tasks(*(key for key, known in self._names.items() if known == name))
        self.console.print(f"[yellow]{escape(name)}:[/] {STOPPED}", highlight=False, soft_wrap=True)

    def spent(self, sentence: str) -> None:
        self.console.print(f"  {escape(sentence)}", style="dim", highlight=False, soft_wrap=True)

    def ended_early(self, sentence: str) -> None:
        self.console.print(f"[yellow]{escape(sentence)}[/]", highlight=False, soft_wrap=True)

    def waiting_for(self, names: Sequence[str], seconds: float) -> None:
        self.console.print(f"[yellow]waiting up to {seconds:.0f} s for:[/] {', '.join(names)}")

    def joined(self, name: str) -> None:
        self.console.print(f"{name} is connected")

    def repeating(self, server_round: int, usable: int, quorum: int) -> None:
        self.console.print(
            f"[yellow]round {server_round} begins again:[/] {usable} usable updates, {quorum} are needed"
        )

    def round_done(self, record: Round, is_best: bool) -> None:
        self._clear_tasks()
        self._progress.update(self._overall, completed=record.number)
        self.console.print(round_line(record, self._rounds, is_best), highlight=False)
        if line := updates_line(record):
            self.console.print(line, style="dim", highlight=False)
        for sentence in unusual_updates(record):
            self.console.print(f"[yellow]unusual:[/] {escape(sentence)}", highlight=False)

    def completed(self, meta: Mapping[str, Any]) -> None:
        self._clear_tasks()
        self._progress.stop()
        self.console.print(summary(meta), highlight=False)

    def _clear_tasks(self, *hospitals: str) -> None:
        """Take away the bars of these hospitals, or of all."""
        for hospital in hospitals or list(self._tasks):
            if hospital in self._tasks:
                self._progress.remove_task(self._tasks.pop(hospital))
            if self._channel:
                self._channel.clear(hospital)


def hospitals_table(descriptions: Sequence[Description]) -> Table:
    """Return a table of what each hospital holds."""
    headings = ("all", *(f"{name[:4]}." for name in CLASSES), "train", "val", "test", "audit")
    table = table_of("What each hospital holds (slices; audit: findings)", "hospital", headings)
    for d in descriptions:
        held = d.numbers["class_distribution"]
        severe = [finding for finding in d.numbers["audit"] if finding["severity"] != "info"]
        table.add_row(
            d.name,
            f"{d.numbers['total_samples']:,}",
            *(f"{held[name]:,}" if held.get(name) else NOTHING for name in CLASSES),
            *(f"{len(indices):,}" for indices in (d.train_idx, d.val_idx, d.test_idx)),
            str(len(severe)) if severe else "none",
        )
    return table


def rounds_heading(descriptions: Sequence[Description]) -> str:
    """Say what the line of each round holds, and on how many slices its figures rest."""
    slices = sum(len(d.val_idx) for d in descriptions)
    if not slices:
        return "each round, while it trains: accuracy and loss; no slice is held back"
    return f"each round, on {slices:,} validation slices: accuracy [95 % interval] (each hospital)"


def round_line(record: Round, rounds: int, is_best: bool) -> str:
    """Return one line about a round, with each hospital's validation accuracy in configured order."""
    absent = record.pooled is None and len(record.replied) < len(record.hospitals)
    missing = f"  {len(record.replied)} of {len(record.hospitals)}" if absent else ""
    number = f"round {record.number:>{len(str(rounds))}}/{rounds}"
    if record.val_loss is None:  # every slice trains
        return f"{number}  {_while_training(record)}  {record.seconds:.0f} s{missing}"
    each = "/".join(
        NOTHING if part.val_accuracy is None else f"{100 * part.val_accuracy:.1f}" for part in record.hospitals.values()
    )
    sure = f"[{interval_text(record.val_interval or (0.0, 1.0), digits=0)}]"
    return (
        f"{number}  [bold]{100 * (record.val_accuracy or 0):5.1f} %[/] "
        f"[dim]{sure} ({each})[/]  loss {record.val_loss:.3f}  {record.seconds:.0f} s{missing}"
        f"{' [green]best[/]' if is_best else ''}"
    )


def _while_training(record: Round) -> str:
    """Say how well slices were told apart while training; with differential privacy that is not told."""
    if record.train_loss is None:
        return "trained"
    return f"{100 * (record.train_accuracy or 0):5.1f} % while training  loss {record.train_loss:.3f}"


def updates_line(record: Round) -> str | None:
    """Say how long the hospitals' updates were and how far they agree, in configured order; None for fewer than two."""
    lengths = relative_lengths(record)
    if len(lengths) < 2:
        return None
    parts = record.hospitals
    cosines = {name: part.update_cosine for name, part in parts.items() if part.update_cosine is not None}
    times = "/".join(f"{lengths[name]:.2g}" if name in lengths else NOTHING for name in parts)
    angles = "/".join(f"{cosines[name]:.2f}" if name in cosines else NOTHING for name in parts)
    return f"  updates: length {times} of the median, cosine to the others' {angles}"
