"""Hospitals that keep tensors of their own, on machines of their own: nothing else travels, a restart loses none."""

from __future__ import annotations

from common.artifacts.atomic import sha256_of
from tests.deployment.harness import KEYS, Deployment, wait_for
from tests.server.test_baselines import figures_of


def kept(made: Deployment) -> list[str]:
    """Hashes of the whole models that hospitals keep."""
    return sorted(sha256_of(path) for path in made.credentials.rglob("cache/runs/*/*/model-*.pth"))


def test_hospitals_keep_their_own_across_a_restart(deployed, simulate, tmp_path_factory):
    made = deployed
    made.serve()
    hospitals = {key: made.join(key) for key in KEYS}
    run = made.run(*made.overrides(3), "strategy=fedbn", name="fedbn")
    wait_for(lambda: made.rounds_done() >= 1, "round 1", run)
    hospitals[KEYS[1]].kill()
    made.join(KEYS[1])
    assert run.finish() == 0, run.text
    assert not made.weights.exists()
    here = made.run(*made.overrides(1), "strategy=local", name="local")
    assert here.finish() == 0, here.text
    assert made.history("run-002")[0]["bytes_up"] == 0
    refused = made.run(*made.overrides(1), "strategy=pooled", name="pooled")
    assert (refused.finish(), "STRATEGY001" in refused.text) == (2, True)

    folder = tmp_path_factory.mktemp("reference")
    overrides = [text for text in made.overrides(3) if not text.startswith("output_dir=")]
    for more in (("strategy=fedbn",), ("strategy=local", "rounds=1")):
        done = simulate(*overrides, *more, f"output_dir={folder}", f"data.cache_dir={folder}/cache")
        assert done.code == 0, done.err
    assert figures_of(made.folder, "run-001") == figures_of(folder, "run-001")
    assert figures_of(made.folder, "run-002") == figures_of(folder, "run-002")
    assert kept(made) == sorted(sha256_of(path) for path in (folder / "cache" / "runs").rglob("model-*.pth"))
