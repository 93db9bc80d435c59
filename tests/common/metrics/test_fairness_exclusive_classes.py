from common.metrics.fairness import held_alone


def test_classes_of_one_hospital_alone():
    counts = {"A": {"notumor": 3, "glioma": 5}, "B": {"glioma": 1, "pituitary": 2, "notumor": 0}}
    assert held_alone(counts) == [("pituitary", "B"), ("notumor", "A")]


def test_one_hospital_holds_nothing_alone():
    assert held_alone({"A": {"glioma": 5}}) == held_alone({}) == []
