"""Every message passes here before a slice is read: within the policy, and of its run's plan."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from clients.policy.check import check_plan
from clients.policy.consent import require_yes
from clients.policy.diary import Diary
from clients.policy.limits import Policy
from clients.policy.refusal import PolicyRefusal
from clients.policy.room import make_room_for_run, make_room_for_slices
from clients.policy.words import in_words
from clients.site import Site
from common.protocol.plan import Plan

log = logging.getLogger("clients")


@dataclass(frozen=True)
class Asked:
    """What a message asks, as far as the policy looks at it."""

    kind: str  # "query", "train" or "evaluate"
    run: int  # Flower's number of the run, which the hospital's own SuperNode says
    plan: Plan
    token: str = ""
    threads: int = 0


def admit(site: Site, asked: Asked) -> None:
    """Let a message pass, or refuse it; a simulation has no policy, and every message passes.

    Raises
    ------
    PolicyRefusal
        ``POLICY001`` to ``POLICY010``; see docs/policy.md.
    """
    policy = site.policy
    if policy is None:
        return
    check_plan(asked.plan, policy, asked.threads)
    diary = Diary(site.cache_dir, site.hospital.key)
    evaluation = asked.plan.evaluation
    runs = (evaluation.run, evaluation.reference_run)
    if evaluation.is_external(site.hospital.key) and any(diary.knows(run) for run in runs):
        raise PolicyRefusal(
            "POLICY010",
            "The centre asks to evaluate a model on every slice, and this hospital took part in its training; "
            "only its test slices were held back.",
        )
    words = in_words(asked.plan)
    if diary.pin(asked.run, asked.plan.sha256, asked.token):
        log.info("run %d asks: %s (plan %s)", asked.run, words, asked.plan.sha256[:12])
    if policy.ask:
        require_yes(site.home or site.cache_dir, asked.run, words, policy.ask_seconds, diary)
    make_room_for_slices(site, policy, asked.plan)
    make_room_for_run(site, policy, asked.plan, asked.token)
    diary.count(asked.kind, policy)


def in_time(policy: Policy | None, callback: Callable[[int, int], None] | None) -> Callable[[int, int], None] | None:
    """Return a progress callback that also ends what takes longer than the policy allows.

    What it returns raises `PolicyRefusal` ``POLICY005``.
    """
    if policy is None:
        return callback
    end = time.monotonic() + policy.seconds

    def tell(done: int, total: int) -> None:
        if time.monotonic() > end:
            raise PolicyRefusal("POLICY005", f"It took longer than the {policy.seconds:g} s of this hospital's policy.")
        if callback:
            callback(done, total)

    return tell
