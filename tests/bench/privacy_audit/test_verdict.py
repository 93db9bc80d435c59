"""Claim and bound stand side by side, in words."""

from bench.privacy_audit.verdict import meaning, verdict
from common.artifacts.privacy.audit import Canaries, PrivacyAudit

FOUND = Canaries(200, 100, 96, 2.3, 0.95, "loss", 3.7)


def test_a_bound_below_the_claim():
    assert verdict(PrivacyAudit(claimed_epsilon=8.0, canaries=FOUND)) == (
        "claimed: at most 8; shown by this attack: at least 2.3, at 95 % confidence. The claim is not refuted."
    )


def test_a_bound_above_the_claim():
    assert verdict(PrivacyAudit(claimed_epsilon=2.0, canaries=FOUND)).startswith(
        "REFUTED: claimed: at most 2; shown by this attack: at least 2.3"
    )


def test_a_run_that_claims_nothing():
    assert verdict(PrivacyAudit(claimed_epsilon=None, canaries=FOUND)).startswith(
        "claimed: nothing, as the run has no differential privacy; shown"
    )


def test_the_figures_are_explained():
    assert "100 were guessed; 96 guesses were right, of 50 by chance alone" in meaning(FOUND)
    assert meaning(FOUND).endswith("With 200 canaries no audit shows more than 3.7, whatever is given away.")
