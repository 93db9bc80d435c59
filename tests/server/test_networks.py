"""A run with another network than ResNet18 goes wherever a run goes, and says which it is."""

import pytest
from PIL import Image

from common.artifacts.layout import existing_run
from common.config.plain_yaml import read_settings
from dashboard.model.inference import load_answerer, predict
from server.dossier import main as dossier
from server.export.__main__ import main as export
from server.promote import main as promote
from server.verify import main as verify

START = ("model=resnet18_gn", "rounds=1", "data.max_per_class=12")


def test_it_is_recorded_put_in_service_asked_exported_and_filed(simulate, tmp_path, phantoms):
    done = simulate("model=resnet18_gn", "rounds=1", f"output_dir={tmp_path}", "in_service=false", "keep_updates=true")
    assert done.code == 0, done.err
    folder, place = existing_run(tmp_path, "run-001"), ["--output-dir", str(tmp_path)]
    assert read_settings(folder.config)["model"] == {"name": "resnet18_gn"}
    assert "ResNet18 with group normalisation (resnet18_gn)" in (folder.path / "model_card.md").read_text()

    assert promote(["run-001", "--reason", "a test", *place]) == 0
    answerer = load_answerer(tmp_path)
    with Image.open(next(phantoms.rglob("*.jpg"))) as image:
        answer = predict(answerer, image.convert("RGB"))
    assert answer.probabilities.sum() == pytest.approx(1)
    assert answer.heat.max() <= 1

    assert export(["run-001", "--to", "onnx", *place]) == 0
    assert verify(["run-001", *place]) == 0
    assert dossier(["run-001", *place]) == 0


@pytest.mark.parametrize("others", [["privacy=secagg"], ["strategy=scaffold"], ["wire=int8", "strategy=krum"]])
def test_every_way_to_add_up_takes_a_network_without_statistics(simulate, tmp_path, others):
    more = ["train.optimiser=sgd", "train.momentum=0"] if "strategy=scaffold" in others else []
    done = simulate(*START, f"output_dir={tmp_path}", *others, *more)
    assert done.code == 0, done.err


def test_a_run_does_not_go_on_from_another_network(simulate, tmp_path):
    assert simulate(*START, f"output_dir={tmp_path}").code == 0
    refused = simulate(f"output_dir={tmp_path}", "init=run-001")
    assert refused.code == 2
    assert "run-001 trained resnet18_gn" in refused.err
    assert "choose model=resnet18_gn" in refused.err


def test_privacy_takes_a_network_without_batch_normalisation_and_says_so(simulate, tmp_path):
    done = simulate("privacy=dp_sgd", "rounds=1", "privacy.steps=1", f"output_dir={tmp_path}")
    said = "privacy=dp_sgd trains ResNet18 with group normalisation (model=resnet18_gn)"
    assert said in done.out
    assert said in next(tmp_path.rglob("training.log")).read_text()
    assert read_settings(existing_run(tmp_path, "run-001").config)["model"] == {"name": "resnet18_gn"}


def test_the_strategy_that_is_about_batch_normalisation_is_refused_without_any(simulate, tmp_path):
    refused = simulate(*START, f"output_dir={tmp_path}", "strategy=fedbn")
    assert refused.code == 2
    assert "strategy=fedbn cannot be" in refused.err
    assert not (tmp_path / "artifacts").exists()
