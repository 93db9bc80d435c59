"""What a run's files say of its patients' protection."""

from common.artifacts.layout import PRIVACY_AUDIT
from common.artifacts.privacy import audit_words, words
from common.artifacts.privacy.audit import read_audit
from common.artifacts.privacy.guarantee import RunPrivacy, privacy_of
from common.dossier.evidence import Evidence


def promise(evidence: Evidence) -> list[str]:
    """Say what the run promises each patient, and where that ends; nothing where it is not recorded."""
    found = _privacy(evidence)
    return words.sentences(found) if found.name else []


def training(evidence: Evidence) -> str | None:
    """Say how gradients were clipped and noised; None for a run without differential privacy."""
    found = _privacy(evidence)
    if not found.is_private or found.clip is None or found.steps is None or found.patients_per_step is None:
        return None
    return (
        f"DP-SGD: {found.steps:,} steps a round, each of about {found.patients_per_step:,} patients drawn at random, "
        f"whose gradients are clipped to {found.clip:g} before Gaussian noise is added."
    )


def attacks(evidence: Evidence) -> str | None:
    """Say what attacks on the run proved; None where none is recorded."""
    found = _privacy(evidence)
    audit = read_audit(evidence.run.folder)[0] if evidence.path_of(PRIVACY_AUDIT) else None
    return audit_words.beside(audit, found.spent if found.is_private else None)


def _privacy(evidence: Evidence) -> RunPrivacy:
    return privacy_of(evidence.run, evidence.settings)
