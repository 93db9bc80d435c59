from common.audit.finding import Finding


def test_files_do_not_travel():
    finding = Finding("DATA004", "warning", "title", "sentence", 1, ("a.jpg",))
    assert finding.numbers() == {
        "code": "DATA004",
        "severity": "warning",
        "title": "title",
        "sentence": "sentence",
        "count": 1,
    }
