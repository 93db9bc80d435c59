"""``training.log``: what happened, the hospitals' part included, with Flower's and Ray's own lines in between."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from common.artifacts.meta import split_remarks
from common.artifacts.meta_metrics import test_interval
from common.artifacts.privacy.spent import STOPPED
from common.artifacts.schema import Failure, HospitalRound, Round
from common.artifacts.update_words import unusual_updates
from common.artifacts.words import cautions_of, share_text
from common.logs import LogFile
from common.metrics.confusion import figures
from common.metrics.evaluation import EvaluateResult
from common.overlap.matches import CrossDuplicates
from common.protocol.description import Description
from server.recording.events import Listener

log = logging.getLogger("server")


class _Formatter(logging.Formatter):
    """``2026-11-23T06:15:00+00:00 INFO AIIMS Delhi | message``."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="seconds")
        who = getattr(record, "hospital", record.name)
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return f"{at} {record.levelname} {who} | {text}"


def open_log(path: Path) -> None:
    """Send everything that is logged in this process to one file, and nothing to the terminal."""
    handler = LogFile(path, encoding="utf-8")
    handler.setFormatter(_Formatter())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for name in ("flwr", "ray"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for each request of Flower's grid, several a second
    logging.captureWarnings(True)


class TrainingLog(Listener):
    """Writes a run's events as lines."""

    def described(self, descriptions: Sequence[Description]) -> None:
        for d in descriptions:
            self._say(d.name, "holds %s usable slices: %s", f"{d.numbers['total_samples']:,}", _counts(d))
            for finding in d.numbers["audit"]:
                level = logging.INFO if finding["severity"] == "info" else logging.WARNING
                log.log(level, "%s %s", finding["code"], finding["sentence"], extra={"hospital": d.name})
        for sentence in split_remarks(descriptions):
            log.info("%s", sentence)

    def compared(self, found: CrossDuplicates) -> None:
        log.log(logging.WARNING if found.has_copies else logging.INFO, "%s", found.sentence)
        for name, own in found.shared.items():
            for other, part in own.with_each.items():
                if part.pairs:
                    text = "%d slices are at %s too; %d of its test slices are trained on there"
                    self._say(name, text, part.slices, other, part.test_slices_trained_there)

    def doubted(self, sentence: str) -> None:
        log.warning("%s", sentence)

    def phase(self, name: str, server_round: int) -> None:
        log.info("%s, round %d", name, server_round)

    def trained(self, name: str, part: HospitalRound) -> None:
        self._say(
            name,
            "trained %s slices in %d steps, %.1f s%s",
            f"{part.train_samples:,}",
            part.train_steps,
            part.train_seconds,
            _fit(part),
        )

    def failed(self, failure: Failure) -> None:
        log.warning("left out of %s: %s", failure.phase, failure.reason, extra={"hospital": failure.hospital})

    def stopped(self, name: str) -> None:
        log.warning("%s", STOPPED, extra={"hospital": name})

    def spent(self, sentence: str) -> None:
        log.info("%s", sentence)

    def ended_early(self, sentence: str) -> None:
        log.warning("%s", sentence)

    def waiting_for(self, names: Sequence[str], seconds: float) -> None:
        log.warning("waiting up to %.0f s for %s", seconds, ", ".join(names))

    def joined(self, name: str) -> None:
        self._say(name, "is connected")

    def sent_whole(self, name: str) -> None:
        self._say(name, "is sent the whole model, since it does not have the last one")

    def repeating(self, server_round: int, usable: int, quorum: int) -> None:
        log.warning("round %d: %d usable updates of the %d needed, so it begins again", server_round, usable, quorum)

    def round_done(self, record: Round, is_best: bool) -> None:
        for name, part in record.hospitals.items():
            if part.update_norm is not None:
                self._say(name, "%s", _update(part))
            if part.val_accuracy is not None:
                accuracy = _accuracy(part.val_accuracy, part.val_interval or None)
                self._say(name, "validated %s slices: loss %.3f, %s", part.val_samples, part.val_loss, accuracy)
        for sentence in unusual_updates(record):
            log.warning("unusual: %s", sentence)
        by = "one loader" if record.pooled else f"{len(record.replied)} of {len(record.hospitals)} hospitals"
        best = ", best so far" if is_best and record.val_loss is not None else ""
        log.info("round %d done in %.1f s: %s, %s%s", record.number, record.seconds, _validated(record), by, best)

    def tested(self, model: str, tests: dict[str, EvaluateResult]) -> None:
        for name, result in tests.items():
            accuracy = _accuracy(figures(result.confusion).accuracy, test_interval(result))
            self._say(name, "tested %s slices (%s): %s", result.samples, model, accuracy)

    def completed(self, meta: Mapping[str, Any]) -> None:
        for each in cautions_of(meta):
            log.warning("%s %s", each.code, each.sentence)

    def _say(self, hospital: str, text: str, *values: object) -> None:
        log.info(text, *values, extra={"hospital": hospital})


def _validated(record: Round) -> str:
    if record.val_loss is None:
        return "nothing validated, since every slice trains"
    accuracy = _accuracy(record.val_accuracy or 0.0, record.val_interval)
    return f"validation loss {record.val_loss:.3f}, {accuracy}"


def _fit(part: HospitalRound) -> str:
    """Say how well slices were told apart while training; nothing where that is not told."""
    if part.train_loss is None:
        return ""
    return f": loss {part.train_loss:.3f}, accuracy {100 * (part.train_accuracy or 0):.1f} %"


def _accuracy(value: float, ends: Sequence[float] | None) -> str:
    return f"accuracy {share_text(value, ends or (0.0, 1.0))} %"


def _update(part: HospitalRound) -> str:
    distance, cosine = part.update_distance, part.update_cosine
    beside = "" if distance is None else f", {distance:.4g} from the mean"
    agrees = "" if cosine is None else f", cosine {cosine:.2f} to the others'"
    kept = 1.0 if part.update_kept is None else part.update_kept
    return f"update of length {part.update_norm:.4g}{beside}{agrees}; {100 * kept:.3g} % of its length was taken"


def _counts(description: Description) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in description.numbers["class_distribution"].items())
