"""The readers of `common.artifacts`, remembered until a file changes; the only data module that knows Streamlit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from common.artifacts import load, schema
from common.artifacts.external import load as external
from common.artifacts.layout import PRIVACY_AUDIT, StudyFolder, list_studies
from common.artifacts.listing.about import About
from common.artifacts.privacy.audit import PrivacyAudit, read_audit
from common.errors import Problem
from dashboard import settings as operator
from dashboard.data.compared import differences, hospitals
from dashboard.data.listing.run_index import RunIndex

if TYPE_CHECKING:
    from common.study.records import Study


def settings() -> operator.Settings:
    """Return the operator's settings."""
    return operator.load()


def run_ids() -> list[str]:
    """Return the runs of the folder that the dashboard shows, newest first (one directory listing)."""
    return load.list_runs(settings().output_dir)


def run_folder(key: str) -> Path:
    """Return the folder of a run by its key, which must come from `all_keys`.

    Parameters
    ----------
    key : str
        ``"run-003"``, or ``"v1:run-001"`` for a run of one of the operator's further folders.

    Raises
    ------
    KeyError
        If no such run is there: a key is looked up, never opened as a path.
    """
    label, _, run_id = key.rpartition(":")
    chosen = settings()
    output_dir = chosen.compare_dirs[label] if label else chosen.output_dir
    if run_id not in load.list_runs(output_dir):
        raise KeyError(key)
    return output_dir / "artifacts" / run_id


def all_keys() -> list[str]:
    """Return the runs of the shown folder and of the operator's further folders, as keys of `run`."""
    further = [
        f"{label}:{run_id}" for label, folder in settings().compare_dirs.items() for run_id in load.list_runs(folder)
    ]
    return run_ids() + further


def refresh_names() -> None:
    """Look for new and changed names; the shell does once for each drawing, so that asking for one costs nothing."""
    run_index().refresh()


def title(key: str) -> str:
    """Return what a run is called everywhere, its key first: ``"run-012 · FedProx 0.1 · seed 7"``; as plain text."""
    return _known(key).title(key)


def name(key: str) -> str:
    """Return a run's name without its key, ``"FedProx 0.1 · seed 7"``; the key where it has none."""
    return _known(key).name(key) or key


def about(key: str) -> About:
    """Return what people say of a run: name, tags, notes, star, archived."""
    return _known(key).about(key)


def run(key: str) -> schema.Run:
    """Return one run; read again only if one of its files has changed."""
    folder = run_folder(key)
    return _run(str(folder), load.run_stamp(folder))


def runs(keys: list[str]) -> dict[str, schema.Run]:
    """Return several runs by key, leaving out any that have gone meanwhile."""
    chosen = settings()
    folders = {"": chosen.output_dir, **chosen.compare_dirs}
    known = {label: set(load.list_runs(folder)) for label, folder in folders.items()}
    found: dict[str, schema.Run] = {}
    for key in keys:
        label, _, run_id = key.rpartition(":")
        if run_id in known.get(label, ()):
            folder = folders[label] / "artifacts" / run_id
            found[key] = _run(str(folder), load.run_stamp(folder))
    return found


def strategy(key: str) -> str | None:
    """Return how a run's updates were combined, by its ``status.json`` alone: of many runs that is quick."""
    folder = run_folder(key)
    return _strategy(str(folder), load.stamp(folder / load.STATUS))


def run_settings(key: str) -> tuple[Mapping[str, Any], tuple[Problem, ...]]:
    """Return the settings that a run was started with."""
    folder = run_folder(key)
    return _settings(str(folder), load.stamp(folder / load.CONFIG, folder / load.META))


def splits(key: str) -> tuple[Mapping[str, Any], tuple[Problem, ...]]:
    """Return ``dataset_splits.json`` of a run."""
    folder = run_folder(key)
    return _splits(str(folder), load.stamp(folder / load.SPLITS))


def tested_slices(key: str) -> Mapping[str, str]:
    """Return what tells each hospital's test slices of a run apart from any others, by name."""
    folder = run_folder(key)
    return _tested_slices(str(folder), load.stamp(folder / load.SPLITS))


def privacy_audit(key: str) -> tuple[PrivacyAudit | None, tuple[Problem, ...]]:
    """Return what attacks on a run found, and what of it could not be read."""
    folder = run_folder(key)
    return _privacy_audit(str(folder), load.stamp(folder / PRIVACY_AUDIT))


def hospital_slots() -> Mapping[str, int]:
    """Return the number of each hospital of the shown folders, by name: oldest run first, so that none ever changes."""
    chosen = settings()
    folders = [chosen.output_dir, *chosen.compare_dirs.values()]
    # texts, since two thousand paths would take twenty times as long
    runs = [f"{folder}/artifacts/{run_id}" for folder in folders for run_id in reversed(load.list_runs(folder))]
    return _numbers(tuple(map(str, folders))).of(runs)


def evaluations(output_dir: Path) -> tuple[tuple[external.Evaluation, ...], tuple[Problem, ...]]:
    """Return every complete evaluation in a folder; read again only if one of their files has changed."""
    return _evaluations(str(output_dir), load.stamp(*external.evaluation_files(output_dir)))


def study_ids() -> list[str]:
    """Return the studies of the folder that the dashboard shows, newest first (one directory listing)."""
    return list_studies(settings().output_dir)


def study(study_id: str) -> Study:
    """Return one study; read again only if its file has changed.

    Raises
    ------
    KeyError
        If no such study is there: an identifier is looked up, never opened as a path.
    """
    if study_id not in study_ids():
        raise KeyError(study_id)
    return _study(*study_stamp(study_id))


def study_stamp(study_id: str) -> tuple[str, load.Stamp]:
    """Return a study's folder and the stamp of its file."""
    folder = StudyFolder(settings().output_dir, study_id)
    return str(folder.path), load.stamp(folder.results)


def service_meta() -> tuple[Mapping[str, Any], tuple[Problem, ...]]:
    """Return ``models/model_meta.json``: the model in service."""
    folder = settings().output_dir
    return _service_meta(str(folder), load.stamp(folder / "models" / load.META))


def _known(key: str) -> RunIndex:
    """Return the names, looked for again only if this run is not among them."""
    index = run_index()
    if key not in index.entries:
        index.refresh()
    return index


def run_index() -> RunIndex:
    """Return what lists say of every run, as of the last `refresh_names`."""
    chosen = settings()
    return _indexed(str(chosen.output_dir), tuple((label, str(path)) for label, path in chosen.compare_dirs.items()))


# cache_resource, not cache_data: the records are frozen, so every session may hold the same object without a copy


@st.cache_resource(show_spinner=False, max_entries=8)
def _indexed(output_dir: str, further: tuple[tuple[str, str], ...]) -> RunIndex:
    return RunIndex({"": Path(output_dir), **{label: Path(path) for label, path in further}})


@st.cache_resource(show_spinner=False, max_entries=1024)
def _run(folder: str, stamp: load.Stamp) -> schema.Run:
    return load.load_run(Path(folder))


@st.cache_resource(show_spinner=False, max_entries=4096)
def _strategy(folder: str, stamp: load.Stamp) -> str | None:
    return load.load_strategy(Path(folder))


@st.cache_resource(show_spinner=False, max_entries=8)
def _evaluations(folder: str, stamp: load.Stamp) -> tuple[tuple[external.Evaluation, ...], tuple[Problem, ...]]:
    return external.load_evaluations(Path(folder))


@st.cache_resource(show_spinner=False, max_entries=64)
def _study(folder: str, stamp: load.Stamp) -> Study:
    from common.artifacts.study import load_study  # brings scikit-learn, which the other pages do without

    return load_study(Path(folder))


@st.cache_resource(show_spinner=False, max_entries=256)
def _settings(folder: str, stamp: load.Stamp) -> tuple[Mapping[str, Any], tuple[Problem, ...]]:
    return load.load_settings(Path(folder))


@st.cache_resource(show_spinner=False, max_entries=8)
def _splits(folder: str, stamp: load.Stamp) -> tuple[Mapping[str, Any], tuple[Problem, ...]]:
    return load.load_splits(Path(folder))


@st.cache_resource(show_spinner=False, max_entries=256)
def _tested_slices(folder: str, stamp: load.Stamp) -> Mapping[str, str]:
    return differences.tested_slices(load.load_splits(Path(folder))[0])


@st.cache_resource(show_spinner=False, max_entries=256)
def _privacy_audit(folder: str, stamp: load.Stamp) -> tuple[PrivacyAudit | None, tuple[Problem, ...]]:
    return read_audit(Path(folder))


@st.cache_resource(show_spinner=False, max_entries=8)
def _numbers(folders: tuple[str, ...]) -> hospitals.Numbers:
    return hospitals.Numbers()


@st.cache_resource(show_spinner=False, max_entries=8)
def _service_meta(folder: str, stamp: load.Stamp) -> tuple[Mapping[str, Any], tuple[Problem, ...]]:
    return load.load_service_meta(Path(folder))
