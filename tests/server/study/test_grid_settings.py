import pytest

from common.config.hydra import compose_config
from common.errors import InputError
from server.study.grid_settings import StudyGrid, check_grid, study_grid


def test_the_ready_study_asks_the_three_questions():
    grid = study_grid(compose_config("study", ["experiment=worth_it"]))
    assert grid == StudyGrid("Worth joining?", ["local", "fedavg", "pooled"], [42, 43, 44], True)
    assert grid.federated == "fedavg"


def test_without_an_experiment_it_has_defaults():
    assert study_grid(compose_config("study", [])).seeds == [42, 43, 44]


@pytest.mark.parametrize(
    ("override", "code", "says"),
    [
        ("study.seeds=[]", "STUDY001", "study.seeds is empty"),
        ("study.seeds=[1,2,1]", "STUDY001", "lists 1 twice"),
        ("study.strategies=[local,local]", "STUDY001", "lists local twice"),
        ("study.strategies=[fedcash]", "STUDY001", "choose from: fedavg"),
        ("study.seeds=[one]", "CONF004", "whole number"),
        ("study.leave_one_out=maybe", "CONF004", "true or false"),
        ("study.seed=[1]", "CONF001", "study.seed"),
    ],
)
def test_a_mistake_is_one_sentence(override, code, says):
    with pytest.raises(InputError) as caught:
        study_grid(compose_config("study", [override]))
    assert caught.value.code == code
    assert says in caught.value.sentence


@pytest.mark.parametrize(
    ("strategies", "hospitals", "says"),
    [(["local"], 3, "needs a federated strategy"), (["fedavg"], 2, "leaves no federation")],
)
def test_what_cannot_be_left_out(strategies, hospitals, says):
    with pytest.raises(InputError, match=says):
        check_grid(StudyGrid("n", strategies, [1], True), hospitals)
