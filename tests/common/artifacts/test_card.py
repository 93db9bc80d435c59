"""The model card: every figure with its cases and its interval, no name as markup, no claim without a measurement."""

import re
from dataclasses import asdict

import numpy as np
import pytest

from common.artifacts.card import card_text
from common.artifacts.run_files import stats_json
from common.config.hydra import compose_settings
from common.labels import SYNTHETIC
from common.metrics.intervals import wilson
from common.model.local_layers import EVERYTHING
from common.protocol.plan import plan_of
from tests.support.descriptions import description
from tests.support.finished import COUNTS, evaluated, finished

NAMES = ["<script>alert(1)</script>", "A|B *x* [y](http://z)"]
SLICES = {"train": {"glioma": 6}, "val": {"glioma": 2}, "test": {"glioma": 1, "notumor": 1}}


def meta_of(*overrides, tests=None, names=NAMES, counts=None, **changes):
    """A finished run's meta file; `counts` are the class counts of each hospital."""
    settings = compose_settings(list(overrides))
    found = [description(key, name=name, split_counts=SLICES) for key, name in zip("ab", names, strict=True)]
    for each, own in zip(found, counts or (), strict=False):
        each.numbers["class_distribution"] = own
    changes = {"descriptions": found, "stats": stats_json(found, plan_of(settings)), **changes}
    changes |= {"settings": asdict(settings), "strategy": settings.strategy.name}
    return finished(tests or dict.fromkeys(names, evaluated(COUNTS)), **changes)


def lines_of(card: str, start: str) -> list[str]:
    return [line for line in card.splitlines() if line.startswith(start)]


def test_nothing_is_left_to_fill_in():
    card = card_text(meta_of())
    assert "$" not in card
    for heading in ("Intended use", "Training data", "Evaluation data", "Metrics", "Warnings", "How to reproduce"):
        assert f"## {heading}\n" in card
    assert card.endswith("```\n")


def test_figures_stand_with_their_cases_and_the_wider_interval():
    few = COUNTS.copy()
    few[1] = [0, 6, 0, 0]
    meta = meta_of(tests={NAMES[0]: evaluated(few)})
    meta["metrics"]["intervals"]["bootstrap"] = None
    card = card_text(meta)
    low, high = (100 * end for end in wilson(30, 33))
    (glioma,) = lines_of(card, "| glioma")
    assert glioma.startswith(f"| glioma | 33 | 90.9 ({low:.1f}–{high:.1f}) | 31 |")
    (meningioma,) = lines_of(card, "| meningioma")
    assert meningioma.startswith("| meningioma | 6\\* | 100.0 (61.0–100.0) |")
    assert lines_of(card, "| notumor") == ["| notumor | 0\\* | – | 0 | – | – |"]
    assert "(without notumor)" in card
    (together,) = lines_of(card, "| all hospitals")
    assert together.startswith("| all hospitals | 79 | 93.7 (")
    assert "Wilson's, as if no two slices were related" in card
    assert "Fewer than two hospitals were tested." in card


def test_every_share_in_the_tables_has_its_interval():
    for line in lines_of(card_text(meta_of()), "|"):
        without = re.sub(r"\d+(\.\d)? \(\d+(\.\d)?–\d+(\.\d)?\)", "", line)
        assert not re.search(r"\d\.\d", without), line


def test_names_are_text():
    card = card_text(meta_of())
    assert "<script>" not in card
    assert "\\<script\\>alert(1)\\</script\\>" in card
    rows = lines_of(card, "| A\\|B \\*x\\* \\[y\\](http\\://z) |")
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [13, 7, 6], "no cell more than there are headings"


def test_what_a_hospital_holds():
    card = card_text(meta_of(names=["Hospital A", "Hospital B"], counts=[{"glioma": 7, "notumor": 3}, {"glioma": 10}]))
    assert "| Hospital A | 10 | 7 | 0 | 0 | 3 | 10 | 6 | 2 | 2 | 10 |" in card
    assert "Notumor is held by Hospital A alone: the model can learn the hospital instead of the class." in card
    assert "- Hospital A: DATA004 Look again." in card
    assert "Of the slices that each hospital used 15 % validate" in card
    assert "was not looked for." in card


def test_doubts_are_said():
    meta = meta_of(descriptions=[description("a", groups_across_splits=3)], grouped=False, temperature=None)
    card = card_text(meta)
    assert "- EVAL001: 3 groups of look-alike" in card
    assert "Slices were split one by one" in card
    assert "3 groups stand on more than one side" in card
    assert "points on test slices. No temperature is applied." in card
    leaking = card_text(meta_of(test_slices_trained_elsewhere=4))
    assert "Test slices of one hospital that another trains on, by keyed fingerprints: 4." in leaking
    assert "- EVAL005: 4 test slices of one hospital are trained on at another" in leaking
    assert "## Warnings\n\nNone." in card_text(meta_of())


def test_how_even_and_how_honest():
    worse = COUNTS.copy()
    worse[0] = [10, 22, 1, 0]
    meta = meta_of(names=["A", "B"], tests={"A": evaluated(COUNTS), "B": evaluated(worse)})
    card = card_text(meta)
    assert re.search(r"Worst hospital: B, 69\.5 \(\d+\.\d–\d+\.\d\) % of 105 slices; best: A, 88\.6 %", card)
    assert "Gap 19.0 points, standard deviation over hospitals 9.5 points." in card
    own = meta["metrics"]["calibration"]
    assert "Dividing the scores by 1.50 brings stated confidence closer to the share correct: " in card
    assert f"{100 * own['calibrated_ece']:.1f} instead of {100 * own['ece']:.1f} points on test slices." in card
    assert "cannot be checked with this model." in card


def test_synthetic_slices_and_yardsticks_are_said_first():
    drawn = description("a")
    drawn.numbers["synthetic"] = True
    card = card_text(meta_of(descriptions=[drawn]))
    assert card.startswith("# SYNTHETIC SLICES: Model card of run-007")
    assert SYNTHETIC in card
    assert "SYNTHETIC" not in card_text(meta_of())
    pooled = card_text(meta_of("strategy=pooled"))
    assert "**POOLED, not a federation" in pooled.split("## Model details")[0]
    assert "left them, but for this yardstick" in pooled


def test_a_run_without_a_shared_model_says_why():
    card = card_text(meta_of("strategy=local", sha256=None, keeps=EVERYTHING))
    assert "- Weights: none. There is no global model: each hospital trained alone." in card


def test_without_test_slices_nothing_is_claimed():
    card = card_text(meta_of(tests=dict.fromkeys(NAMES, evaluated(0 * COUNTS))))
    assert "| all hospitals | 0 | – | – |" in card
    assert "There was no test slice to measure it on." in card
    assert not re.search(r"nan|None(?!\.)", card)
    nobody = card_text(meta_of() | {"metrics": finished({})["metrics"]})
    assert "| all hospitals | 0 | – | – |" in nobody, "no hospital answered the test"


@pytest.mark.parametrize("engine", ["inprocess", "superlink"])
def test_the_command_composes_the_settings_again(engine):
    card = card_text(
        meta_of("strategy=fedadam", "experiment=fast", "hospitals=[phantom_jaipur,phantom_kolkata]", engine=engine)
    )
    command = card.split("```")[1].replace("\\\n", "")
    program, *words = command.replace('"', "").split()[2:]
    assert program == ("server.run" if engine == "superlink" else "server.simulate")
    again, first = compose_settings(words), compose_settings(["strategy=fedadam", "experiment=fast"])
    assert (again.train, again.strategy, again.rounds) == (first.train, first.strategy, first.rounds)
    assert again.hospitals == ["phantom_jaipur", "phantom_kolkata"]
    assert f"Strategy: fedadam (server_lr {first.strategy.server_lr:g}, beta_1 {first.strategy.beta_1:g}, " in card


def test_a_class_that_was_never_named_has_no_precision():
    counts = np.zeros((4, 4), np.int64)
    counts[:2, 0] = [20, 30]
    (meningioma,) = lines_of(card_text(meta_of(tests={NAMES[0]: evaluated(counts)})), "| meningioma")
    assert re.fullmatch(r"\| meningioma \| 30 \| 0\.0 \(.+\) \| 0 \| – \| 0\.0 \(.+\) \|", meningioma)


def test_the_figures_of_a_class_that_was_named_so_without_a_case():
    counts = np.zeros((4, 4), np.int64)
    counts[0] = [20, 0, 0, 4]
    (notumor,) = lines_of(card_text(meta_of(tests={NAMES[0]: evaluated(counts)})), "| notumor")
    assert notumor == "| notumor | 0\\* | – | 4 | – | – |"
