"""What a person sees of a soak: time gone by, what is going on, a line a run, the table at the end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench.soak.schedule import RunPlan
from bench.soak.trial import steps_text
from bench.soak.verdicts import FAILED, OK, Row, Trial


class Screen:
    """Progress on a terminal; elsewhere the same lines without the moving parts."""

    def __init__(self, console: Console, seconds: float) -> None:
        self.console = console
        self._began = time.monotonic()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("building the federation", total=seconds)

    def __enter__(self) -> Screen:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        """Show what is going on."""
        self._progress.update(self._task, description=escape(text), completed=time.monotonic() - self._began)
        if not self.console.is_terminal:
            self.console.print(f"{(time.monotonic() - self._began) / 60:6.1f} min  {escape(text)}", highlight=False)

    def planned(self, plan: RunPlan) -> None:
        """Show what a run will meet."""
        self.console.print(
            f"[dim]run {plan.number}, {plan.strategy}: {escape(steps_text(plan.steps))}[/]", highlight=False
        )

    def done(self, trial: Trial) -> None:
        """Show how a run went."""
        weights = {None: "weights not compared", True: "same weights", False: "[red]OTHER WEIGHTS[/]"}[
            trial.same_weights
        ]
        self.console.print(
            f"run {trial.number}: {trial.state} in {trial.seconds:.0f} s, {weights}, {len(trial.left_out)} times "
            "somebody was left out",
            highlight=False,
        )
        for text in [*trial.problems, *(each.problem for each in trial.happened if each.problem)]:
            self.console.print(f"  [red]{escape(text)}[/]", highlight=False)


def table(rows: Sequence[Row]) -> Table:
    """Return the table at the end."""
    made = Table(title="What happened")
    for name in ("event or rule", "times", "expected", "what happened", "verdict"):
        made.add_column(name, justify="right" if name == "times" else "left", overflow="fold")
    for row in rows:
        colour = {OK: "green", FAILED: "bold red"}.get(row.verdict, "dim")
        texts = (escape(row.what), str(row.times), escape(row.expected), escape(row.happened))
        made.add_row(*texts, f"[{colour}]{row.verdict}[/]")
    return made
