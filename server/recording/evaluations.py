"""Writes the folder of an evaluation; only a complete one has a file of figures."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from omegaconf import OmegaConf

from common.artifacts.external.finished import FinishedModel
from common.artifacts.external.meta import FinishedEvaluation, evaluation_json
from common.artifacts.layout import EvaluationFolder
from common.artifacts.run_files import stats_json, versions
from common.artifacts.schema import Failure
from common.config.settings import RunSettings
from common.files import json_file, sync_folder, write_bytes
from common.metrics.evaluation import EvaluateResult
from common.overlap.matches import CrossDuplicates
from common.protocol.description import Description
from common.protocol.plan import Plan
from server.recording.events import Listener


class EvaluationRecorder(Listener):
    """Keeps what is told of an evaluation until it is complete."""

    def __init__(self, folder: EvaluationFolder, settings: RunSettings, model: FinishedModel, engine: str) -> None:
        self.folder = folder
        self._settings = settings
        self._model = model
        self._engine = engine
        self._missing: list[str] = []
        self._duplicates: CrossDuplicates | None = None
        write_bytes(folder.config, OmegaConf.to_yaml(OmegaConf.structured(settings)).encode())

    def failed(self, failure: Failure) -> None:
        if failure.hospital not in self._missing:
            self._missing.append(failure.hospital)

    def compared(self, found: CrossDuplicates) -> None:
        self._duplicates = found

    def complete(
        self, descriptions: Sequence[Description], plan: Plan, tests: Mapping[str, EvaluateResult]
    ) -> dict[str, Any]:
        """Write the figures and return ``evaluation_meta.json``."""
        done = FinishedEvaluation(
            evaluation_id=self.folder.evaluation_id,
            model=self._model,
            engine=self._engine,
            descriptions=descriptions,
            stats=stats_json(descriptions, plan, self._duplicates),
            trained_elsewhere=self._duplicates.test_slices_trained_elsewhere if self._duplicates else None,
            tests=tests,
            missing=[name for name in self._missing if name not in tests],
            versions=versions(),
            settings=asdict(self._settings),
        )
        content = evaluation_json(done)
        write_bytes(self.folder.meta, json_file(content))
        sync_folder(self.folder.path)
        return content
