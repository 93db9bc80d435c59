"""A comparison from its pairs to its table: what is judged is found, the rest is evaluated, pair by pair."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from statistics import mean
from typing import Any

from filelock import FileLock, Timeout
from rich.console import Console

from common.artifacts.compared.record import write_comparison
from common.artifacts.compared.records import Comparison, Pair, PairResult
from common.artifacts.layout import COMPARISON, ComparisonFolder, check_writable, list_comparisons, new_comparison
from common.artifacts.run_files import now
from common.artifacts.values import Notes, mapping, read_json, sequence, text
from common.config.hydra import load_hospitals
from common.config.overrides import written
from common.data.identity.labelling import require_slices
from common.errors import InputError, Interrupted, RunError
from common.text import counted
from server.comparison.found import Evaluations
from server.comparison.pairs import Planned
from server.comparison.terminal import pair_line, summary
from server.study.processes import EVALUATE, CellProcesses


@dataclass(frozen=True)
class Request:
    """What is to be compared, and where."""

    of: str
    reference: str
    planned: Planned
    output_dir: Path
    root: Path
    """Folder of the slices."""
    places: Sequence[str]
    """Settings for each evaluation, as typed."""
    command: str


def conduct_comparison(request: Request, console: Console) -> None:
    """Judge what has not been judged, write the file, and say what it shows.

    Raises
    ------
    InputError
        ``COMPARE002`` the comparison is at work in another process; ``OUT001``; ``DATA001`` or ``DATA002`` where a
        pair is to be judged at a hospital without slices.
    Interrupted
        ``RUN130`` after Ctrl-C.
    RunError
        ``COMPARE010`` a pair could not be judged.
    """
    check_writable(request.output_dir)
    evaluations, pairs = Evaluations(request.output_dir, request.root), request.planned.pairs
    if to_come := [pair for pair, judged in zip(pairs, evaluations.of(pairs), strict=True) if judged is None]:
        keys = dict.fromkeys(key for pair in to_come for key in pair.hospitals)
        require_slices(request.root, load_hospitals(list(keys), fewest=1))
    folder = _folder_of(request)
    lock = FileLock(folder.lock)  # the operating system lets go of it when the process dies
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError("COMPARE002", f"{folder.comparison_id} is at work in another process.") from None
    try:
        with CellProcesses(quiet=True) as processes:
            _Conductor(request, folder, evaluations, console, processes).conduct()
    finally:
        lock.release()


def _folder_of(request: Request) -> ComparisonFolder:
    """Return the folder of the same comparison, or a new one."""
    wanted = (request.of, request.reference, _hospitals([each.hospitals for each in request.planned.pairs]))
    for name in list_comparisons(request.output_dir):
        folder = ComparisonFolder(request.output_dir, name)
        found = _content(folder)
        pairs = [mapping(each).get("hospitals") for each in sequence(found.get("pairs"))]
        if (found.get("of"), found.get("with"), _hospitals([sequence(each) for each in pairs])) == wanted:
            return folder
    return new_comparison(request.output_dir)


def _hospitals(pairs: Sequence[Sequence[Any]]) -> set[str]:
    return {str(key) for pair in pairs for key in pair}


def _content(folder: ComparisonFolder) -> Any:
    return mapping(read_json(folder.results, Notes(f"{folder.comparison_id}/{COMPARISON}")))


class _Conductor:
    """One command's work on one comparison."""

    def __init__(
        self,
        request: Request,
        folder: ComparisonFolder,
        evaluations: Evaluations,
        console: Console,
        processes: CellProcesses,
    ) -> None:
        self._request = request
        self._folder = folder
        self._console = console
        self._processes = processes
        self._evaluations = evaluations
        self._seconds: list[float] = []
        self._comparison = Comparison(
            folder.comparison_id,
            request.of,
            request.reference,
            command=request.command,
            started_at=text(_content(folder).get("started_at")) or now(),
            pairs=tuple(
                judged or PairResult(pair)
                for pair, judged in zip(request.planned.pairs, evaluations.of(request.planned.pairs), strict=True)
            ),
            unpaired=request.planned.unpaired,
        )

    def conduct(self) -> None:
        """Judge each pair at most once, and end with what the command leaves with."""
        pairs, open_pairs = self._comparison.pairs, len(self._comparison.unfinished)
        self._console.print(
            f"[bold]{self._folder.comparison_id}[/]  {self._request.of} beside {self._request.reference}: "
            f"{counted(len(pairs), 'pair')} of runs, {len(pairs) - open_pairs} of them judged already",
            soft_wrap=True,
        )
        for number, result in enumerate(pairs):
            if result.state != "completed" and not self._processes.stopped:
                self._save("running")
                self._judge(number, result.pair)
        state = (
            "interrupted" if self._processes.stopped else "incomplete" if self._comparison.unfinished else "completed"
        )
        self._say_end(self._save(state))

    def _judge(self, number: int, pair: Pair) -> None:
        pairs = self._comparison.pairs
        to_come = sum(each.state == "missing" for each in pairs)
        expected = to_come * mean(self._seconds) if self._seconds else None
        self._console.print(pair_line(pair, number + 1, len(pairs), expected, datetime.now().astimezone()))
        started = time.monotonic()
        ended = self._processes.run(self._arguments(pair), EVALUATE)
        (found,) = self._evaluations.of([pair])
        if found is None and self._processes.stopped:
            return
        if found is None:
            reason = ended.reason or "its evaluation left no figures"
            found = PairResult(pair, "failed", reason=reason)
            self._console.print(f"[yellow]{number + 1} of {len(pairs)} failed:[/] {reason}", soft_wrap=True)
        else:
            self._seconds.append(time.monotonic() - started)
        self._comparison = replace(self._comparison, pairs=(*pairs[:number], found, *pairs[number + 1 :]))

    def _arguments(self, pair: Pair) -> list[str]:
        return [
            pair.run,
            f"compare={pair.reference}",
            f"hospitals={written(list(pair.hospitals))}",
            f"strategy.min_hospitals={len(pair.hospitals)}",  # a sum over fewer would be another quantity
            f"output_dir={written(str(self._request.output_dir))}",
            f"data.root={written(str(self._request.root))}",
            *self._request.places,
        ]

    def _save(self, state: str) -> Any:
        self._comparison = replace(self._comparison, state=state)
        return write_comparison(self._folder, self._comparison)

    def _say_end(self, content: Any) -> None:
        """Print the tables and what they say; raise what the command leaves with."""
        self._console.print(summary(content))
        self._console.print(f"figures are in {self._folder.results}", soft_wrap=True, markup=False)
        lost = self._comparison.unfinished
        if not lost:
            return
        self._console.print(f"go on with: {self._request.command}", soft_wrap=True, markup=False)
        if self._processes.stopped:
            raise Interrupted("RUN130", "The comparison was stopped.")
        pair, pairs = lost[0].pair, counted(len(self._comparison.pairs), "pair")
        raise RunError(
            "COMPARE010",
            f"{len(lost)} of {pairs} could not be judged ({pair.run} beside {pair.reference}: {lost[0].reason}). The "
            "same command tries them again.",
        )
