"""A study as others' tools take it: means over seeds, and which cells it has."""

from common.labels import SYNTHETIC
from common.study import statistics
from common.study.figures import over_seeds
from common.study.records import Study
from server.export.figures import ALL
from server.export.names import safe_names


def study_figures(study: Study) -> dict[str, float]:
    """Return each strategy's mean over seeds with its 95 % interval, over all hospitals and at each."""
    hospitals = {ALL: study.hospitals} | {name: (name,) for name in study.hospitals}
    safe = {ALL: ""} | {name: f"hospitals/{plain}/" for name, plain in safe_names(study.hospitals).items()}
    found: dict[str, float] = {}
    for strategy in study.strategies:
        for measure in statistics.MEASURES:
            for name, places in hospitals.items():
                estimate = over_seeds(study, strategy, measure, places)
                path = f"{safe[name]}{strategy}/{measure.key}"
                if estimate:
                    low, high = estimate.interval or (None, None)
                    parts = {path: estimate.mean, f"{path}_low": low, f"{path}_high": high}
                    found |= {key: value for key, value in parts.items() if value is not None}
    return found


def study_tags(study: Study) -> dict[str, str]:
    """Return what a study is, and what must be known before any figure is believed."""
    known = {
        "study": study.study_id,
        "name": study.name,
        "state": study.state,
        "synthetic": str(study.synthetic).lower(),
        "strategies": ", ".join(study.strategies),
        "seeds": ", ".join(map(str, study.seeds)),
        "started_at": study.started_at,
        "unlike": " ".join(study.unlike),
        "notice": SYNTHETIC if study.synthetic else None,
    }
    return {name: value for name, value in known.items() if value}
