"""Whatever is typed for a setting, the answer is one sentence or settings that can be: never anything else."""

import copy
import math
from collections.abc import Callable
from dataclasses import asdict
from functools import cache, partial

import pytest
from omegaconf import OmegaConf

from common.config.bounds import walk
from common.config.hydra import compose_settings, load_hospitals, typed
from common.config.overrides import flat, written
from common.config.settings import RunSettings, check_settings
from common.config.strategies import STRATEGIES
from common.errors import ProjectError
from server.recording.resume import resumed_settings

NUMBERS = (math.nan, math.inf, -math.inf, 1e23, 10**23, 1e300, -1e300, 1e-320, -1, 10**400, 2**31, 0)
TEXTS = ("", " ", "a\nb", "\u202e", "\udcff", "x" * 5000, "\x1b[31m", "\0")
COMPOSED = ("1e999", 10**400, None, [1], "${oc.env:NOPE}")
LINES = ("${nope}", "[" * 2000, "{a:" * 1000, "[[[", "'", "a=b", ",", "9" * 400, "\udcff", "'${oc.env:NOPE}'")
SETTINGS = [(name, value) for name, value, _ in walk(RunSettings())]


def answer(make: Callable[[], RunSettings]) -> RunSettings | None:
    """Make settings; None where a sentence refuses them."""
    try:
        return make()
    except ProjectError as error:
        said, code = str(error), error.exit_code
    assert code == 2
    assert 10 < len(said) < 2000
    assert said.isprintable()
    return None


@cache
def base(strategy: str) -> RunSettings:
    return compose_settings([f"strategy={strategy}"])


def users(name: str) -> str:
    return next((row for row, each in STRATEGIES.items() if name.removeprefix("strategy.") in each.numbers), "fedavg")


def with_value(name: str, value: object) -> RunSettings:
    settings = copy.deepcopy(base(users(name)))
    *parents, last = name.split(".")
    part = settings
    for parent in parents:
        part = getattr(part, parent)
    setattr(part, last, value)
    check_settings(settings)
    return settings


@pytest.mark.parametrize(("name", "default"), SETTINGS)
def test_a_hostile_value_is_refused_in_a_sentence_or_can_be(name, default):
    for value in (
        TEXTS if isinstance(default, str) else () if isinstance(default, bool | list) or name == "resume" else NUMBERS
    ):
        settings = answer(partial(with_value, name, value))
        for key, found in flat(asdict(settings)).items() if settings else ():
            if isinstance(found, float | int):
                assert math.isfinite(found) and abs(found) < 2**31, (key, value)  # noqa: PT018
            if key in ("data.root", "data.cache_dir", "output_dir"):
                assert found.strip() and found.isprintable(), (key, value)  # noqa: PT018


def test_a_value_of_any_type_is_refused_in_a_sentence_or_can_be():
    for name, _ in SETTINGS:
        for value in COMPOSED:
            changed = OmegaConf.create({})
            OmegaConf.update(changed, name, value)
            answer(lambda changed=changed: typed(changed, RunSettings))


@pytest.mark.parametrize("value", LINES)
def test_what_hydra_cannot_read_is_a_sentence(value):
    for override in (f"data.root={value}", f"+{value}=1"):
        answer(lambda override=override: compose_settings([override]))


@pytest.mark.parametrize(
    "override",
    [
        "data.cache_dir=''",
        "output_dir=''",
        "rounds=1e23",
        "train.weight_decay=1e300",
        "strategy.wait_seconds=inf",
        "strategy.timeout_seconds=nan",
        f"rounds={'[' * 2000}",
    ],
)
def test_what_cannot_be_is_refused(override):
    assert answer(lambda: compose_settings([override])) is None


@pytest.mark.parametrize("run", ["../../etc", "run-001\n", "run-" + "9" * 5000, "", "run-٠٠١", "\udcff"])
def test_a_run_that_cannot_be_is_refused(run, tmp_path):
    settings = copy.deepcopy(base("fedavg"))
    settings.output_dir, settings.resume = str(tmp_path), run
    with pytest.raises(ProjectError, match="RUN001"):
        resumed_settings(settings, [f"resume={run}"])


@pytest.mark.parametrize("names", [["..", "/etc"], ["\udcff", "a"], ["x" * 5000, "y"], ["aiims_delhi", "../x"]])
def test_a_hospital_that_cannot_be_is_refused(names):
    assert answer(lambda: load_hospitals(names)) is None


@pytest.mark.parametrize(
    "text", [".", "a b", "it's", "$HOME", "a,b", "x=y", "(1)", "~", "ä", "null", "-3", "a:b", "{}", "\\"]
)
def test_a_path_of_any_signs_comes_back_as_it_was(text):
    assert compose_settings([f"output_dir={written(text)}"]).output_dir == text
