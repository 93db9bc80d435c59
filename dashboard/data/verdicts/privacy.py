"""What Privacy begins with: what the run promises each patient, and whether an attack has refuted it."""

from common.artifacts.privacy import audit_words, words
from common.artifacts.privacy.audit import PrivacyAudit
from common.artifacts.privacy.guarantee import RunPrivacy
from dashboard.data.verdicts.verdict import Verdict

BOUNDED, WEAK, NO_BOUND, REFUTED, UNKNOWN = "Bounded", "Weak bound", "No bound", "Refuted", "Not recorded"


def of_run(privacy: RunPrivacy, audit: PrivacyAudit | None, *, finished: bool = True) -> Verdict:
    """Judge a run's promise to each patient by its size, and by what attacks found."""
    said = [words.claim(privacy, finished=finished)]
    beside = audit_words.beside(audit, privacy.spent if privacy.is_private else None)
    if not privacy.is_private:
        masked = [words.MASKED] if privacy.is_secure else []
        return _caution([*said, *masked, *([beside] if beside else [])], NO_BOUND if privacy.name else UNKNOWN)
    if audit_words.is_refuted(audit, privacy.spent):
        return Verdict("refuse", (*said, beside or ""), REFUTED)
    if privacy.spent is None:
        return _caution(said, UNKNOWN)
    said += [beside] if beside else []
    if privacy.spent > words.WEAK:
        return _caution([*said, words.RECONSTRUCTION], WEAK)
    return Verdict("fine", tuple(said), BOUNDED)


def _caution(sentences: list[str], word: str) -> Verdict:
    return Verdict("caution", tuple(sentences), word)
