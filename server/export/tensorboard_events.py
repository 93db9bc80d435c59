"""TensorBoard event files: a curve for each figure, all hospitals in one run and each hospital in a run below it.

Each run is one file under a name that stays, so that exporting again replaces it.
"""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.artifacts.load import load_card
from common.artifacts.values import count
from common.text import counted
from server.export.figures import ALL, final_figures, params_of, points_of, seconds_since_1970, tags_of
from server.export.names import safe_names
from server.export.output import unwritable, write_export
from server.export.subject import ExportedRun, Subject

_FILE = "events.out.tfevents.{name}"


@dataclass
class _Log:
    """What one event file is to hold."""

    scalars: list[tuple[str, float, int, float]] = field(default_factory=list)  # tag, value, step, seconds since 1970
    texts: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)


def export(subject: Subject, place: Path) -> list[str]:
    """Write event files below a folder, ``<place>/run-007`` and ``<place>/run-007/<hospital>``.

    Raises
    ------
    InputError
        ``EXPORT004``.
    """
    below = place / subject.name if subject.study else place
    labels = safe_names(each.label for each in subject.runs)
    logs = {below / labels[each.label] / where: log for each in subject.runs for where, log in _logs_of(each).items()}
    contents = {folder / _FILE.format(name=subject.name): _content(log, place) for folder, log in logs.items()}
    for path, content in contents.items():
        write_export(path, content)
    return [f"{below}: {counted(len(contents), 'event file')}; look at them with tensorboard --logdir {place}"]


def _logs_of(exported: ExportedRun) -> dict[str, _Log]:
    """Return the logs by their folder below the run's own, ``"."`` for all hospitals."""
    run = exported.run
    folders = {ALL: "."} | safe_names(run.hospital_names)
    logs = {name: _Log() for name in folders}
    for point in points_of(run):
        logs[point.hospital].scalars += [(tag, value, point.round, point.at) for tag, value in point.figures.items()]
    best = count(run.meta.get("best_epoch")) or len(run.rounds)
    ended = seconds_since_1970(run.status.ended_at)
    for name, figures in final_figures(run).items():
        log = logs.get(name, _Log())
        log.scalars += [(f"test/{tag}", value, best, ended) for tag, value in figures.items()]
    logs[ALL].texts = dict(_texts(exported))
    logs[ALL].params = params_of(exported)
    return {folders[name]: log for name, log in logs.items() if log.scalars}


def _texts(exported: ExportedRun) -> Iterator[tuple[str, str]]:
    yield "tags", "\n\n".join(f"**{name}**: {value}" for name, value in tags_of(exported).items())
    if card := load_card(exported.folder.path):
        yield "model card", card.decode("utf-8", "replace")


def _content(log: _Log, place: Path) -> bytes:
    """Let TensorBoard's writer make one event file, and return what it holds."""
    from torch.utils.tensorboard import SummaryWriter

    with tempfile.TemporaryDirectory() as folder:
        try:
            with SummaryWriter(folder, max_queue=100_000, flush_secs=600) as writer:
                _add(writer, log)
            (path,) = Path(folder).iterdir()
            return path.read_bytes()
        except OSError as error:
            raise unwritable(place, error) from None


def _add(writer: Any, log: _Log) -> None:
    from torch.utils.tensorboard.summary import hparams

    for tag, value, step, at in log.scalars:
        writer.add_scalar(tag, value, step, walltime=at)
    for tag, text in log.texts.items():
        writer.add_text(tag, text)
    if log.params:
        for summary in hparams(log.params, _last(log.scalars)):
            writer.file_writer.add_summary(summary)


def _last(scalars: list[tuple[str, float, int, float]]) -> Mapping[str, float]:
    """Return the figures that TensorBoard's table of runs shows: those of the test."""
    return {tag: value for tag, value, _, _ in scalars if tag.startswith("test/") and tag.count("/") == 1}
