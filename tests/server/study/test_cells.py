from common.study.records import Cell
from server.study.cells import Pace


def test_what_is_to_come_takes_what_its_kind_took():
    pace = Pace()
    assert pace.expected([Cell("fedavg", 1)]) is None
    pace.note(Cell("local", 1), 10.0)
    assert pace.expected([Cell("fedavg", 1), Cell("local", 2)]) == 20.0
    pace.note(Cell("fedavg", 1), 30.0)
    pace.note(Cell("fedavg", 2), 50.0)
    assert pace.expected([Cell("fedavg", 3)]) == 40.0
    assert pace.expected([Cell("fedavg", 1, "A")]) == 40.0
    pace.note(Cell("fedavg", 1, "A"), 20.0)
    assert pace.expected([Cell("fedavg", 1, "B"), Cell("pooled", 1)]) == 20.0 + (10 + 30 + 50 + 20) / 4


def test_the_first_measurement_stays():
    pace = Pace()
    for seconds in (None, 12.0, 3.0):
        pace.note(Cell("local", 1), seconds)
    assert pace.expected([Cell("local", 2)]) == 12.0
