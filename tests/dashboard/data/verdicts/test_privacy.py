from __future__ import annotations

import pytest

from common.artifacts.privacy.guarantee import RunPrivacy
from dashboard.data.verdicts import privacy
from tests.support.run_files import attacked, private


@pytest.mark.parametrize(
    ("found", "audit", "tone", "word"),
    [
        (private(), None, "fine", privacy.BOUNDED),
        (private(), attacked(), "fine", privacy.BOUNDED),
        (private(), attacked(bound=9.0), "refuse", privacy.REFUTED),
        (private(epsilon=10.2), None, "caution", privacy.WEAK),
        (private(epsilon=1000.0), attacked(), "caution", privacy.WEAK),
        (RunPrivacy("none"), None, "caution", privacy.NO_BOUND),
        (RunPrivacy("secagg"), attacked(bound=9.0), "caution", privacy.NO_BOUND),
        (RunPrivacy(), None, "caution", privacy.UNKNOWN),
        (RunPrivacy("dp_sgd", 8.0), attacked(), "caution", privacy.UNKNOWN),
    ],
)
def test_a_verdict_by_budget_and_attack(found: RunPrivacy, audit: object, tone: str, word: str) -> None:
    judged = privacy.of_run(found, audit)  # type: ignore[arg-type]
    assert (judged.tone, judged.word) == (tone, word)


def test_a_run_under_way_says_so_far() -> None:
    assert "of 8 so far at every hospital" in privacy.of_run(private(), None, finished=False).text
