"""The centre's side of one session: it hands things around, adds up what is masked, and takes the masks off the sum.

Nothing here is trusted by the hospitals; what it learns is in `Centre.opened`, and only if enough hospitals agree.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, combinations, islice

from common.model.weights import AnyArray
from common.secagg import keys, shamir
from common.secagg.masks import first_adds, put_on
from common.secagg.ring import Parts, Vector, add, unpacked, zeros
from common.secagg.session import Advert, Opening, Session

_MOST_TRIES = 200  # of shares, some of which may be wrong


class Unopened(Exception):
    """The sum stays masked; the text is one clause that says why."""


@dataclass
class Centre:
    """What the centre has of one session so far.

    Attributes
    ----------
    adverts, sealed, openings : dict
        What arrived, by hospital; of a sealed share first from whom, then for whom.
    survivors : list of str
        Whose masked updates are in the sum.
    """

    session: Session
    parts: Parts
    adverts: dict[str, Advert] = field(default_factory=dict)
    sealed: dict[str, dict[str, str]] = field(default_factory=dict)
    signatures: dict[str, str] = field(default_factory=dict)
    openings: dict[str, Opening] = field(default_factory=dict)
    _arrived: set[str] = field(default_factory=set)
    _total: Vector = field(default_factory=dict)

    @property
    def roster(self) -> list[Advert]:
        """Everybody's keys, in the run's order."""
        return [self.adverts[key] for key in self.session.hospitals if key in self.adverts]

    @property
    def shared(self) -> list[str]:
        """Those that shared their secrets, in the run's order."""
        return [key for key in self.session.hospitals if key in self.sealed]

    @property
    def survivors(self) -> tuple[str, ...]:
        """Those whose masked updates are in the sum, in the run's order."""
        return tuple(key for key in self.session.hospitals if key in self._arrived)

    def sealed_for(self, hospital: str) -> dict[str, str]:
        """Return what the others sealed for a hospital."""
        return {key: self.sealed[key][hospital] for key in self.shared if key != hospital}

    def take_sealed(self, hospital: str, sealed: Mapping[str, str]) -> None:
        """Keep a hospital's sealed shares; raises `Unopened` if they are not one for each other."""
        if set(sealed) != set(self.adverts) - {hospital}:
            raise Unopened("it did not share its secrets with every hospital")
        self.sealed[hospital] = dict(sealed)

    def take_masked(self, hospital: str, sent: Mapping[str, AnyArray]) -> None:
        """Add a masked update to the sum; raises `Unopened` if it is none."""
        try:
            vector = unpacked(self.parts, sent)
        except (ValueError, TypeError, AttributeError):
            raise Unopened("its answer is no masked update of this round") from None
        self._total = self._total or zeros(self.parts)
        if hospital not in self._arrived:
            add(self._total, vector)
            self._arrived.add(hospital)

    def take_signature(self, hospital: str, signature: str) -> None:
        """Keep a hospital's signature under the list of survivors; raises `Unopened` if it is none."""
        statement = keys.survivors_statement(self.session, self.roster, self.shared, self.survivors)
        if not keys.is_signed(self.adverts[hospital], statement, signature):
            raise Unopened("it did not sign the list of survivors")
        self.signatures[hospital] = signature

    def opened(self) -> Vector:
        """Take every mask off the sum.

        Raises
        ------
        Unopened
            If too few shares are there, or those of a hospital do not fit its keys.
        """
        roster, total = keys.roster_digest(self.session, self.roster), self._total
        for key in self.survivors:
            seed = self._secret(key, {each: said.seeds.get(key, "") for each, said in self.openings.items()})
            put_on(total, self.parts, keys.derived(bytes.fromhex(seed), "own mask", roster), adds=False)
        for lost in (key for key in self.shared if key not in self.survivors):
            secret = self._secret(lost, {each: said.keys.get(lost, "") for each, said in self.openings.items()}, True)
            for key in self.survivors:
                pair = keys.agreed(secret, self.adverts[key].mask_key, roster, "mask")
                put_on(total, self.parts, pair, adds=not first_adds(key, lost))
        self._total = {}
        return total

    def _secret(self, of: str, found: Mapping[str, str], is_key: bool = False) -> str:
        """Join the shares of a hospital's secret, and see that it is the one that it announced."""
        given = {holder: bytes.fromhex(share) for holder, share in found.items() if share}
        if len(given) < self.session.threshold:
            raise Unopened(f"{len(given)} shares of {of} are there and {self.session.threshold} are needed")
        holders, advert = [each.hospital for each in self.roster], self.adverts[of]
        for chosen in _choices(given, self.session.threshold):
            secret = shamir.join(chosen, holders)
            if secret is None:
                continue
            text = secret.hex()
            if (keys.public_of(text) == advert.mask_key) if is_key else (keys.mark(text) == advert.seed_mark):
                return text
        raise Unopened(f"the shares of {of} do not make up what it announced; a hospital sent a wrong one")


def _choices(given: Mapping[str, bytes], threshold: int) -> Iterator[dict[str, bytes]]:
    """Yield so many shares as are needed: without each holder in turn, since one is wrong more often than two."""
    first, more = tuple(given)[:threshold], len(given) > threshold
    without = (tuple(key for key in given if key != wrong)[:threshold] for wrong in first if more)
    for chosen in islice(chain([first], without, combinations(given, threshold)), _MOST_TRIES):
        yield {key: given[key] for key in chosen}
