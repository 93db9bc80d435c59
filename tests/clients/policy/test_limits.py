"""The section ``policy:`` of ``hospital.yaml``, and the page that lists it."""

from dataclasses import fields
from pathlib import Path

import pytest

from clients.policy.limits import Policy, policy_values, read_policy
from clients.site import read_site, write_site
from common.config.hydra import load_hospital
from common.config.listing import sentences
from common.errors import InputError
from server.centre.onboarding_kit import site_yaml

PAGE = Path(__file__).resolve().parents[3] / "docs" / "policy.md"


def test_a_file_without_the_section_has_the_defaults():
    assert read_policy(None) == read_policy({}) == Policy()


def test_what_is_set_is_read_and_what_is_written_reads_the_same():
    policy = read_policy({"batch_size": [16, 64], "optimisers": ["adam"], "seconds": 60, "ask": True})
    assert (policy.batch_size, policy.optimisers, policy.seconds, policy.ask) == ((16, 64), ("adam",), 60.0, True)
    assert read_policy(policy_values(policy)) == policy


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("strict", "policy is a section"),
        ({"batchsize": [8, 32]}, "policy.batchsize is no setting"),
        ({"batch_size": 8}, "policy.batch_size=8 cannot be"),
        ({"batch_size": [64, 8]}, "policy.batch_size=[64, 8] cannot be"),
        ({"min_train_slices": 0}, "policy.min_train_slices=0"),
        ({"seconds": float("nan")}, "policy.seconds=nan"),
        ({"optimisers": []}, r"policy.optimisers=[] cannot be"),
        ({"strategies": ["pooled"]}, "policy.strategies=['pooled']"),
        ({"augmentation": "perhaps"}, "policy.augmentation=perhaps"),
        ({"privacy": "dp"}, "policy.privacy=dp"),
        ({"rounds": True}, "policy.rounds=True"),
        ({"threads": None}, "policy.threads=None"),
    ],
)
def test_what_cannot_be_is_said_in_one_clause(section, said):
    with pytest.raises(ValueError) as raised:
        read_policy(section)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_settings_file_carries_it_to_the_process_that_answers(tmp_path):
    path = tmp_path / "hospital.yaml"
    handed_out = site_yaml(load_hospital("aiims_delhi"), "centre.example.org:8443")
    assert "docs/policy.md" in handed_out
    path.write_text(handed_out)
    assert read_site(path).site().policy == Policy()
    path.write_text(f"{handed_out}policy:\n  min_train_slices: 100\n  optimisers: [adam]\n")
    (tmp_path / "home").mkdir()
    site = read_site(write_site(read_site(path), tmp_path / "home" / "site.yaml")).site()
    assert site.policy == Policy(min_train_slices=100, optimisers=("adam",))
    assert site.home == tmp_path / "home"
    path.write_text(f"{handed_out}policy:\n  batch_size: 4\n")
    with pytest.raises(InputError, match=r"SITE002.*policy.batch_size=4.*docs/policy.md"):
        read_site(path)


def test_every_setting_says_what_it_does_and_stands_on_the_page():
    page, said = PAGE.read_text(encoding="utf-8"), sentences(Policy())
    for each in fields(Policy):
        value = policy_values(Policy())[each.name]
        written = str(value).lower() if isinstance(value, bool) else str(value).replace("'", "")
        assert f"| `{each.name}` | `{written}` | {said[each.name]} |" in page, each.name
