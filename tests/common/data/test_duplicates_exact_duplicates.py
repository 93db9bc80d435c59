from common.data.duplicates import exact_duplicates


def test_one_common_fingerprint_is_enough_and_carries_over():
    numbers = exact_duplicates(["a", "a", "b", "c", ""], ["1", "2", "2", "3", ""]).tolist()
    assert numbers[0] == numbers[1] == numbers[2]
    assert len(set(numbers)) == 3


def test_files_without_fingerprint_are_alone():
    assert len(set(exact_duplicates(["", "", ""], ["", "", ""]).tolist())) == 3


def test_no_files():
    assert exact_duplicates([], []).tolist() == []
