"""Neither ten image sizes nor a thousand tokens fill a hospital's disk."""

import os
from dataclasses import replace

import pytest

from clients import handlers
from clients.policy.limits import Policy
from clients.policy.refusal import PolicyRefusal
from clients.policy.room import make_room_for_run, make_room_for_slices, size_of
from clients.privacy.ledger import LEDGER
from common.config.settings import WirePlan
from common.config.strategies import StrategyPlan
from common.data.cache import cached_libraries
from tests.support.sites import PLAN, sites_of

pytestmark = pytest.mark.usefixtures("resnet18")  # how much it is matters here
FEDBN = replace(PLAN, strategy=StrategyPlan(keeps="normalisation"))


@pytest.fixture
def site(phantoms, tmp_path):
    return sites_of(phantoms, tmp_path / "cache")[0]


def sized(size):
    return replace(PLAN, data=replace(PLAN.data, image_size=size))


def tokens(site):
    return sorted(path.name[0] for path in (site.cache_dir / "runs").iterdir())


def keep(site, letter, bytes_kept=1000, age=0):
    folder = site.cache_dir / "runs" / (letter * 32) / site.hospital.key
    folder.mkdir(parents=True)
    (folder / "control-round-0001.pth").touch()
    os.truncate(folder / "control-round-0001.pth", bytes_kept)
    (folder / "proof.jsonl").write_text("{}")
    os.utime(folder, (10**9 - age, 10**9 - age))
    return folder


def test_ten_sizes_leave_the_last_ones_used(site):
    policy = Policy(image_sizes_kept=3)
    for size in (32, 33, 34, 32, 35, 36):
        make_room_for_slices(site, policy, sized(size))
        handlers.describe(site, sized(size))
    assert list(cached_libraries(site.folder, site.cache_dir).values()) == [32, 35, 36]


def test_the_slices_keep_within_their_quota(site):
    for size in (32, 48, 64):
        make_room_for_slices(site, Policy(cache_gigabytes=1.3e-3), sized(size))
        handlers.describe(site, sized(size))
    assert list(cached_libraries(site.folder, site.cache_dir).values()) == [64]
    with pytest.raises(PolicyRefusal) as raised:
        make_room_for_slices(site, Policy(cache_gigabytes=1.3e-3), sized(512))
    assert raised.value.code == "POLICY009"
    assert list(cached_libraries(site.folder, site.cache_dir).values()) == [64], "nothing goes for what cannot come"


def test_only_so_many_runs_are_kept_the_oldest_goes_first_and_never_the_one_under_way(site):
    for age, letter in enumerate("abcd"):
        keep(site, letter, age=age)
    make_room_for_run(site, Policy(runs_kept=3), PLAN, "d" * 32)
    assert tokens(site) == ["a", "b", "d"], "d is the oldest, but under way"
    make_room_for_run(site, Policy(runs_kept=3), PLAN, "e" * 32)
    assert tokens(site) == ["a", "b"], "d is no longer under way"


def test_runs_keep_within_their_quota_and_what_proves_a_run_stays(site):
    old, new = keep(site, "a", 200_000_000, age=9), keep(site, "b", 1000)
    make_room_for_run(site, Policy(runs_gigabytes=0.3), PLAN, "c" * 32)
    assert size_of(old) > 10**8, "a plan that keeps nothing needs no room"
    make_room_for_run(site, Policy(runs_gigabytes=0.3), FEDBN, "c" * 32)
    assert os.listdir(old) == ["proof.jsonl"]
    assert sorted(os.listdir(new)) == ["control-round-0001.pth", "proof.jsonl"]
    with pytest.raises(PolicyRefusal, match=r"runs_gigabytes=0\.1"):
        make_room_for_run(site, Policy(runs_gigabytes=0.1), FEDBN, "c" * 32)
    with pytest.raises(PolicyRefusal, match="wire=int8 needs more room"):
        make_room_for_run(site, Policy(runs_gigabytes=0.1), replace(PLAN, wire=WirePlan("int8")), "c" * 32)


def test_what_a_run_has_cost_the_patients_stays_when_its_tensors_go(site):
    old = keep(site, "a", 200_000_000)
    (old / LEDGER).write_bytes(b"{}")
    make_room_for_run(site, Policy(runs_gigabytes=0.3), FEDBN, "c" * 32)
    assert sorted(os.listdir(old)) == [LEDGER, "proof.jsonl"]


def test_a_kept_model_goes_before_the_quota_is_broken_and_breaks_no_run(site):
    old = keep(site, "a", 1000)
    (old / "global-model").write_bytes(bytes(1000))
    make_room_for_run(site, Policy(runs_gigabytes=1e-6), PLAN, "c" * 32)
    assert os.listdir(old) == ["proof.jsonl"]


def test_what_is_no_run_of_this_hospital_is_left_alone(site, tmp_path):
    runs = site.cache_dir / "runs"
    (runs / "no-token" / site.hospital.key).mkdir(parents=True)
    (runs / ("f" * 32) / "another_hospital").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (runs / ("e" * 32)).mkdir()
    (runs / ("e" * 32) / site.hospital.key).symlink_to(tmp_path / "elsewhere")
    make_room_for_run(site, Policy(runs_kept=1), PLAN, "a" * 32)
    assert len(list(runs.iterdir())) == 3
    assert (tmp_path / "elsewhere").exists()
