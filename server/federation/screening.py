"""Which answers are usable, and if one is not, why: every refusal by the server starts here."""

from common.protocol import names
from common.protocol.description import Description
from common.protocol.messages import Records
from common.protocol.postprocess import UnusableAnswer
from server.federation.exchange import Reply

_CRASH_SIGNS = (
    "actor died",
    "actordied",
    "workercrashed",
    "actor is dead",
    "actor is temporarily unavailable",
    "owner died",
)
_LOST_SIGN = "node unavailable"  # Flower's, after two heartbeats that did not come


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
        given = reply.records[names.REFUSAL]
        raise UnusableAnswer(f"{given.get('code')}: {given.get('sentence')}")
    if asked is not None:
        _check_who(reply.records, asked)
    return reply.records


def read_description(records: Records) -> Description:
    """Read what a hospital says of itself; raises `UnusableAnswer`."""
    try:
        return Description.from_json(str(records[names.DESCRIPTION][names.JSON]))
    except (KeyError, ValueError, RecursionError) as error:
        raise UnusableAnswer(f"its description cannot be read ({error})") from None


def _check_who(records: Records, asked: Description) -> None:
    who = records.get(names.WHO, {})
    if str(who.get(names.HOSPITAL, "")) != asked.key:
        raise UnusableAnswer(f"it answers as '{who.get(names.HOSPITAL, '')}'")
    if str(who.get(names.FILES, "")) != asked.files_sha256:
        raise UnusableAnswer("its list of files changed while the run was going on")


def _clause(reason: str) -> str:
    """Shorten what Flower or Ray reports to a clause."""
    if any(sign in reason.lower() for sign in _CRASH_SIGNS):
        return "its process died (killed, or out of memory)"
    if _LOST_SIGN in reason.lower():
        return "its SuperNode is gone: no sign of life for a minute (the link, or the machine)"
    return reason.strip().splitlines()[0][:300] if reason.strip() else "an error without a reason"
