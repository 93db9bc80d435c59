"""With differential privacy the hospital that claims most is looked into, by the run's own recipe."""

import numpy as np

import bench.privacy_audit.canaries as canaries
from bench.privacy_audit.audited import AuditedHospital, AuditedRun, Claim
from bench.privacy_audit.canaries import inside_bound, toss
from common.config.hydra import compose_settings
from common.data.split import Split
from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from common.protocol.plan import plan_of
from common.training.batches import Slices


def test_the_hospital_that_claims_most_is_trained_with_its_noise_and_rate(monkeypatch):
    settings = compose_settings(["privacy=dp_sgd", "privacy.steps=1", "train.part=head", "data.image_size=32"])
    plan = plan_of(settings)
    slices = Slices(np.zeros((4, 32, 32, 3), np.uint8), np.zeros(4, np.int64))
    split = Split(np.arange(2), np.array([2]), np.array([3]))
    hospitals = [AuditedHospital(key, slices, split, np.arange(4)) for key in ("careful", "careless")]
    claims = {"careful": Claim(1.0, 0.5, 9.0, 7), "careless": Claim(3.0, 1.0, 0.01, 1)}
    first = arrays_from_state(initial_weights(plan.model.name, 0))
    run = AuditedRun("run-001", plan, settings.strategy, hospitals, first, first, 1, claims)
    seen = []
    scores_of = canaries.insider_scores
    monkeypatch.setattr(canaries, "insider_scores", lambda *given: seen.append(scores_of(*given)) or seen[0])
    found = inside_bound(run, 40, 1)
    assert ((seen[0] > 0) == toss(40, 1)).all(), "each is drawn in each step, with next to no noise"
    assert found.epsilon_lower_bound > 1.0
