"""Hospitals that keep tensors of their own, on machines of their own: nothing else travels, a restart loses none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clients.cases.table import FILE, read_table
from common.artifacts.layout import RunFolder
from common.files import sha256_of
from tests.deployment.harness import KEYS, Deployment
from tests.deployment.test_resume import kill, until_round
from tests.server.test_baselines import figures_of

ROUNDS = 2


def kept(folder: Path) -> list[str]:
    """Hashes of the whole models that hospitals keep."""
    return sorted(sha256_of(path) for path in folder.rglob("cache/runs/*/*/model-*.pth"))


def without_bytes(row: dict[str, Any]) -> dict[str, Any]:
    """A round without what its messages weighed: between machines the difference travels."""
    hospitals = {name: without_bytes(part) for name, part in row.get("hospitals", {}).items()}
    return {name: value for name, value in row.items() if not name.startswith("bytes")} | {"hospitals": hospitals}


def test_hospitals_keep_their_own_across_a_restart(shared, simulate, tmp_path):
    shared.stand()
    shared.output = RunFolder(tmp_path / "apart", "run-001")
    settings = [text for text in shared.overrides(ROUNDS) if not text.startswith("output_dir=")]
    run = shared.run(*settings, "strategy=fedbn", f"output_dir={tmp_path}/apart", name="fedbn")
    until_round(shared, run, 1)
    kill(shared.serving, "flwr-serverapp")
    assert run.finish() == 1
    assert shared.joined[KEYS[1]].stop() == 0
    shared.join(KEYS[1], site=shared.site(KEYS[1], keep_cases=True)).until("connected to the centre")
    last = shared.run("resume=run-001", f"output_dir={tmp_path}/apart", name="fedbn_resumed")
    assert last.finish() == 0, last.text
    assert not shared.output.best_weights.exists()

    together = tmp_path / "together"
    done = simulate(*settings, "strategy=fedbn", f"output_dir={together}", f"data.cache_dir={together}/cache")
    assert done.code == 0, done.err
    apart, one_place = (figures_of(place, "run-001") for place in (tmp_path / "apart", together))
    assert [without_bytes(row) for row in apart[0]] == [without_bytes(row) for row in one_place[0]]
    assert apart[1] == one_place[1]
    assert kept(shared.credentials) == kept(together) != []
    assert names_at_the_centre(shared, tmp_path / "apart") == []


def names_at_the_centre(shared: Deployment, output: Path) -> list[str]:
    """Names of files in the one table of cases that a hospital asked for, as far as the centre wrote any of them."""
    (path,) = shared.credentials.rglob(f"cache/runs/*/*/{FILE}")
    assert path.parent.name == KEYS[1]
    names = {case.file.rpartition("/")[2] for case in read_table(path).cases}
    assert len(names) > 1
    written = [each for each in output.rglob("*") if each.is_file()]
    said = b"".join(each.read_bytes() for each in written) + shared.serving.text.encode()
    return [name for name in names if name.encode() in said]


def test_pooled_training_is_refused_where_hospitals_are_apart(shared):
    shared.stand()
    refused = shared.run(*shared.overrides(1), "strategy=pooled", name="pooled")
    assert (refused.finish(), "STRATEGY001" in refused.text) == (2, True)
