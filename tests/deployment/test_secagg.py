"""Secure aggregation between machines: the same weights as in a simulation, across a restart of the centre's run."""

from __future__ import annotations

import json

import pytest

from clients import shared_key
from common.artifacts.layout import RunFolder
from common.files import sha256_of
from tests.deployment.conftest import machines, reference_weights
from tests.deployment.harness import KEYS
from tests.deployment.test_resume import kill, until_round


@pytest.fixture(scope="module")
def secret(tmp_path_factory, phantoms):
    """A federation whose hospitals share a key; the last one has none at first."""
    with machines(tmp_path_factory.mktemp("secret"), phantoms, small_network=True) as made:
        assert shared_key.main([str(made.folder / "shared.key")]) == 0
        made.serve()
        for key in KEYS:
            path = {} if key == KEYS[2] else {"fingerprint_key": str(made.folder / "shared.key")}
            made.join(key, site=made.site(key, **path)).until("connected to the centre")
        yield made


def test_whoever_lacks_the_key_is_named_and_with_it_the_weights_are_those_of_a_simulation(secret, simulate, tmp_path):
    made = secret
    settings = [text for text in made.overrides(2) if not text.startswith("output_dir=")]
    refused = made.run(
        *settings,
        "privacy=secagg",
        "privacy.threshold=3",
        "strategy.min_hospitals=3",
        "strategy.wait_seconds=5",
        f"output_dir={tmp_path}/refused",
        name="refused",
    )
    assert refused.finish() == 1
    assert "SECAGG001: Phantom Kolkata has no key in common" in refused.text
    assert made.joined[KEYS[2]].stop() == 0
    site = made.site(KEYS[2], fingerprint_key=str(made.folder / "shared.key"))
    made.join(KEYS[2], site=site).until("connected to the centre")

    made.output = RunFolder(tmp_path / "apart", "run-001")
    place = f"output_dir={tmp_path}/apart"
    run = made.run(*settings, "privacy=secagg", place, name="secagg")
    until_round(made, run, 1)
    kill(made.serving, "flwr-serverapp")
    assert run.finish() == 1
    last = made.run("resume=run-001", place, name="resumed")
    assert last.finish() == 0, last.text
    rows = json.loads((tmp_path / "apart/artifacts/run-001/training_history.json").read_text())
    assert [len(row["replied"]) for row in rows] == [3, 3]
    together = reference_weights(simulate, made, tmp_path / "together", 2, "privacy=secagg")
    assert sha256_of(made.output.best_weights) == sha256_of(together)
