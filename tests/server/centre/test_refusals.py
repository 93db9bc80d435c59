"""Refusals as lines: a few of each address, the count of the rest, and no stranger's own words."""

import os

import pytest

from server.centre.refusals import CHANNEL, Refusals, quoted, to_log_and_screen


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def made():
    lines, clock = [], Clock()
    return Refusals(lines.append, clock), lines, clock


def test_an_address_gets_five_lines_a_minute_and_then_a_count():
    refusals, lines, clock = made()
    for _ in range(1234):
        refusals.note("10.0.0.7", lambda: ": no")
    assert lines == ["refused 10.0.0.7: no"] * 5
    clock.now += 61
    refusals.tick()
    refusals.tick()
    assert lines[5:] == [
        "refused 1,229 more requests in the last minute, not shown one by one; 1,229 of them from 10.0.0.7"
    ]
    refusals.note("10.0.0.7", lambda: ": again")
    assert lines[-1] == "refused 10.0.0.7: again"


def test_many_addresses_get_thirty_lines_and_little_memory():
    refusals, lines, clock = made()
    for number in range(100_000):
        refusals.note(f"2001:db8::{number:x}", lambda: ": no")
    assert len(lines) == 30
    assert len(refusals._unshown) <= 1001
    clock.now += 61
    refusals.tick()
    assert lines[30].startswith("refused 99,970 more requests in the last minute")


def test_the_reason_is_not_made_where_nobody_sees_it():
    refusals, _, _ = made()
    asked = []
    for _ in range(100):
        refusals.note("10.0.0.7", lambda: asked.append(1) or "")
    assert len(asked) == 5


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("/v1/fleet/pull-messages", "/v1/fleet/pull-messages"),
        ("", "''"),
        ("a b", "'a b'"),
        ("\x1b[31m", "'\\x1b[31m'"),
        ("[bold]", "'[bold]'"),
        ("line\nrefused 10.0.0.1", "'line\\nrefused 10.0.0.1'"),
        ("\u202e", "'\\u202e'"),
        ("a" * 81, "a" * 80 + "... (81 characters)"),
    ],
)
def test_what_a_stranger_says_is_quoted_and_cut(said, shown):
    assert quoted(said) == shown


def test_a_line_stays_a_line_whatever_is_put_in():
    refusals, lines, _ = made()
    refusals.note("fe80::1%\n\x1b]", lambda: "x" * 1000)
    assert len(lines[0]) == 403
    assert lines[0].startswith("refused fe80::1%\\n\\x1b]x")


def test_the_screen_has_a_channel_of_its_own_that_never_blocks(monkeypatch):
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    monkeypatch.setenv(CHANNEL, str(writing))
    for _ in range(2000):
        to_log_and_screen("refused 10.0.0.7: " + "x" * 300)
    assert os.read(reading, 10_000).startswith(b"refused 10.0.0.7: xxx")
    os.close(reading)
    to_log_and_screen("nobody listens")
    os.close(writing)
