"""Everybody who takes part is there before the first round, however late, and nobody is somebody else."""

import threading

import pytest
from flwr.app import ConfigRecord, Error, Message, RecordDict
from flwr.common.constant import ErrorCode

from common.errors import InputError, RunError
from common.protocol import names as wire
from server.engines.inprocess import InProcessGrid
from server.federation import exchange as exchange_module
from server.federation.exchange import Exchange, Node, Place
from server.federation.participants import Participants, QuorumPolicy
from server.recording.events import Listener
from tests.support.descriptions import description
from tests.support.hospitals import PLAN, Hospitals

STEPS = {"a": 1.0, "b": 2.0, "c": 4.0}


class Late(InProcessGrid):
    """Nodes register one after the other, as Flower's simulation has them."""

    looks = 0

    def get_node_ids(self):
        self.looks += 1
        return list(super().get_node_ids())[: max(1, self.looks - 1)]


class Told(Listener):
    def __init__(self) -> None:
        self.described_: list[list[str]] = []
        self.waited: list[list[str]] = []
        self.failures: list[tuple[str, str]] = []

    def described(self, descriptions):
        self.described_.append([said.name for said in descriptions])

    def waiting_for(self, names, seconds):
        self.waited.append(list(names))

    def failed(self, failure):
        self.failures.append((failure.hospital, failure.reason))


def members_of(
    hospitals, grid=None, cores=2, who=None, check=lambda description: None, wait=5.0, quorum=2, threads=None
):
    grid = grid or InProcessGrid(hospitals, len(hospitals.described))
    told = Told()
    place = Place(simulated=cores > 0, cores=cores, threads=threads)
    exchange = Exchange(grid, threading.Event(), place, None, *([who] if who else []))
    policy = QuorumPolicy(quorum, wait, 60)
    return Participants(exchange, PLAN, hospitals.names, policy, told, {}, check), told


def test_hospitals_that_register_late_are_waited_for():
    hospitals = Hospitals(STEPS)
    members, told = members_of(hospitals, Late(hospitals, 3))
    assert list(members.gather()) == ["a", "b", "c"]
    assert told.described_ == [list(hospitals.names.values())], "together, and once"
    assert [said.key for said in members.descriptions] == ["a", "b", "c"]


def test_the_configured_order_holds_whoever_registered_first():
    hospitals = Hospitals(dict(reversed(STEPS.items())))
    members, _ = members_of(hospitals)
    members.names = dict(sorted(members.names.items()))
    assert list(members.gather()) == ["a", "b", "c"]


def test_a_simulated_run_shares_the_cores_and_starts_the_largest_first():
    members, _ = members_of(Hospitals(STEPS))
    present = members.gather()
    order = members.starting_order(present)
    assert order[0] == "c"
    assert set(order) == set(STEPS)
    assert all(1 <= member.threads <= 2 for member in present.values())


def test_threads_that_are_set_are_everybodys_but_no_more_than_the_cores():
    members, _ = members_of(Hospitals(STEPS), threads=7)
    assert {member.threads for member in members.gather().values()} == {2}


def test_below_the_quorum_the_missing_are_named():
    hospitals = Hospitals(STEPS)
    members, _ = members_of(hospitals, wait=0.01, cores=0, who=lambda grid: [Node(1)])
    with pytest.raises(RunError, match=r"RUN011.*1 of 3.*Hospital B, Hospital C missing"):
        members.gather()


def test_on_separate_machines_a_quorum_is_enough_when_the_time_is_up():
    hospitals = Hospitals(STEPS)
    members, told = members_of(hospitals, wait=0.01, cores=0, who=lambda grid: [Node(1), Node(3)])
    assert list(members.gather()) == ["a", "c"]
    assert told.waited == [["Hospital B"]]


def refuse(exit_code: int):
    def twist(key: str, message: Message, answer: Message) -> Message:
        if key != "b":
            return answer
        said = {"code": "DATA020", "sentence": "Too few slices.", "exit-code": exit_code}
        whose = ConfigRecord({wire.HOSPITAL: key, wire.FILES: ""})
        return Message(RecordDict({wire.WHO: whose, wire.REFUSAL: ConfigRecord(said)}), reply_to=message)

    return twist


@pytest.mark.parametrize(("exit_code", "kind"), [(2, InputError), (1, RunError)])
def test_a_simulated_hospitals_refusal_ends_the_run_in_its_own_words(exit_code, kind):
    members, _ = members_of(Hospitals(STEPS, refuse(exit_code)))
    with pytest.raises(kind, match="DATA020: b: Too few slices"):
        members.gather()


def test_on_separate_machines_a_refusal_leaves_that_hospital_out():
    members, told = members_of(Hospitals(STEPS, refuse(2)), cores=0, wait=0.01)
    assert list(members.gather()) == ["a", "c"]
    assert told.failures == [("node 2", "DATA020: Too few slices.")]


def test_a_hospital_that_dies_while_it_describes_itself_ends_a_simulation():
    def die(key, message, answer):
        raise RuntimeError("out of luck")

    with pytest.raises(RunError, match=r"RUN014.*out of luck"):
        members_of(Hospitals(STEPS, die))[0].gather()


def test_a_hospital_that_is_lost_while_it_describes_itself_is_asked_again_when_its_link_is_mended(monkeypatch):
    monkeypatch.setattr(exchange_module, "_GRACE_SECONDS", 0.01)
    monkeypatch.setattr(exchange_module, "_RECONNECT_SECONDS", 0.01)
    away: list[int] = []  # one a look at the nodes
    losses = []

    def lose(key, message, answer):
        if key != "b" or losses:
            return answer
        losses.append(message)
        away.extend(range(3))
        return Message(Error(ErrorCode.NODE_UNAVAILABLE, "Node Unavailable"), reply_to=message)

    def who(grid):
        there = [Node(1, "a", "monday"), Node(3, "c", "monday")]
        if not away:
            return [*there, Node(2, "b", "monday")]
        away.pop()
        return there

    members, told = members_of(Hospitals(STEPS, lose), cores=0, wait=20, who=who)
    assert list(members.gather()) == ["a", "b", "c"]
    assert told.failures[0][0] == "Hospital B"


def claiming(**changes):
    """Let hospital b describe itself as somebody else."""

    def twist(key, message, answer):
        if key == "b":
            said = description(**({"key": "b"} | changes))
            answer.content[wire.DESCRIPTION] = ConfigRecord({"json": said.to_json()})
        return answer

    return twist


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"key": "a"}, "its key is that of Hospital B"),
        ({"name": "Hospital Z"}, "the centre knows it as 'Hospital B'"),
    ],
)
def test_a_hospital_is_whom_its_key_proves_it_to_be(changes, says):
    nodes = [Node(1, "a"), Node(2, "b"), Node(3, "c")]
    members, told = members_of(Hospitals(STEPS, claiming(**changes)), cores=0, wait=0.01, who=lambda grid: nodes)
    assert list(members.gather()) == ["a", "c"]
    ((hospital, reason),) = told.failures
    assert hospital == "Hospital B"
    assert says in reason


@pytest.mark.parametrize(("key", "says"), [("z", "takes no part"), ("a", "there already")])
def test_without_keys_two_cannot_be_the_same_and_strangers_stay_out(key, says):
    members, told = members_of(Hospitals(STEPS, claiming(key=key)), cores=0, wait=0.01)
    assert list(members.gather()) == ["a", "c"]
    assert says in told.failures[0][1]


def changed(said):
    if said.key == "b":
        raise InputError("RUN004", "The files changed.")


def test_a_description_that_cannot_be_accepted_ends_a_simulation():
    with pytest.raises(InputError, match="RUN004"):
        members_of(Hospitals(STEPS), check=changed)[0].gather()


def test_on_separate_machines_a_description_that_cannot_be_accepted_leaves_that_hospital_out():
    members, told = members_of(Hospitals(STEPS), cores=0, wait=0.01, check=changed)
    assert list(members.gather()) == ["a", "c"]
    assert told.failures == [("node 2", "RUN004: The files changed.")]


def test_a_description_that_makes_no_sense_leaves_that_hospital_out():
    members, told = members_of(Hospitals(STEPS, claiming(train_idx=[1, 1])), cores=0, wait=0.01)
    assert list(members.gather()) == ["a", "c"]
    assert "counts a slice twice" in told.failures[0][1]


def not_yet(key, message, answer):
    """Refuse as a hospital does where a person is yet to say yes."""
    refusal = ConfigRecord({"code": wire.NOT_YET, "sentence": "nobody has said yes yet", "exit-code": 2})
    return Message(RecordDict({wire.REFUSAL: refusal}), reply_to=message)


def test_a_hospital_whose_people_have_not_said_yes_is_asked_again_told_once_and_joins_later():
    hospitals = Hospitals(STEPS, lambda key, message, answer: (not_yet if key == "c" else kept)(key, message, answer))
    who = lambda grid: [Node(number, key, "now") for number, key in zip((1, 2, 3), STEPS, strict=True)]  # noqa: E731
    members, told = members_of(hospitals, cores=0, who=who, wait=0.2)
    assert list(members.gather()) == ["a", "b"]
    assert told.failures == [("Hospital C", f"{wire.NOT_YET}: nobody has said yes yet")]
    hospitals._twist = None
    assert list(members.wait_for_quorum()) == ["a", "b", "c"]


def kept(key, message, answer):
    return answer
