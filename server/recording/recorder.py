"""Writes a run's artifacts while it goes on; the only writer of everything under ``artifacts/run-###/``."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from common.artifacts import card, meta, run_files, weights, words
from common.artifacts.layout import RunFolder
from common.artifacts.schema import Failure
from common.config.settings import RunSettings
from common.config.strategies import POOLED_STRATEGY
from common.errors import ProjectError
from common.files import write_json, write_text
from common.labels import LABEL_MAP
from common.metrics.evaluation import EvaluateResult
from common.model.state import state_from_arrays
from common.overlap.matches import CrossDuplicates
from common.protocol.description import Description
from common.protocol.plan import Plan
from server.recording.checkpoint import RunProgress
from server.recording.events import Listener


class Recorder(Listener):
    """Keeps one run's folder up to date.

    Parameters
    ----------
    folder : RunFolder
        The run's own folder; it exists.
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
        self.status = run_files.new_status(
            run_id=folder.run_id,
            rounds=settings.rounds,
            strategy=settings.strategy.name,
            engine=settings.compute.engine,
            hospitals=tuple(names),
            log=log.relative_to(folder.output_dir).as_posix(),
            pooled=settings.strategy.name == POOLED_STRATEGY,
            notice=words.notice(settings.strategy.name),
        )

    def start(self, progress: RunProgress) -> None:
        """Write what is known before a hospital has spoken; a resumed run keeps its rows."""
        self.status.synthetic = any(said.synthetic for said in progress.descriptions().values())
        self.status.round, self.status.missing_hospitals = progress.round, tuple(progress.missing)
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
            write_json(self.folder.splits, run_files.splits_json(descriptions, self._plan))
        self._save_status()

    def compared(self, found: CrossDuplicates) -> None:
        self._duplicates = found
        self._write_stats()
        for matches in found.lists:
            self.folder.match_list(matches.hospital).parent.mkdir(exist_ok=True)
            write_text(self.folder.match_list(matches.hospital), matches.to_json())

    def _write_stats(self) -> None:
        write_json(self.folder.stats, run_files.stats_json(self._descriptions, self._plan, self._duplicates))

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
            self.status.missing_hospitals += (failure.hospital,)
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
        tests: Mapping[str, EvaluateResult],
        temperature: float | None,
        best_rounds: Mapping[str, int],
    ) -> dict[str, Any]:
        """Write the figures of the best round, close the run and return ``model_meta.json``.

        Parameters
        ----------
        temperature : float or None
            Of the model that was tested.
        best_rounds : mapping of str to int
            Hospital's name to the round whose model it tested.
        """
        sha256 = self._write_best(progress)
        finished = meta.FinishedRun(
            run_id=self.folder.run_id,
            strategy=self._settings.strategy.name,
            seed=self._settings.seed,
            rounds=self._settings.rounds,
            best_round=progress.best_round,
            image_size=self._settings.data.image_size,
            best_val_accuracy=progress.best_row["val_accuracy"],
            temperature=temperature,
            engine=self.status.engine or "",
            device=", ".join(sorted({d.device for d in descriptions})),
            descriptions=descriptions,
            stats=run_files.stats_json(descriptions, self._plan, self._duplicates),
            test_slices_trained_elsewhere=(
                self._duplicates.test_slices_trained_elsewhere if self._duplicates else None
            ),
            tests=tests,
            missing_hospitals=self.status.missing_hospitals,
            grouped=self._plan.data.group_split,
            sha256=sha256,
            versions=self.status.versions,
            settings=asdict(self._settings),
            keeps=self._plan.strategy.keeps,
            token=progress.token,
            best_epochs=best_rounds,
        )
        content = meta.meta_json(finished)
        write_text(self.folder.card, card.card_text(content))  # first: the meta file says that a run is complete
        write_json(self.folder.meta, content)
        self._end("completed", None)
        self.folder.checkpoint.unlink(missing_ok=True)
        return content

    def _write_best(self, progress: RunProgress) -> str | None:
        """Write the best model and return its SHA-256; a part of one is no model, so nothing is written of it."""
        if words.no_shared_model(self._plan.strategy.keeps):
            return None
        return weights.write_weights(self.folder.best_weights, state_from_arrays(progress.best_arrays))

    def end(self, error: ProjectError, state: str, resume_command: str | None) -> None:
        """Say why the run ended before its time."""
        self.status.resume_command = resume_command
        self._end(state, error.sentence)

    def _end(self, state: str, reason: str | None) -> None:
        self.status.state, self.status.reason, self.status.ended_at = state, reason, run_files.now()
        if state == "completed":
            self.status.phase, self.status.resume_command = "done", None
        self._save_status()

    def _save_status(self) -> None:
        run_files.write_status(self.folder.status, self.status)
