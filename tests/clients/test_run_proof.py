"""What a hospital keeps of a run proves which of its updates went in, and that the centre did not change the past."""

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from clients.run_proof import RunProof
from clients.site import Site
from common import keys
from common.artifacts.ledger.hospital_record import RECORD, compare, read_record
from common.artifacts.ledger.lines import read_chain
from common.config.hospital import Hospital
from common.errors import InputError
from common.protocol.digest import digest_of
from common.protocol.messages import ExtraPayload, LocalStateRef, Task
from common.protocol.signatures import Head
from server.verify import main
from tests.support.hospitals import PLAN, Hospitals
from tests.support.recorded import STEPS, record

TOKEN = "ab" * 16
KEY = ec.generate_private_key(ec.SECP384R1())
PUBLIC = keys.public_line(KEY.public_key()).decode()
UPDATE = {"block": np.arange(4, dtype=np.uint8)}
AIIMS = Hospital("a", "Hospital A", "made-up", "a", (0.0, 0.0), "none", {})


def head(line=1, sha256="cd" * 32, key=KEY, token=TOKEN):
    return Head(token=token, line=line, sha256=sha256, key=keys.public_line(key.public_key()).decode()).signed(key)


def task(end, number=1):
    return Task(PLAN, number, {}, extra=ExtraPayload(LocalStateRef(TOKEN)), head=end)


@pytest.fixture
def site(tmp_path):
    return Site(AIIMS, tmp_path, tmp_path / "cache")


def kept(site):
    return read_record(site.cache_dir / "runs" / TOKEN / "a" / RECORD)


def test_it_keeps_each_end_of_the_ledger_and_what_it_sent(site):
    for number in (1, 2):
        proof = RunProof(site, task(head(number), number))
        proof.note_head()
        assert proof.note_update(UPDATE, 4) == "", "without a key nothing is signed"
    seen, sent, *_ = kept(site)
    assert (seen.head.line, seen.task, seen.round) == (1, "train", 1)
    assert (sent.update.digest, sent.update.round, sent.update.samples) == (digest_of(UPDATE), 1, 4)
    assert len(kept(site)) == 4
    assert (site.cache_dir / "runs" / TOKEN / "a" / RECORD).stat().st_mode & 0o777 == 0o600


def test_with_its_key_it_signs_what_it_sends(site, tmp_path):
    private = keys.new_private_key(tmp_path / "a.key")
    signature = RunProof(replace(site, private_key=tmp_path / "a.key"), task(head())).note_update(UPDATE, 4)
    (sent,) = kept(site)
    assert sent.signature == signature
    assert keys.is_signed(private.public_key(), sent.update.to_bytes(), signature)


@pytest.mark.parametrize(
    ("later", "said"),
    [
        (head(3, "ce" * 32), "The centre changed the past: line 3"),
        (head(4, key=ec.generate_private_key(ec.SECP384R1())), "with another key than before"),
        (head(4, token="ac" * 16), "that of another run"),
    ],
    ids=["another line", "another key", "another run"],
)
def test_a_centre_that_contradicts_itself_is_refused(site, later, said):
    RunProof(site, task(head(3))).note_head()
    with pytest.raises(InputError, match=f"LEDGER005.*{said}"):
        RunProof(site, task(later)).note_head()
    assert len(kept(site)) == 1


def test_a_message_that_comes_again_and_a_torn_record_are_in_order(site):
    RunProof(site, task(head(3))).note_head()
    path = site.cache_dir / "runs" / TOKEN / "a" / RECORD
    with path.open("ab") as file:
        file.write(b'{"kind":"se')
    RunProof(site, task(head(3))).note_head()
    assert [entry.head.line for entry in kept(site)] == [3, 3]


def test_no_ledger_and_no_run_leave_nothing(site):
    for each in (task(None), replace(task(head()), extra=ExtraPayload())):
        RunProof(site, each).note_head()
        RunProof(site, each).note_update(UPDATE, 4)
    assert not site.cache_dir.exists()


# ---- against the ledger of a real run


class Keeping(Hospitals):
    """Hospitals that keep records as `clients.app` does."""

    def __init__(self, cache: Path, lose=()):
        super().__init__(STEPS, self._keep)
        self._cache = cache
        self._lose = lose

    def _keep(self, key, message, answer):
        from common.protocol import names
        from common.protocol.messages import read_task

        kind = message.metadata.message_type
        if kind in ("train", "evaluate"):
            content = {
                name: {k: v.numpy() for k, v in each.items()} if name == names.ARRAYS else dict(each)
                for name, each in message.content.items()
            }
            where = Site(replace(AIIMS, key=key), self._cache, self._cache)
            proof = RunProof(where, read_task(content))
            proof.note_head()
            if kind == "train":
                sent = {name: array.numpy() for name, array in answer.content[names.ARRAYS].items()}
                proof.note_update(sent, int(answer.content[names.METRICS][names.SAMPLES]))
                if (key, int(message.content[names.CONFIG][names.ROUND])) in self._lose:
                    answer.content[names.METRICS]["loss"] = float("nan")
        return answer


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A run of two rounds in which b's second update was left out, and the hospitals' records of it."""
    output = tmp_path_factory.mktemp("recorded")
    with pytest.MonkeyPatch.context() as patch:
        run = record(output / "out", patch, hospitals=Keeping(output / "cache", [("b", 2)]))
    return run, {path.parent.name: path for path in (output / "cache").rglob(RECORD)}


def verdicts(path, chain):
    return [(each.holds, each.sentence) for each in compare(read_record(path), chain)]


def test_a_record_proves_what_went_in_and_what_did_not(recorded, capsys):
    run, records = recorded
    chain = read_chain(run.ledger)
    for key in ("a", "c"):
        told, *rounds = verdicts(records[key], chain)
        assert told == (True, "All 6 ends of the ledger that the centre told this hospital are in it.")
        assert [sentence.split("…")[1] for _, sentence in rounds] == [" went in.", " went in."]
    rounds = verdicts(records["b"], chain)[1:]
    assert rounds[0][1].endswith("… went in.")
    assert "… did not go in: its training loss is not finite" in rounds[1][1]
    assert main([str(run.ledger), "--hospital-record", str(records["b"])]) == 0
    said = capsys.readouterr().out
    assert f"round 1: your update {read_record(records['b'])[1].update.digest[:12]}… went in." in said


def test_a_ledger_rewritten_with_the_centres_own_key_is_found_out(recorded, tmp_path, capsys):
    """The centre has the key and may write whatever it likes: what it told a hospital it cannot take back."""
    from common.artifacts.ledger.lines import Combined
    from common.artifacts.ledger.lines import hash_of as hashed
    from common.artifacts.ledger.lines import line_of as signed

    run, records = recorded
    key = keys.load_private(run.output_dir / ".ledger" / "private.key")
    lines, last = [], ""
    for entry in read_chain(run.ledger).entries:
        changed = {"previous": last}
        if isinstance(entry, Combined):
            changed |= {"updates": [each for each in entry.updates if each.hospital != "a"]}
        lines.append(signed(msgspec.structs.replace(entry, **changed), key))
        last = hashed(lines[-1])
    forged = tmp_path / "ledger.jsonl"
    forged.write_bytes(b"\n".join(lines) + b"\n")
    chain = read_chain(forged)  # the chain itself holds
    said = verdicts(records["a"], chain)
    assert (False, "round 1: line 6 is not the one that the centre told the hospital.") in said
    assert any(not holds and sentence.endswith("… is not in this ledger.") for holds, sentence in said)
    assert main([str(forged), "--hospital-record", str(records["a"])]) == 2
    assert "LEDGER001: The hospital's record contradicts this ledger" in capsys.readouterr().err


def test_a_ledger_that_was_cut_is_found_out(recorded, tmp_path):
    run, records = recorded
    short = tmp_path / "ledger.jsonl"
    short.write_bytes(b"".join(run.ledger.read_bytes().splitlines(keepends=True)[:8]))
    said = verdicts(records["a"], read_chain(short))
    assert (False, "round 2: the centre told of line 9, and this ledger ends at line 8.") in said
    assert (True, said[-1][1]) == said[-1]
    assert "is in no model: this ledger has none of round 2" in said[-1][1]


def test_another_runs_record_and_a_forged_one(recorded, tmp_path):
    run, records = recorded
    chain = read_chain(run.ledger)
    first, *_ = read_record(records["a"])
    for other, said in (
        (msgspec.structs.replace(first.head, token=TOKEN), "is of another run"),
        (head(6, token=chain.began.token), "signed by another key"),
        (msgspec.structs.replace(first.head, line=7), "signed by another key"),
    ):
        (verdict,) = compare([msgspec.structs.replace(first, head=other)], chain)
        assert (verdict.holds, said in verdict.sentence) == (False, True)


@pytest.mark.parametrize("content", [b"[]\n", b"\x00\n", b'{"kind":"seen"}\n', b"[" * 10_000 + b"\n"])
def test_what_is_no_record_is_one_sentence(tmp_path, content, recorded, capsys):
    path = tmp_path / RECORD
    path.write_bytes(content)
    assert main([str(recorded[0].ledger), "--hospital-record", str(path)]) == 2
    assert "LEDGER006" in capsys.readouterr().err
