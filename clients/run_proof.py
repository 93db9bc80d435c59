"""What a hospital keeps to prove its part in a run: the ends of the centre's ledger, and what it sent itself.

One small file a run, ``runs/<token>/<hospital>/proof.jsonl`` in the hospital's cache folder; ``python -m server.verify
--hospital-record FILE`` compares it with the centre's ledger.
"""

from clients.local_state import run_folder
from clients.site import Site
from common import files, keys
from common.artifacts.ledger.hospital_record import RECORD, Seen, Sent, line_of, read_record
from common.artifacts.run_files import now
from common.errors import InputError, RunError
from common.model.weights import Arrays
from common.protocol.digest import digest_of
from common.protocol.messages import Task
from common.protocol.signatures import UpdateStatement


class RunProof:
    """One hospital's record of one run, while a message is answered.

    Nothing is kept of a task that names no run or comes without the end of a ledger.
    """

    def __init__(self, site: Site, task: Task) -> None:
        self._site = site
        self._task = task
        self._token = task.extra.local.token

    def note_head(self) -> None:
        """Keep the end of the ledger that came with a task.

        Raises
        ------
        InputError
            ``LEDGER005`` if it is another run's, or not what the centre said before.
        RunError
            ``DISK001`` if it cannot be kept.
        """
        head, task = self._task.head, self._task
        if head is None or not self._token:
            return
        if head.token != self._token:
            raise InputError("LEDGER005", "The end of the ledger that the centre sent is that of another run.")
        for seen in self._record():
            if isinstance(seen, Seen) and seen.head.key != head.key:
                raise InputError("LEDGER005", "The centre signs the ledger of this run with another key than before.")
            if isinstance(seen, Seen) and seen.head.line == head.line and seen.head.sha256 != head.sha256:
                raise InputError(
                    "LEDGER005",
                    f"The centre changed the past: line {head.line} of its ledger is not the one that it told before; "
                    f"the record of this run in the cache folder proves it.",
                )
        self._add(Seen(at=now(), round=task.server_round, task=task.split or "train", head=head))

    def note_update(self, update: Arrays, samples: int) -> str:
        """Keep the digest of what is about to be sent, and return the signature; empty where there is no key."""
        task = self._task
        if not self._token:
            return ""
        key = self._site.hospital.key
        said = UpdateStatement(self._token, task.server_round, key, task.plan.sha256, samples, digest_of(update))
        private = self._site.private_key
        signature = keys.sign(keys.load_private(private), said.to_bytes()) if private else ""
        if task.head:
            self._add(Sent(at=now(), update=said, signature=signature))
        return signature

    def _record(self) -> list[Seen | Sent]:
        path = run_folder(self._site, self._token) / RECORD
        return read_record(path) if path.exists() else []

    def _add(self, entry: Seen | Sent) -> None:
        folder = run_folder(self._site, self._token)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if (folder / RECORD).exists():
                files.cut_torn_line(folder / RECORD)
            files.append_line(folder / RECORD, line_of(entry), mode=0o600)
        except OSError as error:
            raise RunError(
                "DISK001", f"{folder / RECORD} cannot be written ({error.strerror}); make room there."
            ) from None
