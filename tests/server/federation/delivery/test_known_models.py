"""Between machines a model travels once: the next message only names it; who does not have it is sent it whole."""

from __future__ import annotations

import json
import shutil

import pytest

from clients.kept_model import KEPT
from tests.support.separate import KEYS, Line, models_of

TOGETHER = ("rounds=3", "data.cross_hospital_check=false", "data.max_per_class=8")


@pytest.fixture(scope="module")
def seen():
    """What passes in the undisturbed run."""
    return Line()


@pytest.fixture(scope="module")
def undisturbed(separate, seen):
    return separate.run("undisturbed", line=seen)


@pytest.mark.parametrize("more", [(), ("strategy=fedbn",), ("strategy=scaffold", "train.lr=0.02")])
def test_validation_brings_the_model_training_names_it_and_the_models_are_those_of_a_simulation(
    separate, undisturbed, seen, simulate, tmp_path, more
):
    line = Line() if more else seen
    folder = undisturbed if not more else separate.run("apart-" + "-".join(more).replace("=", "-"), *more, line=line)
    for number in (1, 2, 3):
        assert line.forms("train", number) == ["name"], "the first model follows from the seed"
        assert line.forms("evaluate", number)[0] == "difference"
    assert not [each for each in line.passed if each.refused]
    for row in json.loads(folder.history.read_text()):
        passed = [each for each in line.passed if each.round == row["epoch"]][:6]  # the test comes after them
        assert row["bytes_down"] == sum(each.down for each in passed) > 0
        assert row["bytes_up"] == sum(each.up for each in passed) > 0
    done = simulate(f"output_dir={tmp_path}", *TOGETHER, *more)
    assert done.code == 0, done.err
    assert models_of(folder) == models_of(tmp_path)
    assert not list(separate.cache.rglob(KEPT)), "gone at the end"
    assert not list(tmp_path.rglob(KEPT)), "and within one machine none was kept"


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def turn_a_bit(path):
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(bytes(content))


DAMAGE = {
    (KEYS[0], 2): lambda path: path.unlink(),
    (KEYS[1], 2): cut,
    (KEYS[1], 3): turn_a_bit,
    (KEYS[2], 2): lambda path: shutil.rmtree(path.parent),
}


def test_who_lost_the_model_says_so_is_sent_it_whole_once_and_the_run_ends_in_the_same_bits(separate, undisturbed):
    def lose(kind, key, number):
        if kind == "train" and (key, number) in damage:
            (path,) = separate.cache.glob(f"disturbed/{key}/runs/*/*/{KEPT}")
            damage.pop((key, number))(path)

    damage = dict(DAMAGE)
    line = Line(lose)
    folder = separate.run("disturbed", line=line)
    assert [each.refused for each in line.passed if each.refused] == ["STORE003"] * 4
    for key in KEYS:
        assert line.forms("train", 2, key) == ["name", "whole"]
        assert line.forms("train", 3, key) == (["name", "whole"] if key == KEYS[1] else ["name"])
    assert models_of(folder) == models_of(undisturbed)
    (log,) = (separate.place / "disturbed" / "logs").rglob("training.log")
    assert log.read_text().count("Phantom Hyderabad | is sent the whole model") == 2


def test_who_cannot_keep_a_model_is_sent_each_whole(separate, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("clients.kept_model.replace_file", full)
    line = Line()
    separate.run("full", "rounds=2", line=line)
    assert line.forms("train", 1) == ["name"]
    assert line.forms("train", 2) == ["name", "whole"]


def test_a_run_that_broke_off_goes_on_by_name_and_who_is_a_round_ahead_is_sent_the_model(separate, undisturbed):
    def break_off(kind, key, number):
        if kind == "evaluate" and number == 3:
            reached.append(key)
            if len(reached) == 2:
                raise KeyboardInterrupt

    reached: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        separate.run("broken", line=Line(break_off))
    line = Line()
    folder = separate.run("broken", line=line, resume="run-001")
    for key in KEYS:
        assert line.forms("train", 3, key) == (["name", "whole"] if key == reached[0] else ["name"])
    assert models_of(folder) == models_of(undisturbed)


def test_models_that_stay_at_the_hospitals_are_not_named(separate):
    line = Line()
    separate.run("alone", "rounds=2", "strategy=local", line=line)
    assert {each.form for each in line.passed} == {"none"}
    assert sum(each.down + each.up for each in line.passed) == 0
