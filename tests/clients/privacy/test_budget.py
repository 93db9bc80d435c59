"""What a hospital grants a round: paid for before it begins, once for each question, and never more than the budget."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from dataclasses import replace

import pytest

from clients.policy.limits import Policy
from clients.privacy.budget import reserve
from clients.privacy.ledger import LEDGER
from clients.privacy.total import Total
from clients.site import Site
from common.config.dp import DpPlan
from common.config.hydra import load_hospitals
from common.config.settings import ModelPlan
from common.errors import RunError
from common.privacy.accountant import Spending, epsilon_of
from common.privacy.refusal import BUDGET_SPENT, PrivacyRefusal
from common.protocol.messages import LocalStateRef
from tests.support.sites import PLAN, task_of

TOKEN = "0123456789abcdef" * 2
DP = DpPlan(epsilon=6.0, delta=1e-5, clip=1.0, patients_per_step=10, steps=20, noise=1.0, views=1)
PRIVATE = replace(PLAN, dp=DP, model=ModelPlan("resnet18_gn"), rounds=5)
UNITS = 100
HOSPITALS = ["phantom_jaipur", "phantom_kolkata"]


@pytest.fixture
def site(tmp_path):
    return Site(load_hospitals(HOSPITALS)[0], tmp_path, tmp_path / "cache")


def ask(site, question, plan=PRIVATE, number=1, token=TOKEN, units=UNITS):
    return reserve(site, task_of(plan, number, {}, LocalStateRef(token)), units, f"{question:064x}")


def ledger_of(site, token=TOKEN):
    return site.cache_dir / "runs" / token / site.hospital.key / LEDGER


def entries(site):
    return json.loads(ledger_of(site).read_text())["entries"]


def test_a_round_is_written_down_before_it_is_granted_for_its_owner_alone(site):
    grant = ask(site, 1)
    assert (grant.steps, grant.noise_multiplier) == (20, 1.0)
    assert grant.spent.epsilon == epsilon_of([Spending(1.0, 0.1, 20)], 1e-5)
    (entry,) = entries(site)
    assert (entry["steps"], entry["rate"], entry["round"]) == (20, 0.1, 1)
    assert stat.S_IMODE(ledger_of(site).stat().st_mode) == 0o600


def test_the_same_question_has_the_same_answer_and_another_one_of_the_same_round_costs_anew(site):
    first, again, other = ask(site, 1), ask(site, 1), ask(site, 2)
    assert again == first
    assert other.spent.epsilon == epsilon_of([Spending(1.0, 0.1, 40)], 1e-5) > first.spent.epsilon
    assert len(entries(site)) == 2


def test_the_budget_ends_in_the_middle_of_a_round_and_then_nothing_is_left(site):
    steps = []

    def go_on():
        for question in range(10):
            steps.append(ask(site, question).steps)

    with pytest.raises(PrivacyRefusal, match="6 at delta 1e-5") as refused:
        go_on()
    assert refused.value.code == BUDGET_SPENT
    *whole, part = steps
    assert set(whole) == {20}
    assert 0 < part < 20
    fit, beyond = ([Spending(1.0, 0.1, sum(steps) + more)] for more in (0, 1))
    assert epsilon_of(fit, 1e-5) <= 6 < epsilon_of(beyond, 1e-5)
    assert ask(site, len(whole)).steps == part, "what was granted once stays granted"


def test_without_a_noise_in_the_plan_the_hospital_chooses_one_with_which_the_budget_lasts(site):
    plan = replace(PRIVATE, dp=replace(DP, noise=0.0))
    grants = [ask(site, number, plan, number) for number in range(1, 6)]
    assert [grant.steps for grant in grants] == [20] * 5
    assert len({grant.noise_multiplier for grant in grants}) == 1
    assert 5.9 < grants[-1].spent.epsilon <= 6
    with pytest.raises(PrivacyRefusal):
        ask(site, 6, plan, 5)


def test_a_hospital_with_fewer_patients_needs_more_noise_and_one_with_too_few_draws_them_all(site):
    plan = replace(PRIVATE, dp=replace(DP, noise=0.0))
    large, small, smallest = (
        ask(site, 1, plan, token=f"{units:032x}", units=units).noise_multiplier for units in (1000, 100, 5)
    )
    assert large < small < smallest


def test_a_run_does_not_go_on_with_another_budget(site):
    ask(site, 1)
    for changed in ({"epsilon": 60.0}, {"delta": 1e-3}, {"noise": 0.5}, {"clip": 2.0}):
        with pytest.raises(PrivacyRefusal, match=r"DP011.*another plan"):
            ask(site, 2, replace(PRIVATE, dp=replace(DP, **changed)))
    assert len(entries(site)) == 1


@pytest.mark.parametrize("content", [None, b"", b'{"plan": 1}', b"nonsense"], ids=["gone", "empty", "other", "no JSON"])
def test_a_ledger_that_is_lost_or_damaged_is_not_begun_anew(site, content):
    ask(site, 1)
    ledger_of(site).unlink() if content is None else ledger_of(site).write_bytes(content)
    with pytest.raises(RunError, match=r"STORE002.*privacy\.json"):
        ask(site, 2)
    assert ask(site, 1, token="f" * 32).steps == 20, "another run is none of its business"


def test_all_runs_together_cost_no_more_than_the_hospital_allows(site):
    first, second = ask(site, 1), ask(site, 1, token="f" * 32)
    total = Total(site.cache_dir, site.hospital.key)
    assert total.spent() == pytest.approx(first.spent.epsilon + second.spent.epsilon)
    assert stat.S_IMODE(total.path.stat().st_mode) == 0o600
    strict = replace(site, policy=Policy(max_epsilon_total=total.spent() + 2.5))
    part = ask(strict, 1, token="e" * 32)
    assert 0 < part.steps < 20
    assert part.spent.epsilon <= 2.5
    for token in ("e" * 32, "d" * 32):
        with pytest.raises(PrivacyRefusal, match=r"DP010.*max_epsilon_total"):
            ask(strict, 2, token=token)


def test_kill_9_forgets_nothing(site):
    program = (
        "import os, signal\n"
        "from tests.clients.privacy import test_budget as test\n"
        "from pathlib import Path\n"
        f"site = test.Site(test.load_hospitals(test.HOSPITALS)[0], Path({str(site.data_root)!r}), "
        f"Path({str(site.cache_dir)!r}))\n"
        "test.ask(site, 1)\n"
        "os.kill(os.getpid(), signal.SIGKILL)  # in the middle of its training\n"
    )
    killed = subprocess.run([sys.executable, "-c", program], env=os.environ, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert ask(site, 2).spent.epsilon == epsilon_of([Spending(1.0, 0.1, 40)], 1e-5)
    assert ask(site, 1).spent.epsilon == epsilon_of([Spending(1.0, 0.1, 20)], 1e-5)
