"""Which answers are usable, and if one is not, why: every refusal by the server starts here."""

from common.privacy.refusal import BUDGET_SPENT
from common.protocol import names
from common.protocol.answers import Who, read_refusal, typed
from common.protocol.description import Description
from common.protocol.messages import Records
from common.protocol.postprocess import UnusableAnswer
from common.text import plain
from server.federation.replies import Reply

_CRASH_SIGNS = (
    "actor died",
    "actordied",
    "workercrashed",
    "actor is dead",
    "actor is temporarily unavailable",
    "owner died",
)
_LOST_SIGN = "node unavailable"  # Flower's, after two heartbeats that did not come


class BudgetSpent(UnusableAnswer):
    """A hospital does not train since its privacy budget is spent; it has not failed."""


def usable_records(reply: Reply | None, timeout_seconds: float, asked: Description | None = None) -> Records:
    """Return what a hospital answered.

    Parameters
    ----------
    reply : Reply or None
        None where no answer came.
    asked : Description, optional
        The hospital that was asked, as it described itself.

    Raises
    ------
    UnusableAnswer
        If there is no answer, it is a refusal, or somebody else's.
    """
    if reply is None:
        raise UnusableAnswer(f"no answer within {timeout_seconds:.0f} s")
    if reply.error is not None:
        raise UnusableAnswer(_clause(reply.error))
    if names.REFUSAL in reply.records:
        given = read_refusal(reply.records[names.REFUSAL])
        kind = BudgetSpent if given.code == BUDGET_SPENT else UnusableAnswer
        raise kind(f"{given.code}: {given.sentence}")
    if asked is not None:
        _check_who(reply.records, asked)
    return reply.records


def read_description(records: Records, trains: bool = True) -> Description:
    """Read what a hospital says of itself, be it to train or to evaluate alone; raises `UnusableAnswer`."""
    text = records.get(names.DESCRIPTION, {}).get(names.JSON)
    if not isinstance(text, str):
        raise UnusableAnswer("its description cannot be read (there is none)")
    try:
        return Description.from_json(text, trains)
    except ValueError as error:
        raise UnusableAnswer(f"its description cannot be read ({plain(str(error))})") from None


def _check_who(records: Records, asked: Description) -> None:
    who = typed(Who, records.get(names.WHO, {}), "it does not say who answers")
    if who.hospital != asked.key:
        raise UnusableAnswer(f"it answers as '{plain(who.hospital, 100)}'")
    if who.files != asked.files_sha256:
        raise UnusableAnswer("its list of files changed while the run was going on")


def _clause(reason: str) -> str:
    """Shorten what Flower or Ray reports to a clause."""
    if any(sign in reason.lower() for sign in _CRASH_SIGNS):
        return "its process died (killed, or out of memory)"
    if _LOST_SIGN in reason.lower():
        return "its SuperNode is gone: no sign of life for a minute (the link, or the machine)"
    return plain(reason.strip().splitlines()[0]) if reason.strip() else "an error without a reason"
