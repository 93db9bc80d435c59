"""Run folders with real weights, for the tests of the model in service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from common.artifacts.tensor_files import write_weights
from common.files import write_json
from common.labels import LABEL_MAP
from common.model.registry import initial_weights


def completed_run(output_dir: Path, run_id: str = "run-001", *, seed: int = 0, **changes: Any) -> Path:
    """Write a small but complete run folder; `changes` go into model_meta.json."""
    folder = output_dir / "artifacts" / run_id
    folder.mkdir(parents=True)
    sha256 = write_weights(folder / "global_model.pth", initial_weights("resnet18", seed))
    write_json(folder / "label_map.json", LABEL_MAP)
    meta = {"run_id": run_id, "sha256": sha256, "synthetic": False, "image_size": 64, "best_epoch": 3, **changes}
    write_json(folder / "model_meta.json", meta)
    write_json(folder / "status.json", {"run_id": run_id, "state": "completed"})
    return folder


def meta_of(output_dir: Path) -> dict[str, Any]:
    return json.loads((output_dir / "models" / "model_meta.json").read_text())
