"""A hospital's part in secure aggregation: `common.secagg.hospital` with the hospital's key, its plan and its disk.

What it must remember is in one small file a run, ``runs/<token>/<hospital>/secagg.json`` in the hospital's cache folder
(mode 0600): it is written before an answer leaves, so that no restart and no lost answer makes a hospital forget what
it has masked, signed or opened.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from clients.local_state import run_folder
from clients.site import Site
from common import files
from common.errors import RunError
from common.keys import load_shared_key
from common.model.weights import Arrays, check_update
from common.protocol import names
from common.protocol.bounds import training_problem
from common.protocol.digest import digest_of
from common.protocol.messages import Records, Task
from common.protocol.plan import Plan
from common.secagg import hospital
from common.secagg.hospital import Memory
from common.secagg.quantise import Quantiser
from common.secagg.refusal import SecureRefusal
from common.secagg.session import Answer, Question, Session, from_text
from common.training.optim import highest_rate, steps_of_round

MEMORY = "secagg.json"

log = logging.getLogger("clients")


def require_key(site: Site, plan: Plan) -> None:
    """Refuse a run with secure aggregation where there is no shared key.

    Raises
    ------
    SecureRefusal
        ``SECAGG001`` if there is none.
    InputError
        ``KEY006``, ``KEY007`` if it cannot be used.
    """
    if plan.privacy.is_secure:
        _shared_key(site)


def read_question(records: Records) -> Question:
    """Read what the centre asks; raises `SecureRefusal` ``SECAGG003``."""
    return from_text(records.get(names.SECAGG, {}).get(names.JSON, ""), Question)


def answer(site: Site, plan: Plan, question: Question) -> Answer:
    """Do one step; a repeated question gets the same answer.

    Raises
    ------
    SecureRefusal
        As the steps of `common.secagg.hospital`.
    """
    session, key = question.session, site.hospital.key
    _check_terms(plan, session)
    with _remembered(site, session.token) as kept:
        if question.step == "advertise":
            kept.memory = hospital.advertise(kept.memory, session, key, _shared_key(site))
            return Answer(advert=kept.memory.advert)
        if question.step == "share":
            kept.memory = hospital.share(kept.memory, session, question.adverts, _shared_key(site))
            return Answer(sealed=kept.memory.sealed)
        if question.step == "survivors":
            kept.memory, signature = hospital.sign_survivors(kept.memory, session, question.survivors)
            return Answer(signature=signature)
        if question.step == "open":
            kept.memory, opening = hospital.open_shares(kept.memory, session, question.signatures)
            return Answer(opening=opening)
    raise SecureRefusal("SECAGG003", "The centre asks for a masked update without a model to train.")


def check_task(site: Site, task: Task) -> None:
    """Refuse a training whose update could not be sent, before it is trained.

    Raises
    ------
    SecureRefusal
        ``SECAGG003`` if the session is not the present one, or there is none; ``SECAGG004`` for another model.
    """
    if not task.plan.privacy.is_secure:
        if task.secure:
            raise SecureRefusal("SECAGG003", "The centre asks for a masked update in a run whose plan has none.")
        return
    session = _question_of(task).session
    with _remembered(site, session.token) as kept:
        hospital.require_present(kept.memory, session)
    if digest_of(task.arrays) != session.model:
        raise SecureRefusal("SECAGG004", "The centre sent another model than the one that every hospital was told of.")


def shared_noise(task: Task) -> float:
    """Return the noise multiplier that the sum of this attempt's updates carries; 0 where hospitals share none."""
    return _question_of(task).session.noise if task.plan.privacy.is_secure else 0.0


def masked_update(site: Site, task: Task, trained: Arrays, samples: int) -> Arrays:
    """Return a trained model as it leaves the hospital: as whole numbers, masked.

    Raises
    ------
    SecureRefusal
        ``SECAGG006`` if the update is no update, or longer than training can make it; else as `hospital.mask`.
    """
    plan, question = task.plan, _question_of(task)
    session = question.session
    rate = highest_rate(plan.train, task.server_round, plan.rounds, plan.dp)
    rates = [rate] * steps_of_round(samples, plan.train, plan.dp)
    unsent = f"This hospital sends no update of round {session.round}"
    if len(rates) > session.steps:
        raise SecureRefusal(
            "SECAGG006", f"{unsent}: the centre says that nobody makes more than {session.steps} steps, and it does."
        )
    problem = check_update(task.arrays, trained)
    if not (problem or session.noise):  # with noise the ring is no wider than the bounds
        problem = training_problem(task.arrays, trained, plan.train, rates)
    if problem:
        log.error("%s: %s", unsent, problem)  # how long it is stays here: the centre chose the model
        raise SecureRefusal("SECAGG006", f"{unsent}: it is none, or longer than training makes it; see its own log.")
    quantiser = Quantiser.of(task.arrays, session, plan.train, rate, plan.dp)
    vector = quantiser.encode(trained, 1 if session.noise else samples)
    with _remembered(site, session.token) as kept:
        kept.memory, sent = hospital.mask(kept.memory, session, question.sealed, vector, quantiser.parts)
    return sent


def close(site: Site, task: Task) -> None:
    """Forget a run's secrets when it is tested; what has been masked and opened stays known."""
    if task.plan.privacy.is_secure and (run_folder(site, task.extra.local.token) / MEMORY).exists():
        with _remembered(site, task.extra.local.token) as kept:
            kept.memory = hospital.closed(kept.memory)


def _question_of(task: Task) -> Question:
    question = from_text(task.secure, Question)
    session = question.session
    _check_terms(task.plan, session)
    if (question.step, session.round, session.token) != ("mask", task.server_round, task.extra.local.token):
        raise SecureRefusal("SECAGG003", "The centre asks for a masked update of another round, or another run.")
    return question


def _check_terms(plan: Plan, session: Session) -> None:
    """Hold a session to the plan that this hospital was shown."""
    privacy = plan.privacy
    agreed = (plan.sha256, tuple(privacy.hospitals), privacy.threshold, privacy.bits)
    if not privacy.is_secure or agreed != (
        session.plan_sha256,
        session.hospitals,
        session.threshold,
        session.bits,
    ):
        raise SecureRefusal("SECAGG004", "The centre asks for secure aggregation on other terms than the run's plan.")
    _check_noise(plan, session)


def _check_noise(plan: Plan, session: Session) -> None:
    """Refuse a sum in which hospitals would not count alike, or that carries other noise than the plan says.

    What noise the centre chooses where the plan does not say is paid for with each hospital's own budget.
    """
    if plan.dp.is_used:
        agreed = session.total == len(session.hospitals) and session.steps == 1 and session.noise > 0
        right = agreed and plan.dp.noise in (0, session.noise)
    else:
        right = session.noise == 0
    if not right:
        raise SecureRefusal(
            "SECAGG004", "The centre asks for a sum with other noise, or other shares, than the plan's."
        )


def _shared_key(site: Site) -> bytes:
    if site.fingerprint_key is None:
        raise SecureRefusal(
            "SECAGG001",
            f"{site.hospital.name} has no key in common with the other hospitals, without which it takes no part in "
            "secure aggregation; one hospital makes it (python -m clients.shared_key), each sets fingerprint_key.",
        )
    return load_shared_key(site.fingerprint_key)


@dataclass
class _Kept:
    memory: Memory


@contextmanager
def _remembered(site: Site, token: str) -> Iterator[_Kept]:
    """Yield what is remembered of a run, alone, and write it down if it changed; an exception changes nothing."""
    path = run_folder(site, token) / MEMORY
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(path.with_suffix(".lock")):
            before = path.read_bytes() if path.exists() else b""
            kept = _Kept(_read(before, path))
            yield kept
            if (after := hospital.to_bytes(kept.memory)) != before:
                files.replace(path, after, mode=0o600)
    except OSError as error:
        raise RunError("DISK001", f"{path} cannot be written ({files.why(error)}); make room there.") from None


def _read(content: bytes, path: Path) -> Memory:
    try:
        return hospital.from_bytes(content) if content else Memory()
    except ValueError:
        raise RunError(
            "STORE002",
            f"{path} is damaged, and only it says what this hospital has masked in this run; start a new run.",
        ) from None
