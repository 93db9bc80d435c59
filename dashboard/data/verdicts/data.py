"""What Data begins with: how much is held and used, and what must be done about it."""

from collections.abc import Iterable

from common.artifacts.schema import Finding, HospitalData, Run
from common.text import counted
from dashboard.data import caveats, facts
from dashboard.data.verdicts.verdict import Verdict


def of_run(run: Run) -> Verdict:
    """Say what a run's hospitals hold, what was used, and what the audits found."""
    if not audited(run):
        return Verdict("caution", (f"{_held(run)}.", "No audit was recorded, so faults in them are not known."))
    kinds = {severity: _kinds(run, severity) for severity in ("error", "warning", "info")}
    errors, notes = kinds["error"], kinds["warning"] + kinds["info"]
    decide = f"{counted(errors, 'problem')} must be fixed, whose slices were left out"
    found = [decide if errors else "nothing must be fixed before training"]
    found += [f"{counted(notes, 'thing')} to know"] if notes else []
    leaks = _leak(run)
    said = (f"{_held(run)}; {'; '.join(found)}.", *([leaks] if leaks else []))
    return Verdict("caution" if errors or leaks or kinds["warning"] else "fine", said)


def audited(run: Run) -> bool:
    """Whether any hospital recorded an audit, a clean one included; version 1 recorded none."""
    return any(map(was_audited, run.hospitals.values()))


def was_audited(hospital: HospitalData) -> bool:
    """Whether a hospital recorded an audit."""
    return bool(hospital.audit) or hospital.files_found is not None


def _held(run: Run) -> str:
    total, used = facts.total_slices(run), facts.used_slices(run)
    held = f"{total:,} slices" if total is not None else "Slices"
    of = f"{held} of {counted(len(run.hospitals), 'hospital')} are held"
    if used is None or total is None:
        return of
    return f"{of}, all of them used" if used == total else f"{of}, {used:,} were used"


def _kinds(run: Run, severity: str) -> int:
    return len({finding.code for finding in _findings(run) if finding.severity == severity})


def _findings(run: Run) -> Iterable[Finding]:
    return (finding for own in run.hospitals.values() for finding in own.audit)


def _leak(run: Run) -> str | None:
    """Say that related slices are on more than one side of the split, where they are."""
    across = sum(own.groups_across_splits or 0 for own in run.hospitals.values())
    shared = caveats.shared_remark(run)
    if across:
        return "Related slices are on more than one side of the split, so the figures may flatter the model."
    return shared.sentence if shared is not None and shared.sound is False else None
