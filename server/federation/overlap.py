"""Before the first round: have the hospitals slices in common? They send keyed fingerprints, never an image."""

from collections import Counter
from collections.abc import Mapping
from itertools import combinations

from flwr.app import MessageType

from common.errors import InputError
from common.overlap.fingerprints import Fingerprints, most_characters
from common.overlap.matches import CrossDuplicates, summarise
from common.overlap.matching import cross_match, match_lists
from common.protocol import names as record_names
from common.protocol.description import Description
from common.protocol.messages import Records
from common.protocol.plan import Plan
from common.protocol.postprocess import UnusableAnswer
from server.federation.exchange import Exchange, Request
from server.federation.participants import Member
from server.federation.screening import usable_records

QUESTION = f"{MessageType.QUERY}.{record_names.FINGERPRINTS}"
NO_KEY = "no fingerprint_key"

_LONGEST_SECONDS = 600.0  # a hospital that says nothing must not keep the others from training


def compare_hospitals(
    exchange: Exchange,
    plan: Plan,
    names: Mapping[str, str],
    present: Mapping[str, Member],
    timeout_seconds: float,
) -> CrossDuplicates:
    """Ask the hospitals for their fingerprints and compare them; one that sends none is left out, with a reason.

    Parameters
    ----------
    names : mapping of str to str
        Hospital key to name, in configured order.
    present : mapping of str to Member
        Who is there, by key.
    timeout_seconds : float
        Of a phase; waits ten minutes at most.
    """
    said, left_out = _ask(exchange, plan, present, min(timeout_seconds, _LONGEST_SECONDS))
    left_out |= {key: "not connected" for key in names if key not in present}
    marks = Counter(said[key].key_mark for key in names if key in said)
    usual = marks.most_common(1)[0][0] if marks else ""
    left_out |= {key: "another key than the others" for key in said if said[key].key_mark != usual}
    alike = [said[key] for key in names if key in said and said[key].key_mark == usual]
    if len(alike) == 1:
        left_out |= {alike[0].hospital: "nobody to compare with"}
        alike = []
    found = {(a, b): cross_match(alike[a], alike[b]) for a, b in combinations(range(len(alike)), 2)}
    described = {key: member.description for key, member in present.items()}
    reasons = {name: left_out[key] for key, name in names.items() if key in left_out}
    return summarise(match_lists(alike, found), described, reasons)


def _ask(
    exchange: Exchange, plan: Plan, present: Mapping[str, Member], timeout_seconds: float
) -> tuple[dict[str, Fingerprints], dict[str, str]]:
    """Return the fingerprints by hospital key, and why a hospital sent none."""
    records: Records = {record_names.CONFIG: {record_names.PLAN: plan.to_json()}}
    requests = [Request(key, member.node, QUESTION, records) for key, member in present.items()]
    said: dict[str, Fingerprints] = {}
    left_out: dict[str, str] = {}
    for request, reply in exchange.ask(requests, timeout_seconds):
        description = present[request.hospital].description
        try:
            said[request.hospital] = _read(usable_records(reply, timeout_seconds, description), description)
        except UnusableAnswer as problem:
            left_out[request.hospital] = str(problem)
    return said, left_out


def _read(records: Records, description: Description) -> Fingerprints:
    """Take fingerprints out of an answer; raises `UnusableAnswer`."""
    text = records.get(record_names.FINGERPRINTS, {}).get(record_names.JSON, "")
    if text == "":
        raise UnusableAnswer(NO_KEY)
    if not isinstance(text, str) or len(text) > most_characters(description.file_count):
        raise UnusableAnswer("its fingerprints are of more files than it described")
    try:
        said = Fingerprints.from_json(text, f"The answer of {description.name}")
    except InputError as error:
        raise UnusableAnswer(f"{error.code}: {error.sentence}") from None
    expected = (description.key, description.name, description.files_sha256, description.file_count)
    if (said.hospital, said.name, said.files_sha256, said.file_count) != expected:
        raise UnusableAnswer("its fingerprints are of other files than it described")
    return said
