import logging

from server.centre.log_size import Seldom, move_old_lines, only_failures


def test_a_log_that_grew_too_large_is_moved_away_under_the_writers_hands(tmp_path):
    log = tmp_path / "superlink.log"
    with log.open("ab") as writer:
        for number in range(5):
            writer.write(b"%d" % number * 100)
            writer.flush()
            move_old_lines(log, 100)
            assert log.stat().st_size == 0
        writer.write(b"new")
    assert log.read_bytes() == b"new"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "superlink.log",
        *(f"superlink.log.{number}" for number in (1, 2, 3)),
    ]
    assert (tmp_path / "superlink.log.1").read_bytes() == b"4" * 100


def test_a_small_log_and_none_at_all_are_left_alone(tmp_path):
    log = tmp_path / "superlink.log"
    move_old_lines(log, 100)
    log.write_bytes(b"x" * 99)
    move_old_lines(log, 100)
    assert log.stat().st_size == 99


def record(text, level=logging.WARNING, *arguments):
    return logging.LogRecord("uvicorn.error", level, __file__, 1, text, arguments, None)


def test_the_same_warning_is_written_ten_times_a_minute():
    seldom = Seldom()
    assert sum(seldom.filter(record("Invalid %s", logging.WARNING, number)) for number in range(1000)) == 10
    assert seldom.filter(record("something else"))
    assert all(seldom.filter(record("polled", logging.INFO)) for _ in range(100))


def test_the_access_log_keeps_failures_and_no_refusals():
    def kept(status):
        line = '%s - "%s %s HTTP/%s" %d'
        return only_failures(record(line, logging.INFO, "10.0.0.7:5", "GET", "/x", "1.1", status))

    assert [kept(status) for status in (200, 401, 413, 500)] == [False, False, False, True]
