"""A run is held to its plan, a day to its rounds, a round to its seconds: over messages, processes and restarts."""

import json
import logging
from dataclasses import replace

import pytest

from clients.policy.diary import DAY, Diary
from clients.policy.gate import Asked, admit, in_time
from clients.policy.limits import Policy
from clients.policy.refusal import PolicyRefusal
from common.errors import InputError
from tests.support.sites import PLAN, sites_of

TOKEN, OTHER_TOKEN = "a" * 32, "b" * 32
OTHER = replace(PLAN, train=replace(PLAN.train, lr=2e-3))


@pytest.fixture
def site(phantoms, tmp_path):
    return replace(sites_of(phantoms, tmp_path / "cache")[0], policy=Policy(), home=tmp_path)


def code(site, *asked) -> str:
    try:
        admit(site, Asked(*asked))
    except InputError as error:
        return error.code
    return "admitted"


def test_a_run_is_held_to_the_plan_that_it_began_with_before_any_message_names_its_token(site):
    assert code(site, "query", 1, PLAN) == "admitted"
    assert code(site, "train", 1, OTHER, TOKEN) == "POLICY003"
    assert code(site, "train", 1, PLAN, TOKEN) == "admitted"
    assert code(site, "evaluate", 1, OTHER) == "POLICY003"
    assert code(site, "query", 2, OTHER) == "admitted", "a new run may have a new plan"


def test_a_token_is_held_to_its_plan_in_every_run_and_a_run_to_its_token(site):
    assert code(site, "train", 1, PLAN, TOKEN) == "admitted"
    assert code(site, "train", 2, PLAN, TOKEN) == "admitted", "a run that is resumed"
    assert code(site, "train", 3, OTHER, TOKEN) == "POLICY003"
    assert code(site, "train", 1, PLAN, OTHER_TOKEN) == "POLICY003", "each token leaves a folder"


def test_a_refused_plan_pins_nothing_and_nothing_is_written_where_there_is_no_policy(site, tmp_path):
    assert code(site, "query", 1, replace(PLAN, rounds=10**6)) == "POLICY001"
    assert code(replace(site, policy=None), "query", 1, replace(PLAN, rounds=10**6)) == "admitted"
    assert not (tmp_path / "cache").exists()


def test_a_new_run_is_shown_in_words_once(site, caplog):
    caplog.set_level(logging.INFO, "clients")
    for kind in ("query", "train", "evaluate"):
        admit(site, Asked(kind, 7, PLAN))
    (line,) = caplog.messages
    for words in ("run 7 asks: ResNet18 at 32 px, 2 rounds of 1 epoch, Adam at a rate of 0.001", "batches of 16"):
        assert words in line
    assert "\n" not in line


def test_a_day_has_so_many_rounds_over_all_runs_and_a_restart_forgets_none(site):
    site = replace(site, policy=Policy(rounds_a_day=3))
    assert [code(site, "train", run, PLAN) for run in (1, 2, 3, 4)] == ["admitted"] * 3 + ["POLICY004"]
    assert [code(site, "evaluate", run, PLAN) for run in range(8)] == ["admitted"] * 6 + ["POLICY004"] * 2
    assert code(site, "query", 9, PLAN) == "admitted"


def test_a_day_later_rounds_are_free_again_and_a_clock_that_was_ahead_frees_none(tmp_path):
    now, policy = [1e9], Policy(rounds_a_day=1)
    diary = Diary(tmp_path, "here", lambda: now[0])
    diary.count("train", policy)
    for ahead in (-DAY, 0.0, DAY - 1):
        now[0] = 1e9 + ahead
        with pytest.raises(PolicyRefusal, match="1 rounds in 24 hours"):
            diary.count("train", policy)
    now[0] = 1e9 + DAY + 1
    diary.count("train", policy)


def test_a_damaged_diary_answers_nothing_and_stays_as_it_is(site):
    code(site, "train", 1, PLAN)
    path = Diary(site.cache_dir, site.hospital.key).path
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text('{"runs": 3}')
    assert code(site, "train", 1, PLAN) == "POLICY008"
    assert path.read_text() == '{"runs": 3}'


def test_the_diary_does_not_grow_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr("clients.policy.diary._MOST_RUNS", 5)
    diary = Diary(tmp_path, "here")
    for run in range(9):
        diary.pin(run, "plan", "")
    assert list(json.loads(diary.path.read_text())["runs"]) == ["4", "5", "6", "7", "8"]


def test_what_takes_too_long_is_stopped():
    steps = []
    tell = in_time(Policy(seconds=1e-9), lambda done, total: steps.append(done))
    assert tell is not None
    with pytest.raises(PolicyRefusal, match="POLICY005"):
        tell(0, 9)
    assert in_time(None, None) is None
    patient = in_time(Policy(), lambda done, total: steps.append(done))
    assert patient is not None
    patient(3, 9)
    assert steps == [3]
