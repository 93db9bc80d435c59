"""How training went, round by round: accuracy and loss over all hospitals, and validation at each."""

from common.artifacts.schema import Round
from common.dossier.evidence import Evidence
from common.dossier.figures.charts import Line, line_chart
from common.dossier.figures.drawn import titled
from common.dossier.figures.figure import Figure

_COLUMNS = (
    "round",
    "train_loss",
    "train_accuracy",
    "val_loss",
    "val_accuracy",
    "val_low",
    "val_high",
    "val_samples",
    "val_macro_f1",
)


def accuracy(evidence: Evidence) -> Figure | None:
    """Draw training and validation accuracy with the 95 % interval of the latter."""
    rounds = evidence.run.rounds
    if not any(each.val_accuracy is not None for each in rounds):
        return None
    xs = [each.number for each in rounds]
    lines = [
        Line("Validation", xs, [each.val_accuracy for each in rounds], [each.val_interval for each in rounds]),
        Line("Training", xs, [each.train_accuracy for each in rounds]),
    ]
    title, caption = "Accuracy by round", "Over all hospitals, each slice counting once; band: Wilson's 95 % interval."
    svg = line_chart(titled(evidence, title, caption), lines, "Round", "Accuracy (fraction)")
    return Figure("rounds", title, caption, _COLUMNS, [_row(each) for each in rounds], svg)


def loss(evidence: Evidence) -> Figure | None:
    """Draw training and validation loss."""
    rounds = [each for each in evidence.run.rounds if each.train_loss is not None and each.val_loss is not None]
    if not rounds:
        return None
    xs = [each.number for each in rounds]
    lines = [
        Line("Validation", xs, [each.val_loss for each in rounds]),
        Line("Training", xs, [each.train_loss for each in rounds]),
    ]
    title, caption = (
        "Loss by round",
        "Cross-entropy, mean over slices of all hospitals; that of training is while it trains.",
    )
    svg = line_chart(titled(evidence, title, caption), lines, "Round", "Loss (nats)")
    rows = [[each.number, each.train_loss, each.val_loss] for each in rounds]
    return Figure("loss", title, caption, ("round", "train_loss", "val_loss"), rows, svg)


def by_hospital(evidence: Evidence) -> Figure | None:
    """Draw each hospital's validation accuracy."""
    rounds, names = evidence.run.rounds, list(evidence.run.hospital_names)
    parts = {name: [each.hospitals.get(name) for each in rounds] for name in names}
    lines = [
        Line(name, [each.number for each in rounds], [part.val_accuracy if part else None for part in own])
        for name, own in parts.items()
        if any(part and part.val_accuracy is not None for part in own)
    ]
    if not lines:
        return None
    title, caption = "Validation accuracy of each hospital", "The new model of each round on each hospital's slices."
    svg = line_chart(titled(evidence, title, caption), lines, "Round", "Accuracy (fraction)")
    rows = [
        [each.number, name, part.val_accuracy, part.val_samples]
        for each in rounds
        for name, part in each.hospitals.items()
        if part.val_accuracy is not None
    ]
    return Figure("rounds_hospitals", title, caption, ("round", "hospital", "val_accuracy", "val_samples"), rows, svg)


def _row(each: Round) -> list[float | int | None]:
    low, high = each.val_interval or (None, None)
    return [
        each.number,
        each.train_loss,
        each.train_accuracy,
        each.val_loss,
        each.val_accuracy,
        low,
        high,
        each.val_samples,
        each.val_macro_f1,
    ]
