"""An MLflow file store: a run of MLflow's for each run, those of a study below one for the study itself.

MLflow is used as a library that writes files: no server is asked and no use is reported. A run is known by what it is,
so that exporting again replaces it.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.artifacts.load import load_card
from common.artifacts.values import count
from common.errors import InputError
from common.text import counted
from server.export.figures import ALL, final_figures, params_of, points_of, seconds_since_1970, tags_of
from server.export.names import safe_names
from server.export.output import unwritable
from server.export.study_figures import study_figures, study_tags
from server.export.subject import ExportedRun, Subject

EXPERIMENT = "brain-tumour-federation"
IDENTITY = "exported_from"  # the tag by which a run is found again
SWITCHES = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "MLFLOW_ALLOW_FILE_STORE": "true"}
_BATCH = 1000  # metrics, the most that MLflow takes at once
_LONGEST_PARAM = 6000


@dataclass(frozen=True)
class _Entry:
    """What one of MLflow's runs holds."""

    name: str
    identity: str  # what it is, and when that started: two output folders may both have a run-007
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: list[tuple[str, float, int, int]]  # name, value, milliseconds since 1970, step
    began: int  # milliseconds since 1970
    ended: int
    card: bytes | None = None


def export(subject: Subject, place: Path) -> list[str]:
    """Write runs into a file store, which may hold others.

    Raises
    ------
    InputError
        ``EXPORT004``, ``EXPORT006`` MLflow cannot use what is there.
    """
    os.environ.update(SWITCHES)  # before MLflow is imported, which reads them then
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    try:
        place.mkdir(parents=True, exist_ok=True)
        store = _Store(MlflowClient(place.absolute().as_uri()))
        parent = store.replace(_study_entry(subject)) if subject.study else None
        for each in subject.runs:
            store.replace(_entry(each, subject), parent)
    except OSError as error:
        raise unwritable(place, error) from None
    except MlflowException as error:
        raise InputError("EXPORT006", f"MLflow cannot use {place} ({str(error).splitlines()[0]:.200}).") from None
    written = counted(len(subject.runs), "run")
    return [f"{place}: {written} in MLflow's experiment {EXPERIMENT}; docs/export.md says how to look at them."]


class _Store:
    """MLflow's files."""

    def __init__(self, client: Any) -> None:
        self._client = client
        found = client.get_experiment_by_name(EXPERIMENT)
        self._experiment = found.experiment_id if found else client.create_experiment(EXPERIMENT)

    def replace(self, entry: _Entry, parent: str | None = None) -> str:
        """Write a run and then remove what an earlier export, whole or broken off, left of it; return its number."""
        earlier = self._numbers(entry.identity)
        tags = {**entry.tags, IDENTITY: entry.identity} | ({"mlflow.parentRunId": parent} if parent else {})
        run = self._client.create_run(self._experiment, entry.began, tags, run_name=entry.name).info.run_id
        try:
            self._fill(run, entry)
        except BaseException:
            self._remove(run)
            raise
        for each in earlier:
            self._remove(each)
        return str(run)

    def _fill(self, run: str, entry: _Entry) -> None:
        from mlflow.entities import Metric, Param

        params = [Param(name, value[:_LONGEST_PARAM]) for name, value in entry.params.items()]
        for start in range(0, len(params), 100):
            self._client.log_batch(run, params=params[start : start + 100])
        metrics = [Metric(*each) for each in entry.metrics]
        for start in range(0, len(metrics), _BATCH):
            self._client.log_batch(run, metrics=metrics[start : start + _BATCH])
        if entry.card:
            self._client.log_text(run, entry.card.decode("utf-8", "replace"), "model_card.md")
        self._client.set_terminated(run, "FINISHED", entry.ended)

    def _numbers(self, identity: str) -> list[str]:
        found = self._client.search_runs([self._experiment], f"tags.{IDENTITY} = '{identity}'")
        return [run.info.run_id for run in found]

    def _remove(self, run: str) -> None:
        """Remove a run's files: what is only marked as deleted would stay in the store."""
        self._client._tracking_client.store._hard_delete_run(run)


def _entry(exported: ExportedRun, subject: Subject) -> _Entry:
    status = exported.run.status
    whole = subject.study or status
    return _Entry(
        exported.label,
        _identity(subject.name, exported.label, whole.started_at),
        tags_of(exported) | ({"study": subject.name} if subject.study else {}),
        params_of(exported),
        list(_metrics(exported)),
        _milliseconds(status.started_at),
        _milliseconds(status.ended_at),
        load_card(exported.folder.path),
    )


def _identity(*parts: str | None) -> str:
    """Return a text that stands between quotes when MLflow is asked for it."""
    return " ".join(dict.fromkeys(part for part in parts if part)).replace("'", "")


def _study_entry(subject: Subject) -> _Entry:
    assert subject.study is not None
    study = subject.study
    began, ended = _milliseconds(study.started_at), _milliseconds(study.updated_at)
    metrics = [(name, value, ended, 0) for name, value in study_figures(study).items()]
    identity = _identity(subject.name, study.started_at)
    return _Entry(subject.name, identity, study_tags(study), {}, metrics, began, ended)


def _metrics(exported: ExportedRun) -> Iterator[tuple[str, float, int, int]]:
    run = exported.run
    prefixes = {ALL: ""} | {name: f"hospitals/{safe}/" for name, safe in safe_names(run.hospital_names).items()}
    for point in points_of(run):
        for name, value in point.figures.items():
            yield f"{prefixes[point.hospital]}{name}", value, int(1000 * point.at), point.round
    best, ended = count(run.meta.get("best_epoch")) or len(run.rounds), _milliseconds(run.status.ended_at)
    for hospital, figures in final_figures(run).items():
        for name, value in figures.items():
            yield f"{prefixes.get(hospital, '')}test/{name}", value, ended, best


def _milliseconds(moment: str | None) -> int:
    return int(1000 * seconds_since_1970(moment))
