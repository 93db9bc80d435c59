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


@pytest.mark.parametrize(
    ("fields", "hospitals", "says"),
    [
        ({"external": True}, 2, "study.external=false"),
        ({"external": True, "strategies": ["local", "fedbn"]}, 3, "none of study.strategies shares one"),
        ({"folds": 2}, 3, "3 to 20 folds"),
        ({"folds": 21}, 3, "3 to 20 folds"),
        ({"folds": 5, "leave_one_out": True}, 3, "study.leave_one_out=false"),
        ({"parallel": 0}, 3, "1 to 64 runs at a time"),
    ],
)
def test_what_folds_external_tests_and_runs_side_by_side_cannot_be(fields, hospitals, says):
    grid = StudyGrid(**{"strategies": ["fedavg"], "seeds": [1], **fields})
    with pytest.raises(InputError) as caught:
        check_grid(grid, hospitals)
    assert caught.value.code == "STUDY001"
    assert says in caught.value.sentence


def test_who_runs_without_each_hospital():
    strategies = ["local", "fedbn", "fedavg", "pooled"]
    assert StudyGrid("n", strategies, [1]).left_out_with == []
    assert StudyGrid("n", strategies, [1], leave_one_out=True).left_out_with == ["fedbn"]
    assert StudyGrid("n", strategies, [1], external=True).left_out_with == ["fedavg", "pooled"]
    assert StudyGrid("n", strategies, [1], True, True).left_out_with == ["fedbn", "fedavg", "pooled"]
    assert StudyGrid("n", ["fedavg"], [1], True, True).left_out_with == ["fedavg"], "never twice"
