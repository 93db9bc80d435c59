"""Secure aggregation between machines ends in the weights of a simulation."""

from __future__ import annotations

import json

import pytest

from clients import shared_key
from common.artifacts.layout import RunFolder
from common.files import sha256_of
from tests.deployment.conftest import machines, reference_weights
from tests.deployment.harness import KEYS


@pytest.fixture(scope="module")
def secret(tmp_path_factory, phantoms):
    """A federation whose hospitals share a key."""
    with machines(tmp_path_factory.mktemp("secret"), phantoms, small_network=True) as made:
        assert shared_key.main([str(made.folder / "shared.key")]) == 0
        made.serve()
        joined = [made.join(key, site=made.site(key, fingerprint_key=str(made.folder / "shared.key"))) for key in KEYS]
        for process in joined:
            process.until("connected to the centre")
        yield made


def test_the_weights_are_those_of_a_simulation(secret, simulate, tmp_path):
    made = secret
    settings = [text for text in made.overrides(1) if not text.startswith("output_dir=")]
    made.output = RunFolder(tmp_path / "apart", "run-001")
    run = made.run(*settings, "privacy=secagg", f"output_dir={tmp_path}/apart", name="secagg")
    assert run.finish() == 0, run.text
    (row,) = json.loads((tmp_path / "apart/artifacts/run-001/training_history.json").read_text())
    assert len(row["replied"]) == 3
    together = reference_weights(simulate, made, tmp_path / "together", 1, "privacy=secagg")
    assert sha256_of(made.output.best_weights) == sha256_of(together)
