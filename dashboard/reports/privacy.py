"""A run's protection in its report: what it promises each patient, what that means, and what attacks found."""

from collections.abc import Callable

from reportlab.platypus import Flowable

from common.artifacts.privacy import audit_words, words
from common.artifacts.privacy.audit import PrivacyAudit
from common.artifacts.privacy.guarantee import privacy_of
from common.artifacts.schema import Run
from common.artifacts.values import mapping
from dashboard.reports.style import paragraph, section, table


def privacy_section(run: Run, audit: PrivacyAudit | None, renamed: Callable[[str], str]) -> Flowable:
    """Return the section; `renamed` writes hospitals' names as the document can draw them."""
    found = privacy_of(run, mapping(run.meta.get("settings")))
    beside = audit_words.beside(audit, found.spent if found.is_private else None)
    said = [*words.sentences(found), *([beside] if beside else [])]
    rows = audit_words.rows(audit) if audit else []
    attacks = table(audit_words.HEAD, rows, (0.24, 0.34, 0.16, 0.26)) if rows else paragraph(audit_words.NONE)
    return section("What protects the patients?", *(paragraph(renamed(each)) for each in said), attacks)
