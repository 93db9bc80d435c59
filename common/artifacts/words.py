"""Sentences that are said in several places, on the terminal, in the log, in files and on pages: each of them once.

Each takes what a run's files hold, as it stands, and says nothing of what is not recorded.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from common.artifacts.schema import Caution, PatientNumbers
from common.artifacts.values import count, interval, mapping, matrix, number, sequence, text
from common.config.strategies import POOLED_STRATEGY
from common.data.identity.patients import LEAST_SURE_FIRST, TOLD_BY
from common.labels import NUM_CLASSES
from common.metrics.calibration import is_at_edge
from common.metrics.confusion import FEW_CASES
from common.metrics.intervals import Interval, wider, wilson
from common.model.local_layers import EVERYTHING, NORMALISATION

NOTHING = "–"
FEW = f"fewer than {FEW_CASES}"
POOLED = (
    "POOLED, not a federation: every hospital's slices left their folders for one loader. "
    "This is a yardstick to measure a federation against, and possible in simulation only."
)
SURE = "95 % intervals: the wider ends of Wilson's and of a bootstrap over {groups:,} groups of related slices."
_MOST_SLICES = 10**12  # a damaged file may claim more than an integer holds
SURE_OF_SLICES = "95 % intervals are Wilson's, as if no two slices were related."

_OWN_MODELS = {
    NORMALISATION: "There is no global model: each hospital kept its own normalisation layers, and the rest is no "
    "model without them. Each hospital's whole model lies in its own cache folder.",
    EVERYTHING: "There is no global model: each hospital trained alone. Its model lies in its own cache folder.",
}
_GROUPED = {
    True: "Copies, look-alikes and neighbouring slices were kept on one side",
    False: "Slices were split one by one, so that slices of one patient can stand in training and in the test",
}


def notice(
    strategy: str, cut: str | None = None, figures_of: str | None = None, same_slices: bool = True
) -> str | None:
    """Return what must be known before a figure of a run is believed, or None.

    Parameters
    ----------
    cut : str, optional
        That its hospitals are simulated, as `common.config.partition.cut_sentence` says it.
    figures_of : str, optional
        The run that tested the recipe of a final model.
    same_slices : bool
        Whether the hospitals hold what they held then.
    """
    pooled = POOLED if strategy == POOLED_STRATEGY else None
    said = (pooled, cut, final_model(figures_of, same_slices) if figures_of else None)
    return " ".join(each for each in said if each) or None


def final_model(figures_of: str, same_slices: bool = True) -> str:
    """Say whose figures a model is given that trained on every slice."""
    since = (
        "on slices that this model has since been trained on" if same_slices else "before the hospitals' slices changed"
    )
    return (
        "Final model: it trained on every usable slice, so none is left to test it on. Its figures are those of its "
        f"recipe, measured with {figures_of} {since}."
    )


def measured_with(meta: Mapping[str, Any]) -> str | None:
    """Return the run whose test the figures of ``model_meta.json`` are, if it is not the model's own."""
    return text(mapping(meta.get("metrics_of")).get("run"))


def model_tested(strategy: str, keeps: str, best_round: int) -> str:
    """Return which model was tested, for example "fedavg, model of round 7".

    Parameters
    ----------
    keeps : str
        What stays at the hospitals.
    """
    if keeps == EVERYTHING:
        return f"{strategy}, each hospital's own model of its own best round"
    own = ", each hospital with its own normalisation" if keeps == NORMALISATION else ""
    return f"{strategy}, model of round {best_round}{own}"


def method(meta: Mapping[str, Any]) -> str:
    """Say, by ``model_meta.json``, which round's model it is, and why that one."""
    if measured_with(meta):
        return f"{meta['strategy']}, model of round {meta['best_epoch']}, the last; every usable slice trained"
    return f"{meta['model_tested']}; best of {meta['num_epochs']} rounds by validation accuracy"


def tested_with(meta: Mapping[str, Any]) -> str:
    """Say, by ``model_meta.json``, whose figures they are."""
    run = measured_with(meta)
    return f"the model of {run}, whose recipe this one has" if run else "the model of the best round"


def no_shared_model(keeps: str) -> str | None:
    """Say why a run has no ``global_model.pth``, or return None where it has one.

    Parameters
    ----------
    keeps : str
        What stays at the hospitals, one of `common.model.local_layers.KEEPS`.
    """
    return _OWN_MODELS.get(keeps)


def slices_text(held: int | None, used: int | None, noun: str = "") -> str:
    """Write how many slices are held and how many of them a run used: ``"3,129 slices held, 280 used"``, ``"280"``."""
    number = f"{NOTHING if held is None else f'{held:,}'} {noun}".rstrip()
    return number if held is None or used in (None, held) else f"{number} held, {used:,} used"


def interval_text(ends: Sequence[float], digits: int = 1) -> str:
    """Write an interval of fractions in percent: ``"84.9–91.4"``."""
    return f"{100 * ends[0]:.{digits}f}–{100 * ends[1]:.{digits}f}"


def share_text(value: float, ends: Sequence[float] | None, digits: int = 1, sign: str = "") -> str:
    """Write a fraction in percent with its interval, `sign` after the fraction: ``"88.6 (84.9–91.4)"``."""
    sure = f" ({interval_text(ends, digits)})" if ends else ""
    return f"{100 * value:.{digits}f}{sign}{sure}"


def marked(cases: int, few: bool) -> str:
    """Write a number of cases, with a mark where so few leave the figures nearly empty: ``"12*"``."""
    return f"{cases:,}{'*' if few else ''}"


def recorded_interval(
    intervals: Any, figure: str, of: str | None = None, counted: Callable[[], Interval | None] = lambda: None
) -> Interval | None:
    """Return the one 95 % interval of a figure that log, terminal, pages and files show, as fractions.

    These are the wider ends of Wilson's and of the bootstrap's, so that a bootstrap over few groups never gives an
    interval that is narrower than Wilson's.

    Parameters
    ----------
    intervals : object
        ``intervals`` of all hospitals or of one, as read; anything else gives None.
    figure : str
        For example ``"test_accuracy"`` or ``"per_class_recall"``.
    of : str, optional
        The class.
    counted : callable, optional
        Returns Wilson's interval from the counts, for a run that recorded none.
    """
    plain, drawn = (
        _ends(mapping(source.get(figure)).get(of) if of is not None else source.get(figure))
        for source in (mapping(intervals), mapping(mapping(intervals).get("bootstrap")))
    )
    return wider(plain or counted(), drawn)


def accuracy_interval(figures: Mapping[str, Any], cases: int | None = None) -> Interval | None:
    """Return the one 95 % interval of a test accuracy; Wilson's from the counts where none is recorded.

    Parameters
    ----------
    figures : mapping
        ``metrics`` of ``model_meta.json``, or what it keeps of one hospital.
    cases : int, optional
        Test slices, for figures without their own number.
    """
    return recorded_interval(
        figures.get("intervals"), "test_accuracy", counted=lambda: _ends(figures.get("interval")) or _of(figures, cases)
    )


def _of(figures: Mapping[str, Any], cases: int | None) -> Interval | None:
    """Return Wilson's interval of an accuracy, from its counts or from how many slices it rests on."""
    cells = matrix(figures.get("confusion_matrix"), NUM_CLASSES)
    if cells is not None and 0 < (total := sum(map(sum, cells))) < _MOST_SLICES:
        return wilson(sum(row[i] for i, row in enumerate(cells)), total)
    value, slices = number(figures.get("test_accuracy")), count(figures.get("n_test")) or cases
    if value is None or not 0.0 <= value <= 1.0 or not slices or slices > _MOST_SLICES:
        return None
    return wilson(round(value * slices), slices)


def _ends(value: Any) -> Interval | None:
    ends = interval(value)
    return ends if ends and 0.0 <= ends[0] <= ends[1] <= 1.0 else None


def how_sure(intervals: Any) -> str:
    """Say what the intervals are made of."""
    groups = count(mapping(mapping(intervals).get("bootstrap")).get("groups"))
    return SURE.format(groups=groups) if groups else SURE_OF_SLICES


def worst_hospital(metrics: Mapping[str, Any]) -> str | None:
    """Say how evenly a model serves the hospitals, by ``metrics`` of ``model_meta.json``."""
    found = mapping(metrics.get("fairness"))
    worst, best = text(found.get("worst_hospital")), text(found.get("best_hospital"))
    keys = ("worst_accuracy", "best_accuracy", "gap", "standard_deviation")
    lowest, highest, gap, deviation = (number(found.get(key)) for key in keys)
    if worst is None or lowest is None or gap is None or deviation is None:
        return None
    own = mapping(mapping(metrics.get("per_hospital")).get(worst))
    ends = accuracy_interval(own) or interval(found.get("worst_interval"))
    cases = count(found.get("worst_samples"))
    slices = f" of {cases:,} slices" if cases is not None else ""
    other = f"; best: {best}, {100 * highest:.1f} %" if best is not None and highest is not None else ""
    return (
        f"Worst hospital: {worst}, {share_text(lowest, ends)} %{slices}{other}. Gap {100 * gap:.1f} points, standard "
        f"deviation over hospitals {100 * deviation:.1f} points."
    )


def calibration(meta: Mapping[str, Any]) -> str | None:
    """Say how far stated confidence is from the share correct on test slices, and what the temperature does to that."""
    found = mapping(mapping(meta.get("metrics")).get("calibration"))
    error, after, heat = number(found.get("ece")), number(found.get("calibrated_ece")), number(meta.get("temperature"))
    if error is None:
        return None
    if heat is None:
        far = f"Stated confidence differs from the share correct by {100 * error:.1f} points on test slices."
        return f"{far} {_not_applied(meta)}"
    edge = " That is the end of its range: do not rely on it." * is_at_edge(heat)
    return f"Dividing the scores by {heat:.2f} {_effect(error, after)}{edge}"


def _effect(error: float, after: float | None) -> str:
    before = f"{100 * error:.1f}"
    if after is None:
        return f"was chosen on validation slices; without it, confidence is off by {before} points on test slices."
    if f"{100 * after:.1f}" == before:
        return f"leaves stated confidence as far from the share correct: {before} points on test slices."
    to = "brings stated confidence closer to" if after < error else "takes stated confidence further from"
    return f"{to} the share correct: {100 * after:.1f} instead of {before} points on test slices."


def _not_applied(meta: Mapping[str, Any]) -> str:
    """Say why there is no temperature, as far as that is recorded."""
    choice = mapping(meta.get("temperature_choice"))
    fitted, before, after = (number(choice.get(key)) for key in ("fitted", "error", "calibrated_error"))
    if fitted is not None and fitted != 1.0:
        slices, why = count(choice.get("slices")), "did not help"
        if before is not None and after is not None and after < before:
            why = "helped no more than chance may"
        on = f"on {slices:,} validation slices" if slices else "on validation slices"
        return f"Dividing the scores by {fitted:.2f} {why} {on} and is not applied."
    return (
        "No temperature is applied." if "temperature" in meta else "Whether a temperature is applied is not recorded."
    )


def cautions_of(meta: Mapping[str, Any]) -> list[Caution]:
    """Return ``warnings`` of ``model_meta.json``; what is none is left out."""
    items = [mapping(item) for item in sequence(meta.get("warnings"))]
    pairs = [(item.get("code"), item.get("sentence")) for item in items]
    return [Caution(code, sentence) for code, sentence in pairs if isinstance(code, str) and isinstance(sentence, str)]


def split_sentences(meta: Mapping[str, Any]) -> list[str]:
    """Say, by ``model_meta.json``, how the slices were split and whether other hospitals train on test slices."""
    split = mapping(meta.get("split"))
    copies = _copies(split) if "test_slices_trained_elsewhere" in split else None
    found = [_shares(meta), _groups(split), patients_sentence(recorded_patients(split.get("patients"))), copies]
    return [sentence for sentence in found if sentence is not None]


def recorded_patients(found: Any) -> PatientNumbers | None:
    """Return recorded counts of patients; None where they are none, or not recorded."""
    train, val, test = (count(mapping(found).get(part)) for part in ("train", "val", "test"))
    source = next((each for each in LEAST_SURE_FIRST if each == mapping(found).get("source")), None)
    if train is None or val is None or test is None or source is None:
        return None
    return PatientNumbers(train, val, test, source)


def patients_text(found: PatientNumbers | None) -> str:
    """Write how many patients train, validate and test: ``"56 / 14 / 14"``, and whether they are guessed."""
    if found is None or found.train is None or found.val is None or found.test is None:
        return NOTHING
    return f"{found.train:,} / {found.val:,} / {found.test:,}{' guessed' * (found.source == 'guessed')}"


def patients_sentence(found: PatientNumbers | None) -> str | None:
    """Say how many patients stand behind the slices, and what says so; None where it is not recorded."""
    counts = patients_text(found).removesuffix(" guessed")
    if found is None or counts == NOTHING:
        return None
    if found.source == "guessed":
        return (
            f"Patients (training / validation / test): {counts}, {TOLD_BY['guessed']} where no hospital says more; one "
            "patient may stand on two sides."
        )
    return f"Patients (training / validation / test): {counts}, {TOLD_BY[found.source]}."


def _shares(meta: Mapping[str, Any]) -> str | None:
    run, said = measured_with(meta), _divided(meta)
    if run is None or said is None:
        return said
    return f"Every usable slice trained, and none tests this model; the split is that of {run}. {said}"


def _divided(meta: Mapping[str, Any]) -> str | None:
    data = mapping(mapping(meta.get("settings")).get("data"))
    val, test, seed = number(data.get("val_fraction")), number(data.get("test_fraction")), count(meta.get("seed"))
    if val is None or test is None or seed is None:
        return None
    if folds := count(data.get("folds")):
        gap = count(mapping(meta.get("split")).get("gap"))
        left_out = (
            f" {gap:,} slices near those of the test are in no part, for they may be of its patients." if gap else ""
        )
        return (
            f"Each hospital's slices{_cap(meta, data)} are dealt into {folds} folds, by class, seed {seed}; fold "
            f"{count(data.get('fold'))} is the test. Of the others {100 * val:g} % validate (they choose the round and "
            f"the temperature).{left_out}"
        )
    return (
        f"Of the slices that each hospital used{_cap(meta, data)} {100 * val:g} % validate (they choose the round and "
        f"the temperature) and {100 * test:g} % test, by class, seed {seed}."
    )


def _cap(meta: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """Say how many slices were used of those held, where a run took some of them only."""
    most, held = count(data.get("max_per_class")), count(meta.get("total_samples"))
    parts = [count(meta.get(f"{part}_samples")) for part in ("train", "val", "test")]
    if most is None:
        return ""
    known = [each for each in parts if each is not None]
    used = f"; {sum(known):,} of {held:,} held" if held is not None and len(known) == len(parts) else ""
    return f" (at most {most:,} of a class{used})"


def _groups(split: Mapping[str, Any]) -> str | None:
    across = count(split.get("groups_across_splits"))
    how = _GROUPED.get(split["grouped"]) if isinstance(split.get("grouped"), bool) else None
    return f"{how}; {across:,} groups stand on more than one side." if how and across is not None else None


def _copies(split: Mapping[str, Any]) -> str:
    trained = count(split["test_slices_trained_elsewhere"])
    if trained is None:
        return "Whether a test slice of one hospital is trained on at another was not looked for."
    patients = count(split.get("test_patients_trained_elsewhere"))
    known = f" Test patients whose id is in another's training, by keyed hashes: {patients:,}." if patients else ""
    return f"Test slices of one hospital that another trains on, by keyed fingerprints: {trained:,}.{known}"
