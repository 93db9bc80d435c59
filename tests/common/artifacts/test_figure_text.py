from common.artifacts.figure_text import accuracy_texts, ends_of, marked, share_text


def test_a_share_and_its_interval():
    assert share_text(0.886, (0.8488, 0.914)) == "88.6 (84.9–91.4)"
    assert share_text(0.886, None) == "88.6"
    assert share_text(0.886, (0.8488, 0.914), digits=0) == "89 (85–91)"


def test_the_wider_ends_are_taken():
    own = {"intervals": {"test_accuracy": [0.6, 0.8], "bootstrap": {"test_accuracy": [0.65, 0.9], "macro_f1": [0, 1]}}}
    assert ends_of(own, "test_accuracy") == (0.6, 0.9)
    assert accuracy_texts(1200, own | {"test_accuracy": 0.7}, 0.5) == ["1,200", "70.0 (60.0–90.0)", "50.0 (0.0–100.0)"]
    assert accuracy_texts(0, own, 0.5) == ["0", "–", "–"]


def test_few_cases_are_marked():
    assert [marked(12, True), marked(1200, False)] == ["12*", "1,200"]
