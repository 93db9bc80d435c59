"""What a run's files say of its model: which network, how it was trained and chosen, with which software."""

from typing import Any

from common.artifacts.external.words import beginning
from common.artifacts.layout import CARD, CONFIG, HISTORY, LABEL_MAP, LEDGER, META, STATUS
from common.artifacts.values import count, mapping, number, text, texts
from common.artifacts.words import method
from common.config.architectures import network_title
from common.config.external import SYNTHETIC
from common.dossier.answers import privacy
from common.dossier.answers.said import answer, plain, says, whole
from common.dossier.evidence import Evidence
from common.dossier.items import Answer
from common.text import counted, listed

_AUGMENT = {
    "rotation_degrees": "turned by up to {:g} degrees",
    "shift_fraction": "shifted by up to {:.0%}",
    "scale_fraction": "scaled by up to {:.0%}",
    "brightness": "changed in brightness by up to {:.0%}",
    "contrast": "changed in contrast by up to {:.0%}",
    "gamma": "changed in gamma by up to {:.0%}",
}
_SOFTMAX = {
    "balanced": "each hospital's loss evens out the classes that it holds and leaves out those that it lacks",
    "restricted": "each hospital's loss leaves out the classes that it lacks",
    "plain": "nothing is done about uneven classes",
}


def network(evidence: Evidence) -> Answer | None:
    """Name the network, its input and its output."""
    if not evidence.meta:
        return None
    side = count(evidence.meta.get("image_size"))
    return answer(
        [_network(evidence), says("Input: one slice of {0} x {0} RGB pixels.", side), _classes(evidence)], META
    )


def specification(evidence: Evidence) -> Answer | None:
    """Say what somebody needs to use the very same model."""
    if not evidence.meta:
        return None
    held = evidence.run.no_shared_model or says(
        "Weights: global_model.pth, SHA-256 {}.", text(evidence.meta.get("sha256"))
    )
    heat = says("Scores are divided by {:.3g} before the softmax.", number(evidence.meta.get("temperature")))
    return answer([_network(evidence), held, _classes(evidence), heat], META, LABEL_MAP)


def kind(evidence: Evidence) -> Answer | None:
    """Say in a few words for a title what kind of study it is."""
    if not evidence.meta:
        return None
    where = "pooled data" if evidence.run.pooled else "federated learning"
    return answer([f"Deep learning ({network_title(evidence.meta)}), {where}, four classes of brain MRI slices."], META)


def intended_use(evidence: Evidence) -> Answer | None:
    """Point to the intended use in the model card."""
    if evidence.card is None:
        return None
    from common.artifacts.card import INTENDED_USE, fixed_section

    return answer(fixed_section(INTENDED_USE), CARD)


def initialisation(evidence: Evidence) -> Answer | None:
    """Say which weights training began with."""
    seed = says("Seed {}.", count(evidence.settings.get("seed")))
    init = text(evidence.settings.get("init"))
    synthetic = "Starts from weights that saw program-made images, no patient."
    start = synthetic if init == SYNTHETIC else says("Trained on from the model of {}.", init)
    return answer([beginning(evidence.meta) if evidence.meta else start, seed], CONFIG, META)


def training(evidence: Evidence) -> Answer | None:
    """Say how the hospitals trained and how their models became one."""
    train, strategy = evidence.part("train"), evidence.run.strategy
    rounds = counted(len(evidence.run.rounds), "round")
    passes, rate = plain(train, "local_epochs"), plain(train, "lr")
    batch, optimiser, schedule = (plain(train, key) for key in ("batch_size", "optimiser", "schedule"))
    noisy = privacy.training(evidence)  # its steps take the place of passes and batches
    return answer(
        [
            says("Strategy {}, {}.", strategy, rounds),
            noisy or says("Passes over the slices in each round: {}, in batches of {}.", passes, batch),
            says("{}, highest rate {} ({} schedule).", _proper(optimiser), rate, schedule),
            _regularisation(train),
            _augmentation(train),
        ],
        CONFIG,
        HISTORY,
        LEDGER,
    )


def augmentation(evidence: Evidence) -> Answer | None:
    """Say how slices enter the model and how training slices are varied."""
    side = count(evidence.part("data").get("image_size"))
    scaled = says("Pixels of a {0} x {0} slice, normalised with ImageNet's mean and deviation.", side)
    return answer([scaled, _augmentation(evidence.part("train"))], CONFIG)


def imbalance(evidence: Evidence) -> Answer | None:
    """Say what is done about classes that are rare, and that calibration was looked at afterwards."""
    chosen = _SOFTMAX.get(str(evidence.part("train").get("softmax")))
    return answer(
        [says("{}{} (train.softmax={}).", *_proper_parts(chosen), evidence.part("train").get("softmax"))], CONFIG
    )


def selection(evidence: Evidence) -> Answer | None:
    """Say how the final model was chosen."""
    if evidence.run.measured_with:
        return answer([says("{}.", method(evidence.meta))], META)
    best, rounds = whole(evidence.meta.get("best_epoch")), whole(evidence.meta.get("num_epochs"))
    said = says("The model of round {} of {}, the one with the highest accuracy on validation slices.", best, rounds)
    return answer([said], META, HISTORY)


def ensembling(evidence: Evidence) -> Answer | None:
    """Say that one network answers."""
    final = method(evidence.meta) if evidence.run.measured_with else None
    tested = final or text(evidence.meta.get("model_tested"))
    return answer([says("None: one network answers ({}).", tested)], META)


def software(evidence: Evidence) -> Answer | None:
    """Name the packages with their versions, the platform and the commit."""
    recorded = {name: value for name, value in mapping(evidence.meta.get("versions")).items() if text(value)}
    known = recorded or evidence.run.status.versions
    where, more = evidence.run.status.environment, evidence.run.status.packages
    rest = {name: value for name, value in more.items() if name not in known}
    names = [f"{name} {value}" for name, value in {**known, **rest}.items()]
    on = says("Device: {}.", text(evidence.meta.get("device")))
    at = says("Platform: {}.", where.get("platform"))
    return answer([says("{}.", ", ".join(names)), on, at, says("Commit {}.", where.get("commit"))], STATUS, META)


def predicting(evidence: Evidence) -> Answer | None:
    """Say how a slice gets its class and its probabilities."""
    if not evidence.meta:
        return None
    heat = number(evidence.meta.get("temperature"))
    scaled = f"The probabilities are the softmax of the scores divided by {heat:.3g}." if heat else None
    plainly = "The probabilities are the softmax of the scores; no temperature is applied."
    return answer([scaled or plainly, "The class named is the one with the highest probability."], META)


def output(evidence: Evidence) -> Answer | None:
    """Say what comes out of the model."""
    return answer(
        [_classes(evidence), "The class with the highest probability is named." if evidence.meta else None], META
    )


def protocol(evidence: Evidence) -> Answer | None:
    """Point to the settings and to the ledger, in which the plan stood before the first round."""
    settings = "config.yaml holds every setting." if evidence.settings else None
    ledger = "The ledger's first line holds the plan, signed before training." if evidence.path_of(LEDGER) else None
    return answer([settings, ledger], CONFIG, LEDGER)


def availability(evidence: Evidence) -> Answer | None:
    """Say which version of the program it was, and which weights."""
    versions = mapping(evidence.meta.get("versions")) or evidence.run.status.versions
    return answer(
        [
            says("Program: brain-tumour-federation {} (Apache-2.0).", text(versions.get("project"))),
            says("Commit {}.", evidence.run.status.environment.get("commit")),
            says("Weights: SHA-256 {}.", text(evidence.meta.get("sha256"))),
        ],
        STATUS,
        META,
    )


def _network(evidence: Evidence) -> str:
    return f"{network_title(evidence.meta)}, one output for each of four classes."


def _classes(evidence: Evidence) -> str | None:
    names = texts(evidence.meta.get("classes"))
    return f"Output: a probability for each of {listed(names)}." if names else None


def _regularisation(train: Any) -> str | None:
    decay, smoothing = plain(train, "weight_decay"), plain(train, "label_smoothing")
    return says("Weight decay {}, label smoothing {}, cross-entropy loss.", decay, smoothing)


def _augmentation(train: Any) -> str | None:
    chosen = mapping(mapping(train).get("augment"))
    if not chosen:
        return None
    known = [(said, number(chosen.get(name))) for name, said in _AUGMENT.items()]
    parts = ["mirrored"] if chosen.get("flip") is True else []
    parts += [said.format(value) for said, value in known if value]
    return f"Training slices are {listed(parts)}, at random." if parts else "Training slices are not varied."


def _proper(word: str | None) -> str | None:
    return {"adam": "Adam", "sgd": "SGD"}.get(word or "", word)


def _proper_parts(said: str | None) -> tuple[str | None, str | None]:
    return (said[0].upper(), said[1:]) if said else (None, None)
