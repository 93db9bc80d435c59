"""Every figure that a run's files allow, in the order in which a reader asks for them."""

from common.dossier.evidence import Evidence
from common.dossier.figures import curves, holdings, rounds, tested
from common.dossier.figures.figure import Figure

_ALL = (
    holdings.flow,
    holdings.holdings,
    rounds.accuracy,
    rounds.loss,
    rounds.by_hospital,
    tested.confusion,
    tested.classes,
    tested.hospitals,
    tested.hospital_classes,
    tested.calibration,
    curves.patients,
    curves.roc,
    curves.areas,
    curves.decision_curves,
    curves.subgroups,
    curves.evaluations,
)


def all_figures(evidence: Evidence) -> list[Figure]:
    """Return the figures; one that needs what was not recorded is left out."""
    return [figure for make in _ALL if (figure := make(evidence)) is not None]
