"""The epsilon of a compared entry: what its runs spent of their patients' privacy."""

from common.artifacts.privacy import words
from common.artifacts.privacy.guarantee import RunPrivacy, privacy_of
from common.artifacts.schema import Run
from common.artifacts.values import mapping
from dashboard.charts import formats
from dashboard.data.compared.entries import Entry

TITLE = "Epsilon spent"
WITHOUT = "no limit"


def spent(entry: Entry, place: str | None) -> str:
    """Write the largest epsilon of an entry's runs, over all hospitals or at one; a dash where one is not recorded."""
    found = [_privacy(run) for run in entry.runs.values()]
    if not all(each.is_private for each in found):
        return WITHOUT if all(each.name for each in found) else formats.MISSING
    values = [_epsilon(each, place) for each in found]
    known = [each for each in values if each is not None]
    return words.promised(max(known)) if known and len(known) == len(values) else formats.MISSING


def is_private(entry: Entry) -> bool:
    """Whether any run of an entry was trained with differential privacy."""
    return any(_privacy(run).is_private for run in entry.runs.values())


def _privacy(run: Run) -> RunPrivacy:
    return privacy_of(run, mapping(run.meta.get("settings")))


def _epsilon(privacy: RunPrivacy, place: str | None) -> float | None:
    if place is None:
        return privacy.spent
    own = privacy.per_hospital.get(place)
    return own.epsilon if own else None
