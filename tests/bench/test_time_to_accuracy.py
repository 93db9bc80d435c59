from bench.time_to_accuracy import Point, headline, reached, results

OURS = [Point(10.0, 0.60, 96), Point(20.0, 0.81, 96), Point(40.0, 0.78, 224), Point(60.0, 0.85, 224)]
LOOP = [Point(100.0, 0.70, 224), Point(200.0, 0.80, 224)]


def test_the_first_validation_that_reaches_it_counts():
    assert reached(OURS, 0.797) == 20.0
    assert reached(OURS, 0.797, pixels=224) == 60.0
    assert reached(OURS, 0.9) is None


def test_the_last_line_is_the_ratio_of_the_times():
    assert headline(OURS, LOOP, "fast").startswith("ratio=10.00 (seconds to 79.7%")


def test_a_loop_that_never_got_there_gives_a_lower_bound_and_a_federation_none():
    assert headline(OURS, LOOP[:1], "fast").startswith("ratio=5.00")
    assert "at least" in headline(OURS, LOOP[:1], "fast")
    assert headline(OURS[:1], LOOP, "fast").startswith("ratio=0 ")


def test_the_table_says_what_was_not_reached():
    table = results(OURS[:3], LOOP, {"79.7%": 0.797, "the loop's best": 0.8}, "fast")
    columns = [list(column.cells) for column in table.columns]
    assert columns[1] == ["200", "20", "not reached"]
    assert columns[2] == ["200", "20", "not reached"]
    assert columns[3] == ["80.0%", "81.0%", "78.0%"]
