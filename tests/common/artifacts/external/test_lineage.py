"""What a run's first model was made of, as ``model_meta.json`` keeps it and sentences say it."""

import pytest

from common.artifacts.external.lineage import Ancestor, Origin, Synthetic, origin_of
from common.artifacts.external.words import descent

MADE = Synthetic(images=8192, recipe="ab" * 32)
RUN = Ancestor("run-003", "cd" * 32)


@pytest.mark.parametrize(
    ("origin", "says"),
    [
        (Origin(synthetic=MADE), "Starts from weights that saw 8,192 program-made images, no patient."),
        (Origin([RUN]), "Trained on from the model of run-003 (SHA-256 cdcdcdcdcdcd)."),
        (
            Origin([RUN], MADE),
            "Trained on from the model of run-003 (SHA-256 cdcdcdcdcdcd), and at the very first from weights that saw "
            "8,192 program-made images, no patient.",
        ),
    ],
)
def test_an_origin_is_kept_whole_and_said_in_a_sentence(origin, says):
    assert origin_of({"init": origin.to_json()}) == origin
    assert descent(origin) == says


def test_what_is_trained_on_from_a_pre_trained_run_remembers_what_that_one_saw():
    after = Origin.of({"init": Origin(synthetic=MADE).to_json()}, "run-003", RUN.model_sha256)
    assert after == Origin([RUN], MADE)


def test_a_file_that_says_nothing_of_it_has_no_origin():
    for init in (None, {}, {"synthetic": {"images": 0, "recipe": "x"}}, {"synthetic": 3}, {"lineage": [3]}):
        assert origin_of({"init": init}) is None
