"""PRE008, 011, 012: the slices can be used, a round of them fits into the deadline, their key is readable."""

import time

import torch

from clients.checks.outcome import Found, Situation, check
from common import keys
from common.audit.report import audit
from common.config.architectures import DEFAULT_ARCHITECTURE
from common.data.prepare import prepare
from common.errors import InputError, ProjectError
from common.model.registry import build_model
from common.overlap.fingerprints import key_mark
from common.training.device import pick_device

_SEED = 42
_STEPS = 2
_EVALUATION_SHARE = 1 / 3  # forward only


@check("PRE008", "slices")
def slices(situation: Situation) -> Found:
    """The slices, as a run is going to see them; fills the cache on the way."""
    site = situation.site.site()
    try:
        hospital = site.hospital
        prepared = prepare(
            site.folder,
            hospital.class_map,
            situation.data,
            _SEED,
            site.cache_dir,
            patient_pattern=hospital.patient_pattern,
        )
    except ProjectError as error:
        place = f"data_root in {situation.site.path.name}"
        return "failed", f"{error.code}: {error.sentence.replace('data.root', place)}"
    train = len(prepared.split.train)
    situation.train_slices, situation.val_slices = train, len(prepared.split.val)
    if train < 2:
        return "failed", f"Only {train} slices are left to train on; python -m clients.audit says why."
    numbers = audit(prepared.evidence).numbers()
    severe = [finding for finding in numbers["audit"] if finding["severity"] != "info"]
    text = f"{numbers['total_samples']:,} usable slices, {train:,} to train on"
    if any(finding["severity"] == "error" for finding in severe):
        codes = ", ".join(finding["code"] for finding in severe)
        return "warning", f"{text}; the audit finds errors ({codes}): python -m clients.audit names the files."
    if severe:
        return "warning", f"{text}; {len(severe)} findings to look at: python -m clients.audit names the files."
    return "ok", f"{text}; the audit finds nothing wrong."


@check("PRE011", "time of a round")
def round_time(situation: Situation) -> Found:
    """One round fits into the deadline."""
    if situation.train_slices is None:
        return "skipped", "The slices could not be read."
    try:
        step = _seconds_a_slice(situation)
    except InputError as error:
        return "failed", error.sentence
    trained = situation.train_slices * situation.train.local_epochs
    seconds = step * (trained + situation.val_slices * _EVALUATION_SHARE)
    allowed = situation.timeout_seconds
    text = f"A round of {trained:,} slices at {situation.data.image_size} px takes about {_duration(seconds)}"
    if seconds > allowed:
        return "failed", f"{text}, the deadline is {_duration(allowed)}; ask for a longer strategy.timeout_seconds."
    text += f" of the {_duration(allowed)} that are allowed"
    if seconds > allowed / 2:
        return "warning", f"{text}: tight when the machine has other work."
    return "ok", f"{text}."


def _seconds_a_slice(situation: Situation) -> float:
    device = pick_device(situation.site.device)
    batch, side = situation.train.batch_size, situation.data.image_size
    model = build_model(DEFAULT_ARCHITECTURE).to(device)
    optimiser = torch.optim.Adam(model.parameters())
    images = torch.randn(batch, 3, side, side, device=device)
    labels = torch.zeros(batch, dtype=torch.long, device=device)
    for step in range(_STEPS + 1):
        if step == 1:  # the first one warms up
            started = time.perf_counter()
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimiser.step()
        loss.item()
    return (time.perf_counter() - started) / _STEPS / batch


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


@check("PRE012", "fingerprint key")
def fingerprint_key(situation: Situation) -> Found:
    """The key of the fingerprints can be used, and is the other hospitals' key as far as eyes can tell."""
    path = situation.site.fingerprint_key
    if path is None:
        return "skipped", "No fingerprint_key: copies of slices at other hospitals are not looked for."
    try:
        shared = keys.load_shared_key(path)
    except InputError as error:
        return "failed", error.sentence
    return "ok", f"Its mark is {key_mark(shared)}; the other hospitals should see the same."


CHECKS = (slices, round_time, fingerprint_key)
