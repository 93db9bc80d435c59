"""What Worth it begins with: which hospital gains from sharing, and which gain could be chance."""

from collections.abc import Sequence

from common.study.answers import Difference, difference
from common.study.records import LOCAL, Study
from common.study.statistics import ACCURACY, BETTER, SMALL, UNDECIDED, WORSE
from common.text import listed
from dashboard.data.verdicts.verdict import Verdict


def of_study(study: Study) -> Verdict:
    """Say who gains from the shared model over its own."""
    if study.federated is None or LOCAL not in study.strategies:
        said = "This study cannot show whether sharing is worth it: no hospital trained a model of its own to compare."
        return Verdict("caution", (said,), "Not shown")
    found = [difference(study, study.federated, LOCAL, ACCURACY, name) for name in study.hospitals]
    kinds = {kind: [each for each in found if each.verdict.kind == kind] for kind in (BETTER, WORSE, SMALL, UNDECIDED)}
    if not any(kinds.values()):
        return Verdict("caution", (_too_few(found),), "Not shown")
    parts = [_gains(kinds[BETTER], len(found)), _loses(kinds[WORSE]), _chance([*kinds[SMALL], *kinds[UNDECIDED]])]
    said = "; ".join(part for part in parts if part)
    if kinds[WORSE]:
        return Verdict("caution", (f"{said}.",))
    if not kinds[BETTER]:
        return Verdict("caution", (f"{said}.",), "Not shown")
    return Verdict("fine", (f"{said}.",), "Worth it")


def _too_few(found: Sequence[Difference]) -> str:
    known = [each.estimate.mean for each in found if each.estimate is not None]
    if not known:
        return "Nothing can be said yet: no seed has both runs of a comparison complete."
    return (
        f"One seed cannot show whether a hospital gains from sharing; with this one it is {_points(min(known))} to "
        f"{_points(max(known))} points."
    )


def _gains(found: Sequence[Difference], of: int) -> str:
    if not found:
        return ""
    means = sorted(each.estimate.mean for each in found if each.estimate is not None)
    low, high = f"{100 * means[0]:.0f}", f"{100 * means[-1]:.0f}"
    size = f"between {low} and {high} points" if low != high else f"by {low} points"
    if len(found) == of:
        return f"Every hospital gains from sharing, {size}"
    verb = "gains" if len(found) == 1 else "gain"
    return f"{_names(found)} {verb} from sharing, {size}"


def _loses(found: Sequence[Difference]) -> str:
    each = [f"{one.hospital} loses {abs(100 * one.estimate.mean):.0f} points" for one in found if one.estimate]
    return listed(each)


def _chance(found: Sequence[Difference]) -> str:
    """Name the differences that the seeds cannot tell from none."""
    each = [f"{one.hospital}'s difference ({_points(one.estimate.mean)})" for one in found if one.estimate]
    return f"{listed(each)} could be chance" if each else ""


def _names(found: Sequence[Difference]) -> str:
    return listed([each.hospital for each in found if each.hospital])


def _points(value: float) -> str:
    text = f"{100 * value:+.0f}"
    return "0" if text in ("+0", "-0") else text
