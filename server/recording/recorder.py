"""Writes a run's artifacts while it goes on; the only writer of everything under ``artifacts/run-###/``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from common.artifacts.card import card_text
from common.artifacts.datasets import splits_json, stats_json
from common.artifacts.history import Failure
from common.artifacts.layout import RunFolder
from common.artifacts.meta import FinishedRun, meta_json
from common.artifacts.run_labels import POOLED_STRATEGY, kind_json, no_shared_model, notice
from common.artifacts.status import RunStatus, now
from common.artifacts.tensor_files import write_weights
from common.config.settings import RunSettings
from common.errors import ProjectError
from common.files import write_json, write_text
from common.labels import LABEL_MAP
from common.metrics.evaluation import EvaluateResult
from common.model.state import state_from_arrays
from common.overlap.matches import CrossDuplicates
from common.protocol.messages import Description
from common.protocol.plan import Plan
from server.federation.local_state import Keeping
from server.recording.checkpoint import RunProgress
from server.recording.events import Listener


class Recorder(Listener):
    """Keeps one run's folder up to date.

    Parameters
    ----------
    folder : RunFolder
        The run's own folder; it exists.
    settings : RunSettings
        As resolved for this run.
    plan : Plan
        What the hospitals follow.
    names : sequence of str
        The hospitals' names, in configured order.
    log : Path
        The run's log file.
    """

    def __init__(self, folder: RunFolder, settings: RunSettings, plan: Plan, names: Sequence[str], log: Path) -> None:
        self.folder = folder
        self._settings = settings
        self._plan = plan
        self._descriptions: list[Description] = []
        self._duplicates: CrossDuplicates | None = None
        self.status = RunStatus(
            run_id=folder.run_id,
            state="running",
            rounds=settings.rounds,
            strategy=settings.strategy.name,
            engine=settings.compute.engine,
            hospitals=list(names),
            log=log.relative_to(folder.output_dir).as_posix(),
            pooled=settings.strategy.name == POOLED_STRATEGY,
            notice=notice(settings.strategy.name),
        )

    def start(self, progress: RunProgress) -> None:
        """Write what is known before a hospital has spoken; a resumed run keeps its rows."""
        self.status.synthetic = any(Description.from_json(text).synthetic for text in progress.described.values())
        self.status.round, self.status.missing_hospitals = progress.round, list(progress.missing)
        self._save_status()
        write_json(self.folder.label_map, LABEL_MAP)
        if not self.folder.config.exists():
            write_text(self.folder.config, OmegaConf.to_yaml(OmegaConf.structured(self._settings)))
        write_json(self.folder.history, progress.history)

    def described(self, descriptions: Sequence[Description]) -> None:
        self.status.synthetic = any(d.synthetic for d in descriptions)
        self._descriptions = list(descriptions)
        self._write_stats()
        if {d.name for d in descriptions} - self._in_splits():
            write_json(self.folder.splits, splits_json(descriptions, self._plan))
        self._save_status()

    def compared(self, found: CrossDuplicates) -> None:
        self._duplicates = found
        self._write_stats()
        for matches in found.lists:
            self.folder.match_list(matches.hospital).parent.mkdir(exist_ok=True)
            write_text(self.folder.match_list(matches.hospital), matches.to_json())

    def _write_stats(self) -> None:
        write_json(self.folder.stats, stats_json(self._descriptions, self._plan, self._duplicates))

    def _in_splits(self) -> set[str]:
        """Return the hospitals of the file of splits; one may join late, and a resumed run keeps its file."""
        try:
            return set(json.loads(self.folder.splits.read_text(encoding="utf-8"))["hospitals"])
        except FileNotFoundError:
            return set()

    def phase(self, name: str, server_round: int) -> None:
        self.status.phase = name
        self._save_status()

    def failed(self, failure: Failure) -> None:
        if failure.hospital not in self.status.missing_hospitals:
            self.status.missing_hospitals.append(failure.hospital)
        self._save_status()

    def save_round(self, progress: RunProgress) -> None:
        """Store a complete round: first what a resume needs, then what readers see."""
        progress.missing = list(self.status.missing_hospitals)
        progress.save(self.folder.checkpoint)
        if progress.best_round == progress.round:
            self._write_best(progress)
        write_json(self.folder.history, progress.history)
        self.status.round = progress.round
        self._save_status()

    def complete(
        self,
        progress: RunProgress,
        descriptions: Sequence[Description],
        tests: dict[str, EvaluateResult],
    ) -> dict[str, Any]:
        """Write the figures of the best round, close the run and return ``model_meta.json``."""
        sha256 = self._write_best(progress)
        finished = FinishedRun(
            run_id=self.folder.run_id,
            strategy=self._settings.strategy.name,
            seed=self._settings.seed,
            rounds=self._settings.rounds,
            best_round=progress.best_round,
            image_size=self._settings.data.image_size,
            best_val_accuracy=progress.best_row["val_accuracy"],
            temperature=Keeping(self._plan.strategy.keeps, progress).temperature,
            engine=self.status.engine,
            device=", ".join(sorted({d.device for d in descriptions})),
            descriptions=descriptions,
            stats=stats_json(descriptions, self._plan, self._duplicates),
            test_slices_trained_elsewhere=(
                self._duplicates.test_slices_trained_elsewhere if self._duplicates else None
            ),
            tests=tests,
            missing_hospitals=self.status.missing_hospitals,
            grouped=self._plan.data.group_split,
            sha256=sha256,
            versions=self.status.versions,
            settings=asdict(self._settings),
        )
        meta = meta_json(finished) | self._kind(progress)
        write_text(self.folder.card, card_text(meta))  # first: the meta file is what says that a run is complete
        write_json(self.folder.meta, meta)
        self._end("completed", None)
        self.folder.checkpoint.unlink(missing_ok=True)
        return meta

    def _write_best(self, progress: RunProgress) -> str | None:
        """Write the best model and return its SHA-256; a part of one is no model, so nothing is written of it."""
        if no_shared_model(self._plan.strategy.keeps):
            return None
        return write_weights(self.folder.best_weights, state_from_arrays(progress.best_arrays))

    def _kind(self, progress: RunProgress) -> dict[str, Any]:
        keeping = Keeping(self._plan.strategy.keeps, progress)
        best = {name: keeping.best_round(name) for name in self.status.hospitals}
        return kind_json(self.status.strategy, self._plan.strategy.keeps, progress.token, best, progress.best_round)

    def end(self, error: ProjectError, state: str, resume_command: str | None) -> None:
        """Say why the run ended before its time."""
        self.status.resume_command = resume_command
        self._end(state, error.sentence)

    def _end(self, state: str, reason: str | None) -> None:
        self.status.state, self.status.reason, self.status.ended_at = state, reason, now()
        if state == "completed":
            self.status.phase, self.status.resume_command = "done", None
        self._save_status()

    def _save_status(self) -> None:
        self.status.write(self.folder.status)
