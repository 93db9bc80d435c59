"""Is an update the hospital's own? Hospitals sign what they send with the key by which the centre knows them."""

from dataclasses import dataclass
from pathlib import Path

from common import keys
from common.artifacts.ledger.lines import Update
from common.errors import InputError
from common.model.weights import Arrays
from common.protocol import names
from common.protocol.digest import digest_of
from common.protocol.messages import Records
from common.protocol.postprocess import UnusableAnswer
from common.protocol.signatures import UpdateStatement

_LONGEST = 400  # characters of a signature


@dataclass(frozen=True)
class SignedUpdates:
    """Checks signatures, and returns what the ledger says of an update.

    Parameters
    ----------
    token : str
        The run's.
    plan_sha256 : str
        See `common.protocol.plan.Plan.sha256`.
    public_keys : Path or None
        The centre's folder of ``<hospital>.pub``; None where hospitals have no keys, as in a simulation.
    """

    token: str = ""
    plan_sha256: str = ""
    public_keys: Path | None = None

    def check(self, number: int, hospital: str, samples: int, sent: Arrays, records: Records) -> Update:
        """Return the digest of what arrived, and the signature under it.

        Raises
        ------
        UnusableAnswer
            If a hospital that has a key did not sign this very update for this round.
        """
        try:
            digest = digest_of(sent)
        except (TypeError, ValueError):  # an array that is not of numbers
            raise UnusableAnswer("the answer holds no model") from None
        if self.public_keys is None:
            return Update(hospital=hospital, samples=samples, digest=digest)
        signature = str(records.get(names.SIGNATURE, {}).get(names.SIGNATURE, ""))
        if not signature:
            raise UnusableAnswer("its update is not signed; it may run an older version")
        statement = UpdateStatement(self.token, number, hospital, self.plan_sha256, samples, digest)
        try:
            public = keys.load_public(self.public_keys / f"{hospital}.pub")
        except InputError:
            raise UnusableAnswer("the signature of its update cannot be checked: its key is not registered") from None
        if len(signature) > _LONGEST or not keys.is_signed(public, statement.to_bytes(), signature):
            raise UnusableAnswer("its update is not signed by its key, or was changed on the way")
        return Update(hospital=hospital, samples=samples, digest=digest, signature=signature)
