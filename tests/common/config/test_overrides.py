"""What is written composes the same settings again."""

import random
from dataclasses import asdict

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from common.config.hydra import compose_settings
from common.config.overrides import NO_FIGURE, figure_overrides, flat, overrides_of, written


@pytest.mark.parametrize(
    "chosen",
    [
        [],
        ["strategy=fedprox", "strategy.proximal_mu=0.3", "experiment=fast"],
        ["strategy=scaffold", "train.lr=1e-4", "train.weight_decay=0.01"],
        ["hospitals=[phantom_jaipur,phantom_kolkata]", "train.schedule=constant", "data.max_per_class=7"],
        ["data.root='/a b/it\\'s, a {folder}'", "train.augment.flip=false", "compute.threads=2"],
    ],
)
def test_there_and_back(chosen):
    settings = compose_settings(chosen)
    overrides = overrides_of(asdict(settings))
    assert compose_settings(overrides) == settings
    assert len(overrides) <= 12, "only what differs"


def test_places_decide_no_figure():
    settings = compose_settings(
        ["data.root=/secret", "output_dir=/x", "compute.cores=1", "compute.threads=2", "seed=7"]
    )
    assert figure_overrides(asdict(settings)) == ["strategy=fedavg", "seed=7", "compute.threads=2"]
    assert set(NO_FIGURE) < set(flat(asdict(settings))), "each is a setting"


def test_settings_in_part_are_as_configured_for_the_rest():
    assert figure_overrides({"rounds": 20, "seed": 42}) == ["rounds=20"]


def test_words_are_bare_and_what_hydra_reads_otherwise_is_quoted():
    assert [written(text) for text in ("cosine", "null", "True", "1e-4", "a b", "inf", "Nan")] == [
        "cosine",
        "'null'",
        "'True'",
        "'1e-4'",
        "'a b'",
        "'inf'",
        "'Nan'",
    ]
    assert [written(value) for value in (None, False, ["a", 1], 1e-3)] == ["null", "false", "[a,1]", "0.001"]


def test_any_text_comes_back_as_it_was():
    parser, chance = OverridesParser.create(), random.Random(0)
    for _ in range(500):
        text = "".join(chance.choice("\\\\\\''\"${}[],:= ab/\n#") for _ in range(chance.randint(0, 9)))
        override = parser.parse_override(f"x={written(text)}")
        assert OmegaConf.create({"x": override.value()}).x == text, written(text)


@pytest.mark.parametrize("text", ["it's \\", "a\\'b", "${seed}", "\\\\${oc.env:HOME}/\\"])
def test_it_comes_back_through_all_of_hydra(text):
    assert compose_settings([f"data.root={written(text)}", f"hospitals={written([text, 'b'])}"]).data.root == text
