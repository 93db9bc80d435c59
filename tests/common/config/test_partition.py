import pytest

from common.config.hydra import compose_settings, load_hospitals
from common.config.overrides import overrides_of
from common.config.partition import Part, PartitionSettings, cut_otherwise, cut_sentence, part_of, refuse_parts
from common.config.settings import RunSettings
from common.errors import InputError
from server.study.grid import what_counts


def composed(*overrides: str) -> RunSettings:
    return compose_settings(list(overrides))


def test_nothing_is_cut_unless_it_is_asked_for():
    settings = composed()
    assert settings.hospitals == ["aiims_delhi", "nimhans_bengaluru", "tata_memorial_mumbai"]
    assert "partition" not in what_counts(settings), "earlier runs and studies are found again"


def test_one_folder_becomes_hospitals_that_differ_in_key_and_name_alone():
    settings = composed("hospitals=[aiims_delhi]", "partition.hospitals=10", "partition.by=classes")
    whole, parts = load_hospitals(["aiims_delhi"], fewest=1)[0], load_hospitals(settings.hospitals)
    assert [each.key for each in parts] == [f"aiims_delhi_part_{number}_of_10" for number in range(1, 11)]
    assert parts[2].name == "AIIMS Delhi, part 03 of 10"
    assert {(each.path, each.dataset_id, each.location) for each in parts} == {
        (whole.path, whole.dataset_id, whole.location)
    }
    assert part_of(parts[2].key, settings.partition) == Part(3, 10, "classes", 0.5, 42)
    assert "partition" in what_counts(settings)


def test_several_folders_are_cut_each_on_its_own_as_evenly_as_it_goes():
    keys = composed("partition.hospitals=7").hospitals
    assert [sum(key.startswith(name) for key in keys) for name in ("aiims", "nimhans", "tata")] == [3, 2, 2]
    assert composed("partition.hospitals=4").hospitals[2:] == ["nimhans_bengaluru", "tata_memorial_mumbai"]
    assert composed("partition.hospitals=3").hospitals == composed().hospitals


def test_the_settings_of_a_run_compose_the_same_hospitals_again():
    settings = composed("partition=classes", "partition.hospitals=5", "partition.seed=7", "hospitals=[aiims_delhi]")
    again = overrides_of({name: value for name, value in vars(settings).items() if name == "hospitals"})
    assert compose_settings([*again, "partition=classes", "partition.hospitals=5", "partition.seed=7"]) == settings
    fewer = compose_settings([f"hospitals=[{','.join(settings.hospitals[1:])}]", "partition.hospitals=5"])
    assert fewer.hospitals == settings.hospitals[1:], "a study that leaves a part out cuts nothing anew"


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (["partition.hospitals=1"], "partition.hospitals=1 cannot be; partition.hospitals takes 0, or a whole number"),
        (["partition.hospitals=2"], "takes at least 3, one for each of the hospitals named"),
        (["partition.hospitals=10", "partition.by=age"], "patients, size or classes"),
        (["partition.hospitals=10", "partition.alpha=0"], "0.01 to 1000"),
        (["partition.hospitals=10", "partition.alpha=nan"], "0.01 to 1000"),
        (["partition.hospitals=1000000000"], "from 2 to 1000"),
    ],
)
def test_what_cannot_be_cut_is_one_sentence(overrides, sentence):
    with pytest.raises(InputError, match="CONF010") as error:
        composed(*overrides)
    assert sentence in error.value.sentence


@pytest.mark.parametrize("key", ["aiims_delhi_part_11_of_10", "aiims_delhi_part_0_of_10", "nobody_part_1_of_3"])
def test_a_part_that_no_folder_has_is_no_hospital(key):
    with pytest.raises(InputError, match="CONF005"):
        load_hospitals([key], fewest=1)


def test_a_machine_of_its_own_is_no_part_of_a_folder():
    refuse_parts(["aiims_delhi", "nimhans_bengaluru"])
    with pytest.raises(InputError, match="PART001") as error:
        refuse_parts(composed("partition.hospitals=10").hospitals)
    assert "server.simulate" in error.value.sentence


def test_screens_say_that_hospitals_are_simulated():
    one = composed("hospitals=[aiims_delhi]", "partition=classes", "partition.alpha=0.1")
    said = "Simulated hospitals: one data set cut into 10, by classes (Dirichlet, alpha 0.1)."
    assert cut_sentence(one.hospitals, one.partition) == said
    left_out = cut_sentence(one.hospitals[:-1], one.partition)
    assert left_out == said, "that of a study's cell without one of them, too"
    three = composed("partition.hospitals=30")
    assert (
        cut_sentence(three.hospitals, three.partition) == "Simulated hospitals: 3 data sets cut into 30, by patients."
    )
    assert cut_sentence(composed().hospitals, PartitionSettings()) is None


def test_parts_of_one_cut_share_no_slice_and_those_of_two_do():
    assert not cut_otherwise("a_part_1_of_3", "a_part_2_of_3")
    assert not cut_otherwise("a", "a")
    assert not cut_otherwise("a_part_1_of_3", "b")
    assert cut_otherwise("a", "a_part_2_of_3")
    assert cut_otherwise("a_part_1_of_4", "a_part_2_of_3")
