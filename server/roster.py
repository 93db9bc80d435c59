"""Who takes part: every hospital describes itself before the first round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flwr.app import ConfigRecord, Message, MessageType, RecordDict

from common import wire
from common.description import Description
from common.errors import InputError, RunError
from common.plan import Plan
from server import screening
from server.exchange import Exchange, Request
from server.rounds import Member
from server.sharing import share_cores


def describe_hospitals(
    exchange: Exchange, plan: Plan, keys: Sequence[str], wait_seconds: float, timeout_seconds: float
) -> dict[int, Description]:
    """Wait for the hospitals and ask each what it holds.

    Parameters
    ----------
    exchange : Exchange
        The line to the hospitals.
    plan : Plan
        What they are to follow; they audit and split by it.
    keys : sequence of str
        The hospitals expected, in configured order.
    wait_seconds, timeout_seconds : float
        For them to be there, and to answer.

    Returns
    -------
    dict of int to Description
        By Flower's node number, in configured order.

    Raises
    ------
    InputError
        If a hospital says that its data or the plan is wrong.
    RunError
        ``RUN011`` or ``RUN014`` if one is absent or gives no answer.
    """
    nodes = exchange.wait_for_hospitals(len(keys), wait_seconds)
    content = RecordDict({wire.CONFIG: ConfigRecord({wire.PLAN: plan.to_json()})})
    requests = [Request("", Message(content, dst_node_id=node, message_type=MessageType.QUERY)) for node in nodes]
    found: dict[str, tuple[int, Description]] = {}
    for request, reply in exchange.ask(requests, timeout_seconds):
        problem = screening.refusal(reply, timeout_seconds)
        if problem or reply is None:
            raise _refused(reply, problem or "no answer")
        description = Description.from_json(str(reply.content[wire.DESCRIPTION]["json"]))
        found[description.key] = (request.message.metadata.dst_node_id, description)
    if absent := [key for key in keys if key not in found]:
        raise RunError("RUN014", f"No hospital answered for {', '.join(absent)}; check what is running where.")
    return {found[key][0]: found[key][1] for key in keys}


def members(described: Mapping[int, Description], cores: int, threads: int | None) -> tuple[list[Member], list[str]]:
    """Give every hospital its threads and its place in the starting order.

    Parameters
    ----------
    described : mapping of int to Description
        By node number, in configured order.
    cores : int
        Cores of a simulation; 0 where every hospital has a machine of its own.
    threads : int or None
        Threads of each hospital; None shares the cores by size.

    Returns
    -------
    tuple of (list of Member, list of str)
        In configured order; and hospital keys in starting order.
    """
    sizes = {d.key: d.train_samples for d in described.values()}
    if not cores:
        shares = dict.fromkeys(sizes, 0)
    elif threads:
        shares = dict.fromkeys(sorted(sizes, key=lambda key: (-sizes[key], key)), min(threads, cores))
    else:
        shares = share_cores(sizes, cores)
    return [Member(node, d, shares[d.key]) for node, d in described.items()], list(shares)


def _refused(reply: Message | None, problem: str) -> InputError | RunError:
    """Turn a hospital's refusal into the run's end: the person who can act is the one who configured it."""
    if reply is None or reply.has_error() or wire.REFUSAL not in reply.content:
        return RunError("RUN014", f"A hospital could not describe itself: {problem}; see the log.")
    given = reply.content[wire.REFUSAL]
    hospital = reply.content[wire.WHO][wire.HOSPITAL]
    kind = InputError if int(given["exit-code"]) == InputError.exit_code else RunError
    return kind(str(given["code"]), f"{hospital}: {given['sentence']}")
