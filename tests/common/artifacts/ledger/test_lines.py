"""The chain of lines: whatever is done to one of them is noticed, and the first is named."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from common import keys
from common.artifacts.ledger.lines import Asked, Began, Chain, Differs, Ended, Stored, hash_of, line_of, read_chain

KEY, OTHER = (ec.generate_private_key(ec.SECP384R1()) for _ in range(2))
WORDS = {"versions": {}, "hospitals": {"a": "A"}, "strategy": {}, "plan": "{}", "model": "", "token": "ab" * 16}


def lines_of(count=5, key=KEY):
    public = keys.public_line(key.public_key()).decode()
    lines = [line_of(Began(number=1, previous="", at="", run_id="run-001", key=public, **WORDS), key)]
    for number in range(2, count + 1):
        entry = Asked(number=number, previous=hash_of(lines[-1]), at="", round=number, hospitals=["a"])
        lines.append(line_of(entry, key))
    return lines


LINES = lines_of()


def read(tmp_path, lines, end=b"\n") -> Chain:
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(b"\n".join(lines) + end)
    return read_chain(path)


def test_a_chain_that_holds_says_what_was_done(tmp_path):
    chain = read(tmp_path, LINES)
    assert [entry.number for entry in chain.entries] == [1, 2, 3, 4, 5]
    assert list(chain.hashes) == [hash_of(line) for line in LINES]
    assert (chain.began.run_id, chain.torn, chain.completed) == ("run-001", False, None)


@pytest.mark.parametrize("bit", [1, 32])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.99])
@pytest.mark.parametrize("number", [1, 3, 5])
def test_one_flipped_bit_names_its_line(tmp_path, number, share, bit):
    line = bytearray(LINES[number - 1])
    line[int(share * len(line))] ^= bit
    with pytest.raises(Differs, match=f"line {number}") as caught:
        read(tmp_path, [*LINES[: number - 1], bytes(line), *LINES[number:]])
    assert (caught.value.file, caught.value.line) == ("ledger.jsonl", number)


@pytest.mark.parametrize(
    ("lines", "first"),
    [
        ([LINES[0], *LINES[2:]], 2),
        (LINES[1:], 1),
        ([LINES[0], LINES[2], LINES[1], *LINES[3:]], 2),
        ([*LINES[:3], LINES[2], *LINES[3:]], 4),
        ([*LINES, LINES[0]], 6),
        ([*LINES[:2], b"", *LINES[2:]], 3),
        ([*LINES[:2], b"[]", *LINES[2:]], 3),
        ([*LINES[:2], b"[" * 100_000, *LINES[2:]], 3),
        ([b""], 1),
    ],
    ids=["left out", "no first", "exchanged", "twice", "begun again", "empty", "no line", "nested", "nothing"],
)
def test_lines_left_out_moved_or_put_in(tmp_path, lines, first):
    with pytest.raises(Differs, match=f"line {first}"):
        read(tmp_path, lines)


def test_a_line_that_another_key_signed(tmp_path):
    forged = line_of(Ended(number=6, previous=hash_of(LINES[-1]), at="", state="failed", reason=""), OTHER)
    with pytest.raises(Differs, match="line 6 is not signed by the key of the first line"):
        read(tmp_path, [*LINES, forged])


def test_the_same_line_written_in_another_way(tmp_path):
    for other in (
        LINES[-1].replace(b":", b": ", 1),
        LINES[-1].upper(),
        LINES[-1][:-2] + LINES[-1][-2:].replace(b'"', b"'"),
    ):
        with pytest.raises(Differs, match="line 5"):
            read(tmp_path, [*LINES[:-1], other])


@pytest.mark.parametrize("share", [0.01, 0.5, 0.999])
def test_what_a_killed_process_left_is_no_line(tmp_path, share):
    line = LINES[-1]
    chain = read(tmp_path, LINES[:-1], b"\n" + line[: int(share * len(line))])
    assert (len(chain.entries), chain.torn) == (4, True)


def test_but_a_whole_line_with_another_end_is_none_that_was_written(tmp_path):
    with pytest.raises(Differs, match="line 5 does not end as it was written"):
        read(tmp_path, LINES, b"\x0b")


def test_a_folder_and_nothing_at_all(tmp_path):
    with pytest.raises(Differs, match="missing"):
        read_chain(tmp_path)
    with pytest.raises(Differs, match="missing"):
        read_chain(tmp_path / "none")


def test_stored_comes_from_the_first_key_too(tmp_path):
    entry = Stored(number=6, previous=hash_of(LINES[-1]), at="")
    assert read(tmp_path, [*LINES, line_of(entry, KEY)]).entries[-1] == entry
