"""A hospital's side of secure aggregation, step by step; pure: what it must remember goes in and comes out.

Bonawitz et al., Practical secure aggregation for privacy-preserving machine learning, CCS 2017, with double masking
over the full graph and the malicious centre's consistency check: before a hospital gives shares away, it has seen that
enough others were told the same list of survivors.

In one attempt a hospital masks one update, signs one list and gives away, of each hospital, either the share of its
seed or that of its mask key, never both. From one attempt at a round to the next the centre could subtract, since a
round's training gives the same update again. So once a hospital has opened a list in a round, it signs no other list in
that round, and takes no other terms: in coarser steps each hospital's number is rounded at another place, and from many
sums of the same updates the summands could be told. What is summed again is the same sum. With more than half of
the run's hospitals needed each time, every two openings have such a hospital in common.
"""

import hashlib
from collections.abc import Mapping

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from common.model.weights import AnyArray
from common.secagg import keys, shares
from common.secagg.masks import first_adds, put_on
from common.secagg.refusal import SecureRefusal
from common.secagg.ring import Parts, Vector, packed
from common.secagg.session import Advert, Hospital, Opening, Session, canonical
from common.secagg.shares import Held


class Memory(Struct, frozen=True):
    """What a hospital remembers of one run's secure aggregation; it is stored before an answer leaves."""

    session: Session | None = None  # the present one
    own: keys.Secrets | None = None
    advert: Advert | None = None
    adverts: list[Advert] = []
    held: dict[Hospital, Held] = {}  # shares of everybody's secrets, its own included
    sealed: dict[Hospital, str] = {}  # what it sent of its own
    masked: str = ""  # SHA-256 of the masked update
    survivors: tuple[Hospital, ...] = ()  # that it signed
    opened_round: int = 0  # the last round in which it gave shares away
    opened: tuple[Hospital, ...] = ()  # for these survivors
    opened_terms: str = ""  # SHA-256 of that session without the number of its attempt


def advertise(memory: Memory, session: Session, me: str, shared_key: bytes) -> Memory:
    """Begin a session; a repeated question is answered with the same keys.

    Raises
    ------
    SecureRefusal
        ``SECAGG003`` for an attempt that is over, or another run's; ``SECAGG004`` for terms that protect nobody.
    """
    last = memory.session
    if session == last:
        return memory
    if 2 * session.threshold <= len(session.hospitals) or me not in session.hospitals:
        raise SecureRefusal("SECAGG004", "The centre asks for a sum of too few hospitals, or of others than this one.")
    if last is not None:
        told = (session.round, session.attempt)
        if told <= (last.round, last.attempt) or session.round < memory.opened_round:
            raise SecureRefusal(
                "SECAGG003",
                f"The centre asks for attempt {session.attempt} at round {session.round}, but attempt {last.attempt} "
                f"at round {last.round} has been: an update is masked once only.",
            )
        if (last.token, last.hospitals, last.plan_sha256) != (session.token, session.hospitals, session.plan_sha256):
            raise SecureRefusal("SECAGG003", "The centre changed the run's hospitals or its plan; start a new run.")
        if session.round == memory.opened_round and _terms(session) != memory.opened_terms:
            raise SecureRefusal(
                "SECAGG004",
                f"Round {session.round} was opened before for another model, or with other counts of slices or steps: "
                "with sums of the same updates in other steps the centre could tell one from the other.",
            )
    own = keys.new_secrets()
    advert = keys.advert_of(own, me, session, shared_key)
    opened_round, opened, terms = memory.opened_round, memory.opened, memory.opened_terms
    return Memory(session, own, advert, opened_round=opened_round, opened=opened, opened_terms=terms)


def share(memory: Memory, session: Session, adverts: list[Advert], shared_key: bytes) -> Memory:
    """Check everybody's keys, and cut the own secrets into sealed shares (`Memory.sealed`).

    Raises
    ------
    SecureRefusal
        ``SECAGG002`` for keys that are not authenticated, ``SECAGG003`` out of order, ``SECAGG004`` for too few.
    """
    own, advert = _present(memory, session)
    if memory.adverts:
        if memory.adverts != adverts:
            raise SecureRefusal("SECAGG003", f"The centre changed the keys of this attempt at round {session.round}.")
        return memory
    keys.check_adverts(adverts, session, advert, shared_key)
    roster = keys.roster_digest(session, adverts)
    cut = shares.shared(own, session.threshold, [each.hospital for each in adverts])
    others = [each for each in adverts if each != advert]
    sealed = {to.hospital: shares.sealed(cut[to.hospital], own, advert.hospital, to, roster) for to in others}
    return replace(memory, adverts=adverts, sealed=sealed, held={advert.hospital: cut[advert.hospital]})


def mask(
    memory: Memory, session: Session, sealed: Mapping[str, str], vector: Vector, parts: Parts
) -> tuple[Memory, dict[str, AnyArray]]:
    """Mask an update, in place, against those whose shares are held; return it as it travels.

    The same update may be asked for again, since an answer may be lost on the way; another one is never masked.

    Raises
    ------
    SecureRefusal
        ``SECAGG003`` if another update was masked in this attempt, ``SECAGG004`` for too few hospitals, ``SECAGG005``
        for shares that are not the sender's.
    """
    own, advert = _present(memory, session)
    held = _unsealed(memory, session, sealed)
    roster = keys.roster_digest(session, memory.adverts)
    for other in memory.adverts:
        if other.hospital in sealed:
            key = keys.agreed(own.mask, other.mask_key, roster, "mask")
            put_on(vector, parts, key, first_adds(advert.hospital, other.hospital))
    put_on(vector, parts, keys.derived(bytes.fromhex(own.seed), "own mask", roster))
    sent = packed(parts, vector)
    digest = _digest(sent)
    if memory.masked and memory.masked != digest:
        raise SecureRefusal(
            "SECAGG003",
            f"An update was masked in this attempt at round {session.round} already, and another one would let the "
            "centre subtract; begin the round again.",
        )
    return replace(memory, masked=digest, held=held), sent


def sign_survivors(memory: Memory, session: Session, survivors: tuple[str, ...]) -> tuple[Memory, str]:
    """Sign the list of those whose masked updates the centre says have arrived.

    Raises
    ------
    SecureRefusal
        ``SECAGG003`` out of order, ``SECAGG004`` for a list that cannot be, or another than before.
    """
    own, advert = _present(memory, session)
    shared = _shared(memory)
    named = f"The centre says that the updates of {_listed(survivors)} arrived"
    if not memory.masked:
        raise SecureRefusal("SECAGG003", f"{named}, but this hospital has masked none in this attempt.")
    if list(survivors) != [key for key in shared if key in survivors] or len(survivors) < session.threshold:
        raise SecureRefusal(
            "SECAGG004", f"{named}; it must be {session.threshold} or more of {_listed(shared)}, each once."
        )
    if advert.hospital not in survivors:
        raise SecureRefusal("SECAGG004", f"{named}, without this hospital, which sent its own.")
    if memory.survivors and memory.survivors != survivors:
        raise SecureRefusal("SECAGG004", f"{named}, but it said {_listed(memory.survivors)} before, in this attempt.")
    if memory.opened_round == session.round and memory.opened != survivors:
        raise SecureRefusal(
            "SECAGG004",
            f"{named}, but round {session.round} was opened for {_listed(memory.opened)} before: with another sum of "
            "the same round the centre could subtract; wait until all of them are there.",
        )
    return replace(memory, survivors=survivors), keys.sign(own, _statement(memory, survivors))


def open_shares(memory: Memory, session: Session, signatures: Mapping[str, str]) -> tuple[Memory, Opening]:
    """Give shares away: of the survivors' seeds, and of the mask keys of those that were lost after sharing.

    Raises
    ------
    SecureRefusal
        ``SECAGG003`` out of order, ``SECAGG004`` if too few hospitals, or one wrongly, signed the same list.
    """
    _present(memory, session)
    if not memory.survivors:
        raise SecureRefusal("SECAGG003", "The centre asks for shares before a list of survivors was signed.")
    statement, adverts = _statement(memory, memory.survivors), {each.hospital: each for each in memory.adverts}
    for hospital, signature in signatures.items():
        if hospital not in memory.survivors or not keys.is_signed(adverts[hospital], statement, signature):
            raise SecureRefusal(
                "SECAGG004",
                f"{hospital} did not sign the list {_listed(memory.survivors)}: the centre told it another one, or "
                "its signature was changed on the way.",
            )
    if len(signatures) < session.threshold:
        raise SecureRefusal(
            "SECAGG004",
            f"{len(signatures)} hospitals signed the list of survivors, and {session.threshold} are needed.",
        )
    seeds = {key: memory.held[key].seed for key in memory.survivors}
    lost = {key: memory.held[key].mask for key in _shared(memory) if key not in memory.survivors}
    done = replace(memory, opened_round=session.round, opened=memory.survivors, opened_terms=_terms(session))
    return done, Opening(seeds, lost)


def require_present(memory: Memory, session: Session) -> None:
    """Refuse a session that is not the present one; raises `SecureRefusal` ``SECAGG003``."""
    _present(memory, session)


def closed(memory: Memory) -> Memory:
    """Return what is still remembered when a run is over: that its rounds have been, and no secret."""
    return replace(memory, own=None, held={}, sealed={})


def _present(memory: Memory, session: Session) -> tuple[keys.Secrets, Advert]:
    """Return the own keys of a session; refuse what belongs to another, or to one that is over."""
    if memory.session != session or memory.own is None or memory.advert is None:
        raise SecureRefusal(
            "SECAGG003",
            f"The centre goes on with attempt {session.attempt} at round {session.round}, which this hospital has not "
            "begun, or has left for a later one.",
        )
    return memory.own, memory.advert


def _unsealed(memory: Memory, session: Session, sealed: Mapping[str, str]) -> dict[Hospital, Held]:
    """Open what the others sent; raises as `mask`."""
    own, advert = _present(memory, session)
    known = {each.hospital: each for each in memory.adverts if each != advert}
    if not known or not set(sealed) <= set(known):
        raise SecureRefusal("SECAGG003", "The centre hands on shares of hospitals whose keys it has not named.")
    if len(sealed) + 1 < session.threshold:
        raise SecureRefusal("SECAGG004", f"Only {len(sealed) + 1} hospitals shared their keys for this round.")
    roster = keys.roster_digest(session, memory.adverts)
    held = {advert.hospital: memory.held[advert.hospital]}
    for hospital, text in sealed.items():
        found = shares.opened(text, own, known[hospital], advert.hospital, roster)
        if found is None:
            raise SecureRefusal(
                "SECAGG005",
                f"The shares that came as those of {hospital} are not its own for this hospital in this attempt.",
            )
        held[hospital] = found
    return held


def _shared(memory: Memory) -> tuple[Hospital, ...]:
    """Return those whose shares are held, in the run's order."""
    return tuple(each.hospital for each in memory.adverts if each.hospital in memory.held)


def _statement(memory: Memory, survivors: tuple[str, ...]) -> bytes:
    assert memory.session is not None
    return keys.survivors_statement(memory.session, memory.adverts, _shared(memory), survivors)


def _terms(session: Session) -> str:
    """Return what stands for everything of a session but which attempt it is."""
    return hashlib.sha256(canonical("terms", replace(session, attempt=1))).hexdigest()


def _digest(sent: Mapping[str, AnyArray]) -> str:
    found = hashlib.sha256()
    for name in sorted(sent):
        found.update(name.encode() + b"\n" + sent[name].tobytes())
    return found.hexdigest()


def _listed(hospitals: tuple[str, ...]) -> str:
    return ", ".join(hospitals) or "nobody"


def to_bytes(memory: Memory) -> bytes:
    """Return what is stored."""
    return msgspec.json.encode(memory)


def from_bytes(content: bytes) -> Memory:
    """Read what was stored; raises ValueError for anything else."""
    return msgspec.json.decode(content, type=Memory)
