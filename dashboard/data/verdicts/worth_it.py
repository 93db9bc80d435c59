"""What Worth it begins with: which hospital gains from sharing, and which gain could be chance."""

from dataclasses import replace

from common.study.headline import headline
from common.study.records import Study
from dashboard.data.gains import figures as gain
from dashboard.data.gains import words as gain_words
from dashboard.data.verdicts.verdict import Verdict

NOTHING_TO_COMPARE = (
    "This study cannot show whether sharing is worth it: it has no model of each hospital's own beside a shared one."
)

ONE_SEED = "One seed cannot show that another would say the same."


def of_study(study: Study) -> Verdict:
    """Say who gains from the shared model over its own, and what that rests on where it is more than one split."""
    said = _gains(study)
    honest = headline(study) if study.external or study.folds else None
    return replace(said, sentences=(*said.sentences, honest)) if honest else said


def _gains(study: Study) -> Verdict:
    found = gain.of_study(study)
    if found is None:
        return Verdict("caution", (NOTHING_TO_COMPARE,), "Not shown")
    said = (gain_words.verdict(found),)
    if not found.paired:
        return Verdict("caution", (*said, ONE_SEED), "Not shown")
    if found.of(gain.LOSES) or (found.synthetic and found.of(gain.GAINS)):
        return Verdict("caution", said)
    return Verdict("fine", said, "Worth it") if found.of(gain.GAINS) else Verdict("caution", said, "Not shown")
