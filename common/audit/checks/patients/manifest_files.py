"""DATA035: rows of the manifest that are about no file here, or that stand there twice."""

from common.audit.report import Finding
from common.data.evidence import Evidence
from common.text import counted


def check(evidence: Evidence) -> Finding | None:
    """Say which rows had no effect."""
    manifest = evidence.scan.manifest
    if manifest is None or not (rows := (*manifest.missing, *manifest.repeated)):
        return None
    sentence = (
        f"manifest.csv names {counted(len(manifest.missing), 'file')} that {_is(manifest.missing)} not here, and has a "
        f"second, equal row for {len(manifest.repeated):,}; these rows had no effect, so correct their paths or remove "
        "them."
    )
    return Finding("DATA035", "warning", "Rows of the manifest without effect", sentence, len(rows), rows)


def _is(names: tuple[str, ...]) -> str:
    return "is" if len(names) == 1 else "are"
