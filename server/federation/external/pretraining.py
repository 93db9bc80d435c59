"""What a person sees while the first model of a run is pre-trained: minutes, once on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from common.pretraining.train import OnStep


@contextmanager
def shown(console: Console) -> Iterator[OnStep]:
    """Give what is to be told of each step: a bar for each part on a terminal, else a line when it begins."""
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        TextColumn("{task.completed:,}/{task.total:,}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    tasks: dict[str, TaskID] = {}

    def tell(what: str, done: int, total: int) -> None:
        if what not in tasks:
            tasks[what] = progress.add_task(what, total=total)
            if not console.is_terminal:
                console.print(f"init=synthetic: {what} ({total:,}); some minutes, once on this machine", soft_wrap=True)
        progress.update(tasks[what], completed=done)

    with progress:
        yield tell
