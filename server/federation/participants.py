"""Who takes part, and who of them is there: every hospital describes itself before it is asked to train."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flwr.app import MessageType

from common.artifacts.schema import Failure
from common.errors import InputError, RunError
from common.protocol import names as record_names
from common.protocol.answers import Who, read_refusal, typed
from common.protocol.description import Description
from common.protocol.messages import Records
from common.protocol.plan import Plan
from common.protocol.postprocess import UnusableAnswer
from common.text import plain
from server.federation.core_allocation import allocate_cores
from server.federation.exchange import Exchange, Node, Place, Request
from server.federation.replies import Reply
from server.federation.screening import read_description, usable_records
from server.recording.events import Listener

_AGAIN_SECONDS = 60.0  # for a hospital that is asked again: the others wait for it


@dataclass(frozen=True)
class Member:
    """A hospital that is connected."""

    node: int  # Flower's number of it
    description: Description
    threads: int = 0  # that it is asked to use; 0 leaves that to it

    @property
    def name(self) -> str:
        """The hospital's name."""
        return self.description.name


@dataclass(frozen=True)
class QuorumPolicy:
    """How many hospitals must be there, and how long to wait for them."""

    quorum: int
    wait_seconds: float  # for them to be there
    timeout_seconds: float  # of each phase, describing themselves included
    attempts: int = 1  # at a round below the quorum


class Participants:
    """The hospitals of one run.

    Parameters
    ----------
    names : mapping of str to str
        Hospital key to name as the centre knows them, in configured order: the order of every sum and table.
    listener : Listener
        Hears who comes and who is missing.
    known : mapping of str to Description
        What hospitals said when a resumed run began, for those that are away now.
    check : callable
        Raises `InputError` for a description that cannot be accepted.
    """

    def __init__(
        self,
        exchange: Exchange,
        plan: Plan,
        names: Mapping[str, str],
        policy: QuorumPolicy,
        listener: Listener,
        known: Mapping[str, Description],
        check: Callable[[Description], None],
    ) -> None:
        self.names = dict(names)
        self.policy = policy
        self._exchange = exchange
        self._place: Place = exchange.place
        self._plan = plan
        self._listener = listener
        self._check = check
        self._described = dict(known)
        self._news = True  # a resumed run knows its hospitals, but nobody has been told yet
        self._turned_away: dict[str, str] = {}
        self._undecided: set[tuple[int, str]] = set()  # (node, since) of those where a person is yet to say yes
        self._asked: dict[tuple[int, str], str] = {}  # (node, since) to the hospital it proved to be, or ""

    @property
    def descriptions(self) -> list[Description]:
        """Descriptions of everybody who was ever there, in configured order."""
        return [self._described[key] for key in self.names if key in self._described]

    def gather(self) -> dict[str, Member]:
        """Call everybody together for the first time; when the time is up, the quorum is enough.

        Returns
        -------
        dict of str to Member
            By key, in configured order.

        Raises
        ------
        InputError
            If a simulated hospital says that its data or the plan is wrong.
        RunError
            ``RUN011`` if too few are there, ``RUN014`` if a simulated one gives no answer.
        """
        return self._wait(len(self.names))

    def wait_for_quorum(self) -> dict[str, Member]:
        """Return who is there, as soon as that is a quorum; raises as `gather` does."""
        return self._wait(self.policy.quorum)

    def absence(self, key: str) -> str:
        """Say why a hospital is not among those present."""
        return self._turned_away.get(key, "it was not connected")

    def starting_order(self, present: Mapping[str, Member]) -> list[str]:
        """Return the keys in the order in which they are to start."""
        return list(self._threads({key: member.description for key, member in present.items()}))

    def _wait(self, wanted: int) -> dict[str, Member]:
        present = self._wait_for(wanted)
        if self._news:
            self._news = False
            self._listener.described(self.descriptions)
        return present

    def _wait_for(self, wanted: int) -> dict[str, Member]:
        deadline = time.monotonic() + self.policy.wait_seconds
        told: list[str] = []
        while len(present := self._present()) < wanted:
            absent = [name for key, name in self.names.items() if key not in present]
            left = max(deadline - time.monotonic(), 0.0)
            if absent != told and not self._place.simulated:
                told = absent
                self._listener.waiting_for(absent, left)
            if not left:
                return self._enough(present, absent)
            self._exchange.pause()
        return present

    def _enough(self, present: dict[str, Member], absent: list[str]) -> dict[str, Member]:
        if len(present) >= self.policy.quorum:
            return present
        said = {self.names[key]: why for key, why in self._turned_away.items() if key in self.names}
        missing = ", ".join(f"{name}: {said[name]}" if name in said else name for name in absent)
        raise RunError(
            "RUN011",
            f"Only {len(present)} of {len(self.names)} hospitals were there after {self.policy.wait_seconds:.0f} s "
            f"and {self.policy.quorum} are needed ({missing} missing); start them, or raise strategy.wait_seconds.",
        )

    def _present(self) -> dict[str, Member]:
        """Return the connected members; newcomers describe themselves first."""
        nodes = [node for node in self._exchange.nodes() if not node.hospital or node.hospital in self.names]
        newcomers = [node for node in nodes if (node.number, node.since) not in self._asked]
        if self._place.simulated and len(nodes) < len(self.names):
            return {}  # simulated hospitals register one by one: describe them together
        fresh = [node for node in newcomers if (node.number, node.since) not in self._undecided]
        again = [node for node in newcomers if node not in fresh]
        for asked, seconds in ((fresh, self.policy.timeout_seconds), (again, _AGAIN_SECONDS)):
            if asked:
                self._describe(asked, min(seconds, self.policy.timeout_seconds))
        found = {self._asked.get((node.number, node.since), ""): node.number for node in nodes}
        there = {key: self._described[key] for key in self.names if key in found and key in self._described}
        threads = self._threads(there)
        return {key: Member(found[key], description, threads[key]) for key, description in there.items()}

    def _describe(self, nodes: Sequence[Node], timeout_seconds: float) -> None:
        by_number = {node.number: node for node in nodes}
        records: Records = {record_names.CONFIG: {record_names.PLAN: self._plan.to_json()}}
        requests = [Request("", node.number, MessageType.QUERY, records) for node in nodes]
        accepted: list[tuple[Node, Description]] = []
        for request, reply in self._exchange.ask(requests, timeout_seconds):
            node = by_number[request.node]
            self._asked[node.number, node.since] = ""
            try:
                said = read_description(usable_records(reply, timeout_seconds), not self._plan.evaluates)
            except UnusableAnswer as problem:
                self._turn_away(node, reply, str(problem))
                if reply is not None and _answers_later(reply):
                    self._undecided.add((node.number, node.since))
                    del self._asked[node.number, node.since]  # a person at the hospital may say yes later
                elif reply is None or reply.lost:
                    del self._asked[node.number, node.since]  # a link that is repaired needs no new connection
                continue
            if false := self._false_identity(node, said):
                self._turn_away(node, None, false)
            else:
                accepted.append((node, said))
                self._asked[node.number, node.since] = said.key
        for key in self.names:
            for node, description in accepted:
                if description.key == key:
                    self._accept(node, description)

    def _accept(self, node: Node, description: Description) -> None:
        """Take a hospital in, if the run can go on with what it says."""
        key = description.key
        try:
            self._check(description)
        except InputError as error:
            if self._place.simulated:  # the person who started it has the slices, too
                raise
            self._asked[node.number, node.since] = ""
            self._turn_away(node, None, str(error))
            return
        self._news = self._news or self._described.get(key) != description
        self._described[key] = description
        self._turned_away.pop(key, None)
        if not self._place.simulated:
            self._listener.joined(description.name)

    def _false_identity(self, node: Node, description: Description) -> str | None:
        """Compare what a hospital says of itself with its key, and with what the centre knows."""
        key = plain(description.key, 100)
        if node.hospital and description.key != node.hospital:
            return f"it calls itself '{key}', but its key is that of {self.names[node.hospital]}"
        if description.key not in self.names:
            return f"it calls itself '{key}', which takes no part in this run"
        if description.name != self.names[description.key]:
            name = plain(description.name, 100)
            return f"it calls itself '{name}'; the centre knows it as '{self.names[description.key]}'"
        others = [other for (number, _), other in self._asked.items() if number != node.number]
        if not node.hospital and description.key in others:
            return f"it calls itself '{key}', which is there already"
        return None

    def _turn_away(self, node: Node, reply: Reply | None, problem: str) -> None:
        """Leave a hospital out and name it; in a simulation end the run, since the same person can repair it."""
        if self._place.simulated:
            raise _refused(reply, problem)
        if self._turned_away.get(node.hospital) == problem and node.hospital:
            return  # asked again, with the same answer
        self._turned_away[node.hospital] = problem
        self._listener.failed(Failure(self.names.get(node.hospital, f"node {node.number}"), "describe", problem))

    def _threads(self, described: Mapping[str, Description]) -> dict[str, int]:
        """Return threads by hospital, in starting order."""
        place = self._place
        sizes = {key: said.train_samples or len(said.test_idx) for key, said in described.items()}
        if not sizes:
            return {}
        if not place.simulated:
            return dict.fromkeys(sizes, place.threads or 0)
        if place.threads:
            by_size = sorted(sizes, key=lambda key: (-sizes[key], key))
            return dict.fromkeys(by_size, min(place.threads, place.cores))
        return allocate_cores(sizes, place.cores)


def _answers_later(reply: Reply) -> bool:
    """Tell whether a hospital waits for a person's yes, and may be asked again."""
    return reply.records.get(record_names.REFUSAL, {}).get("code") == record_names.NOT_YET


def _refused(reply: Reply | None, problem: str) -> InputError | RunError:
    """Turn a hospital's refusal into the run's end: the person who can act is the one who configured it."""
    try:
        given = read_refusal(reply.records[record_names.REFUSAL]) if reply else None
        who = typed(Who, reply.records.get(record_names.WHO, {}), "").hospital if reply else ""
    except (KeyError, UnusableAnswer):
        given = None
    if given is None:
        return RunError("RUN014", f"A hospital could not describe itself: {problem}; see the log.")
    kind = InputError if given.exit_code == InputError.exit_code else RunError
    return kind(given.code, f"{plain(who, 100)}: {given.sentence}")
