from __future__ import annotations

from pathlib import Path

import pytest

from common.config.hydra import compose_settings
from common.errors import InputError
from dashboard.data.begin import launch


def test_what_is_left_empty_is_left_out() -> None:
    values = {"experiment": None, "rounds": 3, "hospitals": [], "train.lr": "", "seed": 0}
    assert launch.overrides(values) == ["rounds=3", "seed=0"]
    assert launch.shell([]).endswith("python -m server.simulate")


def test_the_command_is_understood_by_the_configuration() -> None:
    values = {
        "experiment": "demo",
        "hospitals": ["phantom_jaipur", "phantom_kolkata"],
        "rounds": 3,
        "train.lr": "3e-4",
        "data.root": "/data/it's, a {folder}",
    }
    settings = compose_settings(launch.overrides(values, "train.schedule=constant\n\n data.max_per_class=5 "))
    assert settings.rounds == 3
    assert settings.hospitals == ["phantom_jaipur", "phantom_kolkata"]
    assert settings.train.lr == 3e-4
    assert settings.data.root == "/data/it's, a {folder}"
    assert (settings.train.schedule, settings.data.max_per_class) == ("constant", 5)


@pytest.mark.parametrize(
    "line", ["rounds", "nonsense=1", "hydra.run.dir=/tmp", "+x=1", "~data", "--help", "; rm -rf /"]
)
def test_what_is_no_setting_is_refused(line: str) -> None:
    with pytest.raises(InputError, match="DASH001"):
        launch.overrides({}, line)


@pytest.mark.parametrize("rate", ["fast", "1e", "1,5", "-1", "nan"])
def test_a_rate_that_is_no_number_is_refused(rate: str) -> None:
    with pytest.raises(InputError, match="DASH002"):
        launch.overrides({"train.lr": rate})


def test_the_shell_line_is_quoted() -> None:
    assert launch.shell(["data.root='a b'"]).endswith("""python -m server.simulate 'data.root='"'"'a b'"'"''""")


def test_hospitals_that_are_not_drawn_yet_are_named(tmp_path: Path) -> None:
    gone = launch.missing_hospitals(["experiment=demo", f"data.root={tmp_path}"])
    assert gone is not None
    assert (gone.root, len(gone.names), gone.phantoms) == (str(tmp_path), 3, True)
    real = launch.missing_hospitals([f"data.root={tmp_path}"])
    assert real is not None
    assert not real.phantoms
    for name in ("dataset-1", "dataset-2", "dataset-3"):
        (tmp_path / name).mkdir()
    assert launch.missing_hospitals(["experiment=demo", f"data.root={tmp_path}"]) is None
    assert launch.missing_hospitals(["rounds=many"]) is None, "the run itself says what is wrong"


def test_conf_offers_what_the_form_lists() -> None:
    found = launch.choices()
    assert "demo" in found.experiments
    assert "fedavg" in found.strategies
    assert "phantom_jaipur" in found.hospitals
    assert "train.augment.flip" in launch.setting_names()


def test_a_study_is_no_experiment_of_one_run() -> None:
    assert "worth_it" not in launch.choices().experiments
    assert "demo" in launch.choices().experiments
