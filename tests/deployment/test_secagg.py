"""Secure aggregation between machines ends in the weights of a simulation."""

from __future__ import annotations

import json

from common.artifacts.layout import RunFolder
from common.files import sha256_of
from tests.deployment.conftest import reference_weights


def test_the_weights_are_those_of_a_simulation(shared, simulate, tmp_path):
    shared.stand()
    settings = [text for text in shared.overrides(1) if not text.startswith("output_dir=")]
    shared.output = RunFolder(tmp_path / "apart", "run-001")
    run = shared.run(*settings, "privacy=secagg", f"output_dir={tmp_path}/apart", name="secagg")
    assert run.finish() == 0, run.text
    (row,) = json.loads((tmp_path / "apart/artifacts/run-001/training_history.json").read_text())
    assert len(row["replied"]) == 3
    together = reference_weights(simulate, shared, tmp_path / "together", 1, "privacy=secagg")
    assert sha256_of(shared.output.best_weights) == sha256_of(together)
