"""Which models were tested at the hospital that they were trained without, by the evaluations' own files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from common.artifacts.layout import EVALUATION, EvaluationFolder, list_evaluations
from common.artifacts.schema import Run
from common.artifacts.values import Notes, mapping, matrix, read_json, sequence, text
from common.labels import NUM_CLASSES
from common.study.records import External
from server.study.effects import effect_of

WHOLE = "every usable slice"


@dataclass(frozen=True)
class _Tested:
    """One hospital of one evaluation that did not train the model."""

    run_id: str
    model_sha256: str
    hospital: str
    files_sha256: str | None
    """Of its list of files; None in an evaluation of an earlier version."""
    external: External


class KnownEvaluations:
    """Finds evaluations by what they tested; a complete one never changes, so it is read once.

    Parameters
    ----------
    output_dir : Path
        Parent of ``artifacts/``.
    """

    def __init__(self, output_dir: Path) -> None:
        self._output_dir = output_dir
        self._read: dict[str, list[_Tested]] = {}

    def of(self, run: Run, hospital: str, files_sha256: str | None) -> External | None:
        """Return the newest test of a run's model at a hospital, by name, with the files that it has now.

        Parameters
        ----------
        files_sha256 : str or None
            Of the hospital's list of files, by the newest runs; None where no run tells.
        """
        for evaluation_id in list_evaluations(self._output_dir):
            for each in self._tested(evaluation_id):
                same = (each.run_id, each.model_sha256, each.hospital) == (run.run_id, run.meta.get("sha256"), hospital)
                if same and (files_sha256 is None or each.files_sha256 in (None, files_sha256)):
                    return each.external
        return None

    def _tested(self, evaluation_id: str) -> list[_Tested]:
        if evaluation_id not in self._read:
            path = EvaluationFolder(self._output_dir, evaluation_id).meta
            if not path.is_file():  # under way, or killed
                return []
            self._read[evaluation_id] = list(_tested_in(evaluation_id, path))
        return self._read[evaluation_id]


def _tested_in(evaluation_id: str, path: Path) -> list[_Tested]:
    meta = mapping(read_json(path, Notes(f"{evaluation_id}/{EVALUATION}")))
    run_id, digest = text(meta.get("of")), text(meta.get("model_sha256"))
    if run_id is None or digest is None:
        return []
    tests = mapping(mapping(meta.get("metrics")).get("per_hospital"))
    found = []
    for said in map(mapping, sequence(meta.get("hospitals"))):
        name = text(said.get("name")) or ""
        external = _external(evaluation_id, tests.get(name))
        if external is not None and said.get("trained") is False and said.get("part") == WHOLE:
            found.append(_Tested(run_id, digest, name, text(said.get("files_sha256")), external))
    return found


def _external(evaluation_id: str, body: Any) -> External | None:
    rows = matrix(mapping(body).get("confusion_matrix"), NUM_CLASSES)
    if rows is None:
        return None
    return External(evaluation_id, np.asarray(rows, dtype=np.int64), effect_of(body))
