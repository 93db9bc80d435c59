"""A hospital trains with differential privacy: from a secret of its own, paid for first."""

from __future__ import annotations

import stat
from dataclasses import replace

import numpy as np
import pytest

from clients import handlers
from clients.privacy.noise_key import NOISE_KEY, noise_key
from common.config.dp import DpPlan
from common.config.settings import ModelPlan
from common.errors import RunError
from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from common.privacy.refusal import PrivacyRefusal
from common.protocol.messages import LocalStateRef
from tests.support.sites import PLAN, sites_of, train_at

TOKEN = LocalStateRef("0123456789abcdef" * 2)
DP = DpPlan(epsilon=50.0, delta=1e-3, clip=1.0, patients_per_step=3, steps=2, noise=1.0, views=1)
TRAIN = replace(PLAN.train, softmax="plain", precision="float32")
PRIVATE = replace(PLAN, dp=DP, model=ModelPlan("resnet18_gn"), train=TRAIN)
ARRAYS = arrays_from_state(initial_weights("resnet18_gn", 1))


@pytest.fixture
def site(phantoms, tmp_path):
    return sites_of(phantoms, tmp_path)[0]


def same(one, other):
    return all(np.array_equal(one[name], other[name]) for name in one)


def test_the_same_question_has_the_same_answer_and_another_one_other_noise(site):
    first, said = train_at(site, PRIVATE, 1, ARRAYS, TOKEN)
    again, said_again = train_at(site, PRIVATE, 1, ARRAYS, TOKEN)
    assert same(first, again)
    assert said.spent == said_again.spent
    moved = {**ARRAYS, "fc.bias": ARRAYS["fc.bias"] + np.float32(1e-6)}
    other, said_other = train_at(site, PRIVATE, 1, moved, TOKEN)
    assert said_other.spent.epsilon > said.spent.epsilon, "another model is another question, which costs"
    steps = [(answer["fc.weight"] - ARRAYS["fc.weight"]) for answer in (first, other)]
    assert abs(np.corrcoef(*(step.ravel() for step in steps))[0, 1]) < 0.5


def test_its_answer_tells_no_loss_and_what_was_spent(site):
    _, said = train_at(site, PRIVATE, 1, ARRAYS, TOKEN)
    assert (said.loss, said.accuracy, said.steps) == (None, None, 2)
    assert said.spent.epsilon == said.spent.epsilon_one_colluding == said.spent.epsilon_all_but_one > 0
    described = handlers.describe(site, PRIVATE)
    assert said.samples == described.train_samples


def test_only_the_head_moves_where_only_the_head_is_trained(site):
    plan = replace(PRIVATE, train=replace(TRAIN, part="head"))
    trained, _ = train_at(site, plan, 1, ARRAYS, TOKEN)
    changed = {name for name in ARRAYS if not np.array_equal(trained[name], ARRAYS[name])}
    assert {"fc.weight", "fc.bias", "bn1.weight", "bn1.bias"} <= changed
    assert not [name for name in changed if "conv" in name]


def test_a_delta_above_one_by_the_patients_is_refused_before_anything_is_trained(site):
    loose = replace(PRIVATE, dp=replace(DP, delta=0.5))
    with pytest.raises(PrivacyRefusal, match=r"DP001: privacy\.delta=0\.5 is above one by the \d+ patients"):
        handlers.describe(site, loose)
    with pytest.raises(PrivacyRefusal, match="DP001"):
        train_at(site, loose, 1, ARRAYS, TOKEN)


def test_the_key_is_its_owners_alone_and_stays(tmp_path):
    key = noise_key(tmp_path)
    assert (len(key), noise_key(tmp_path)) == (32, key)
    assert stat.S_IMODE((tmp_path / NOISE_KEY).stat().st_mode) == 0o600
    assert noise_key(tmp_path / "other") != key


def test_another_key_is_another_question(site):
    """A hospital that lost its key would answer with other noise; so it pays again."""
    _, said = train_at(site, PRIVATE, 1, ARRAYS, TOKEN)
    (site.cache_dir / NOISE_KEY).unlink()
    _, later = train_at(site, PRIVATE, 1, ARRAYS, TOKEN)
    assert later.spent.epsilon > said.spent.epsilon


def test_a_key_that_cannot_be_used_is_one_sentence(tmp_path):
    (tmp_path / NOISE_KEY).write_bytes(b"short")
    with pytest.raises(RunError, match=r"DP002: .*noise\.key is not the 32 bytes of a key"):
        noise_key(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"DP002: .*noise\.key cannot be used"):
        noise_key(tmp_path / "file" / "below")
