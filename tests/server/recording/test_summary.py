"""The end of a run: no figure without its cases and its interval, within 80 columns."""

import re

from common.metrics.intervals import wilson
from server.recording.summary import summary
from tests.support.descriptions import description
from tests.support.finished import COUNTS, NAMES, evaluated, finished, shown


def percent(ends: tuple[float, float]) -> str:
    return f"{100 * ends[0]:.1f}–{100 * ends[1]:.1f}"


def row(lines: list[str], start: str, number: int = 0) -> str:
    return [line for line in lines if line.startswith(start)][number].removeprefix(start)


def test_everything_fits_80_columns_uncut():
    lines = shown(summary(finished(dict.fromkeys(NAMES, evaluated(20 * COUNTS)))))
    assert max(map(len, lines)) <= 80
    assert not any("…" in line for line in lines)
    assert row(lines, "all hospitals").split()[0] == "6,300"


def test_every_share_in_the_tables_has_its_interval_and_its_cases():
    lines = shown(summary(finished()))
    tables = lines[: next(i for i, line in enumerate(lines) if line.startswith("95 % intervals"))]
    for line in tables:
        without = re.sub(r"\d+(\.\d)? \(\d+(\.\d)?–\d+(\.\d)?\)", "", line)
        assert not re.search(r"\d\.\d", without), f"a share without an interval: {line}"
    accuracy = row(lines, "AIIMS Delhi").split()
    assert accuracy[:2] == ["105", "88.6"]
    counted = row(lines, "glioma").split()
    assert counted[0] == "99"
    assert row(lines, "AIIMS Delhi", 1).split("(")[0].strip() == "91"
    below = lines[[i for i, line in enumerate(lines) if line.startswith("AIIMS Delhi")][1] + 1]
    assert below.split() == ["33", "32", "40"], "the slices that each recall rests on"


def test_the_interval_is_the_wider_of_both():
    meta = finished()
    ends = meta["metrics"]["intervals"]
    assert ends["bootstrap"]["groups"] == 63
    plain, drawn = wilson(279, 315), ends["bootstrap"]["test_accuracy"]
    wide = (min(plain[0], drawn[0]), max(plain[1], drawn[1]))
    lines = shown(summary(meta))
    assert f"({percent(wide)})" in row(lines, "all hospitals")
    assert "a bootstrap over 63 groups of related slices" in " ".join(lines)
    ends["bootstrap"] = None
    alone = shown(summary(meta))
    assert f"({percent(plain)})" in row(alone, "all hospitals")
    assert "Wilson's, as if no two slices" in " ".join(alone)


def test_a_class_without_a_case_is_a_dash_and_few_are_marked():
    few = COUNTS.copy()
    few[1] = [0, 6, 0, 0]
    lines = shown(summary(finished({NAMES[0]: evaluated(few), NAMES[1]: evaluated(0 * COUNTS)})))
    assert row(lines, "notumor").split() == ["0*", "–", "–", "–"]
    assert row(lines, "meningioma").split()[0] == "6*"
    assert row(lines, NAMES[1]).split() == ["0", "–", "–"]
    assert row(lines, NAMES[1], 1).split() == ["–"] * 4
    assert "* fewer than 20" in " ".join(lines)
    assert "leave" not in " ".join(lines)


def test_it_says_how_even_and_how_honest():
    worse = COUNTS.copy()
    worse[0] = [10, 22, 1, 0]
    lines = shown(summary(finished({NAMES[0]: evaluated(COUNTS), NAMES[1]: evaluated(worse)})))
    said, accuracy = " ".join(lines), " ".join(row(lines, NAMES[1]).split()[1:3])
    assert accuracy.startswith("69.5 (")
    assert f"Worst hospital: {NAMES[1]}, {accuracy} % of 105 slices" in said, "the same interval as in the table"
    assert "Gap 19.0 points, standard deviation over hospitals 9.5 points." in said
    assert re.search(r"Dividing the scores by 1\.50 brings .* correct: \d+\.\d instead of \d+\.\d points", said)
    assert "No temperature is applied." in " ".join(shown(summary(finished(temperature=None))))


def test_warnings_are_the_last_word():
    lines = shown(summary(finished(descriptions=[description("a", groups_across_splits=3, name="A [/] b")])))
    said = " ".join(lines)
    assert "EVAL001 3 groups of look-alike or neighbouring slices stand on more than one side" in said
    assert "(A [/] b 3)" in said, "brackets in a name are no markup"


def test_without_any_test_slice_nothing_is_claimed():
    lines = shown(summary(finished({NAMES[0]: evaluated(0 * COUNTS)})))
    assert row(lines, "all hospitals").split() == ["0", "–", "–"]
