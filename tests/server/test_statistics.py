"""``train.statistics=estimated`` in a real run of phantoms: the last model's statistics are of all training slices."""

import contextlib
import io
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from common.artifacts.layout import RunFolder
from common.artifacts.ledger.lines import Estimated, read_chain
from common.config.hydra import compose_settings, load_hospitals, run_main
from common.config.settings import DataPlan, check_settings
from common.data.prepare import prepare
from common.errors import InputError
from common.model.state import arrays_from_state, model_from_arrays
from common.model.statistics import normalisations
from common.model.weights import Arrays
from common.protocol.plan import plan_of
from common.training.preprocess import normalise, to_batch
from server import simulate
from server.verify import main as verify
from tests.conftest import base_overrides

PHANTOMS = ["phantom_jaipur", "phantom_hyderabad", "phantom_kolkata"]


def run(phantoms: Path, folder: Path, kind: str) -> RunFolder:
    settings = [*base_overrides(phantoms, folder / "cache"), f"output_dir={folder}", f"train.statistics={kind}"]
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
        patch.setattr(sys, "argv", ["server.simulate", *settings, "rounds=1", "keep_updates=true"])
        run_main(simulate.simulate, "config")
    return RunFolder(folder, "run-001")


def model_of(folder: RunFolder) -> Arrays:
    return arrays_from_state(torch.load(folder.best_weights, map_location="cpu", weights_only=True))


@pytest.fixture(scope="module")
def runs(phantoms, tmp_path_factory):
    return {kind: run(phantoms, tmp_path_factory.mktemp(kind), kind) for kind in ("averaged", "estimated")}


def test_only_the_last_models_statistics_differ_from_a_run_that_averages_them(runs):
    one, other = (model_of(folder) for folder in runs.values())
    differing = {name for name in one if not np.array_equal(one[name], other[name])}
    assert differing == {f"{name}.running_{of}" for name in normalisations(one) for of in ("mean", "var")}


def test_they_are_those_of_the_training_slices_of_all_hospitals_together(runs, phantoms):
    folder = runs["estimated"]
    arrays, seen = model_of(folder), []
    network = model_from_arrays("resnet18", arrays, torch.device("cpu"))
    for each in load_hospitals(PHANTOMS):
        data = DataPlan(image_size=32)
        held = prepare(phantoms / each.path, each.class_map, data, 42, folder.output_dir / "cache")
        with torch.no_grad():
            seen.append(network.conv1(normalise(to_batch(held.library.pixels[held.split.train]))))
    spread, mean = torch.var_mean(torch.cat(seen).double(), dim=(0, 2, 3), correction=0)
    np.testing.assert_allclose(arrays["bn1.running_mean"], mean, atol=1e-4)
    np.testing.assert_allclose(arrays["bn1.running_var"], spread, rtol=1e-3)


def test_the_ledger_says_so_and_the_run_is_verified_to_the_bit(runs, capsys):
    folder = runs["estimated"]
    lines = [entry for entry in read_chain(folder.ledger).entries if isinstance(entry, Estimated)]
    assert [(line.round, sorted(line.hospitals)) for line in lines] == [(1, sorted(PHANTOMS))]
    assert verify(["run-001", "--output-dir", str(folder.output_dir)]) == 0
    assert "1 model computed anew from the updates: the same to the bit." in capsys.readouterr().out


def test_secure_aggregation_averages_them():
    settings = compose_settings(["privacy=secagg", "experiment=best"])
    assert settings.train.statistics == "averaged"
    with pytest.raises(InputError, match="averaged with secure aggregation") as refused:
        check_settings(compose_settings(["privacy=secagg", "train.statistics=estimated"]))
    assert refused.value.code == "CONF010"


def test_a_network_without_such_statistics_has_none_to_estimate():
    gn, bn, fedbn = (
        plan_of(compose_settings(["train.statistics=estimated", *more]))
        for more in (["model=resnet18_gn"], [], ["strategy=fedbn"])
    )
    assert [each.estimates_statistics for each in (gn, bn, fedbn)] == [False, True, False]
