"""Every coding of what travels, through the real handlers: the same models apart and together, killed and resumed."""

from __future__ import annotations

import json

import pytest

from common.artifacts.ledger.check import require_verified
from server.federation.replay import replay
from tests.server.federation.delivery.test_known_models import TOGETHER
from tests.support.separate import KEYS, Line, models_of

SHARES = {"lossless": 0.95, "bfloat16": 0.5, "int8": 0.35, "int4": 0.25}  # most that a coding leaves


def rows(folder) -> list[dict]:
    return json.loads(folder.history.read_text())


@pytest.fixture(scope="module")
def plain(separate):
    return separate.run("plain", "rounds=2", "wire=float32")


@pytest.mark.parametrize("coding", SHARES)
def test_a_run_that_was_killed_and_resumed_ends_in_the_models_of_one_that_was_not(
    separate, plain, coding, simulate, tmp_path
):
    def kill(kind, key, number):
        if (kind, number) == ("evaluate", 2):
            reached.append(key)
            if len(reached) == 2:
                raise KeyboardInterrupt

    settings = (f"wire={coding}", "rounds=2", "keep_updates=true")
    line = Line()
    undisturbed = separate.run(f"{coding}-undisturbed", *settings, line=line)
    for number in (1, 2):
        assert line.forms("train", number) == ["name"]
        assert line.forms("evaluate", number)[0] == "difference"
    assert not [each for each in line.passed if each.refused]
    reached: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        separate.run(f"{coding}-killed", *settings, line=Line(kill))
    again = Line()
    killed = separate.run(f"{coding}-killed", line=again, resume="run-001")
    assert models_of(killed) == models_of(undisturbed)
    assert "whole" in again.forms("train", 2, reached[0]), "it is a model ahead"
    assert "whole" not in again.forms("train", 2, KEYS[[*KEYS].index(reached[1])])
    assert replay(undisturbed, require_verified(undisturbed)) == 2
    sent, as_it_is = rows(undisturbed)[1], rows(plain)[1]
    assert sent["bytes_up"] < SHARES[coding] * as_it_is["bytes_up"]
    assert sent["bytes_down"] < as_it_is["bytes_down"]
    assert (models_of(undisturbed) == models_of(plain)) == (coding == "lossless")
    if coding == "int8":
        done = simulate(f"output_dir={tmp_path}", *TOGETHER, "rounds=2", f"wire={coding}")
        assert done.code == 0, done.err
        assert models_of(tmp_path) == models_of(undisturbed)


def test_who_missed_a_round_is_sent_the_model_whole_and_then_differences_again(separate):
    def fail(kind, key, number):
        if key == KEYS[2] and (kind, number) in (("evaluate", 1), ("train", 2), ("evaluate", 2)):
            raise RuntimeError("out of luck")

    line = Line(fail)
    folder = separate.run("missed", "wire=int8", "strategy.attempts=1", line=line)
    assert line.forms("train", 3, KEYS[2]) == ["whole"]
    assert line.forms("evaluate", 3, KEYS[2])[0] == "difference"
    assert line.forms("train", 3) == ["name"]
    assert [len(row["replied"]) for row in rows(folder)] == [3, 2, 3]
    (log,) = (separate.place / "missed" / "logs").rglob("training.log")
    assert "Phantom Kolkata | is sent the whole model" in log.read_text()
    assert log.read_text().count("is sent the whole model") == 2, "round 2's, which it could not take, and round 3's"


def test_who_missed_a_validation_is_sent_the_difference_with_the_next_training(separate):
    def fail(kind, key, number):
        if (kind, key, number) == ("evaluate", KEYS[2], 1):
            raise RuntimeError("out of luck")

    line = Line(fail)
    separate.run("missed-one", "wire=int8", "rounds=2", line=line)
    assert line.forms("train", 2, KEYS[2]) == ["difference"]
    assert line.forms("train", 2) == ["name"]
