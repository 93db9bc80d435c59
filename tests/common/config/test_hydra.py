import pytest
from omegaconf import OmegaConf

from common.config.hydra import compose_config, compose_settings, hospital_from, load_hospital, load_hospitals
from common.config.settings import check_settings
from common.errors import InputError

PUBLIC_SURFACE = {
    "rounds": 10,
    "seed": 42,
    "output_dir": ".",
    "data.root": "dataset",
    "data.image_size": 224,
    "data.max_per_class": None,
    "data.val_fraction": 0.15,
    "data.test_fraction": 0.15,
    "train.local_epochs": 1,
    "train.batch_size": 32,
    "train.lr": 1e-4,
    "hospitals": ["aiims_delhi", "nimhans_bengaluru", "tata_memorial_mumbai"],
}


def test_public_names_and_defaults_stay():
    settings = OmegaConf.structured(compose_settings([]))
    assert {name: OmegaConf.select(settings, name) for name in PUBLIC_SURFACE} == PUBLIC_SURFACE


@pytest.mark.parametrize(
    ("override", "code", "says"),
    [
        ("rouds=3", "CONF001", "did you mean 'rounds'"),
        ("train.lrr=3", "CONF001", "did you mean 'train.lr'"),
        ("+colour=red", "CONF001", "no setting 'colour'"),
        ("experiment=fast_one", "CONF002", "choose one of: "),
        ("rounds", "CONF003", "name=value"),
        ("hospitals=[a,b", "CONF003", "cannot be read"),
        ("experiment=worth_it", "CONF011", "python -m server.study"),
        ("rounds=ten", "CONF004", "rounds takes a whole number, not 'ten'"),
        ("rounds=1.5", "CONF004", "whole number"),
        ("train.lr=fast", "CONF004", "train.lr takes a number"),
        ("hospitals=aiims_delhi", "CONF004", "a list such as [a,b]"),
        ("train.augment.flip=maybe", "CONF004", "true or false"),
        ("data.root=null", "CONF004", "data.root takes a value"),
        ("rounds=0", "CONF010", "from 1"),
        ("seed=-1", "CONF010", "seed"),
        ("data.image_size=8", "CONF010", "32 to 1024"),
        ("data.max_per_class=1", "CONF010", "from 3"),
        ("data.val_fraction=1.2", "CONF010", "between 0 and 1"),
        ("data.test_fraction=0.85", "CONF010", "for training"),
        ("train.batch_size=1", "CONF010", "from 2"),
        ("train.lr=0", "CONF010", "above 0"),
        ("train.lr=nan", "CONF010", "above 0"),
        ("train.sam_rho=2", "CONF001", "no setting 'train.sam_rho'"),
        ("train.label_smoothing=1", "CONF010", "from 0 to below 1"),
        ("train.local_epochs=0", "CONF010", "from 1"),
        ("train.schedule=linear", "CONF010", "cosine or constant"),
        ("strategy.min_hospitals=9", "CONF010", "1 to 3"),
        ("compute.engine=spark", "CONF010", "ray or inprocess"),
        ("compute.cores=0", "CONF010", "from 1 to 4096, or null"),
    ],
)
def test_a_mistake_is_one_sentence(override, code, says):
    with pytest.raises(InputError) as caught:
        compose_settings([override])
    assert caught.value.code == code
    assert says in caught.value.sentence
    assert "\n" not in caught.value.sentence


def test_every_experiment_and_hospital_composes():
    from common.config.hydra import CONF_DIR

    for path in (CONF_DIR / "experiment").glob("*.yaml"):
        load_hospitals(compose_config("study", [f"experiment={path.stem}"]).hospitals)
        if "study" not in OmegaConf.load(path):
            load_hospitals(compose_settings([f"experiment={path.stem}"]).hospitals)
    for path in (CONF_DIR / "hospital").glob("*.yaml"):
        assert load_hospital(path.stem).key == path.stem


def test_an_unknown_hospital_names_those_there_are():
    with pytest.raises(InputError, match=r"did you mean 'aiims_delhi'\?.*tata_memorial_mumbai"):
        load_hospital("aiims")


@pytest.mark.parametrize(("keys", "code"), [(["aiims_delhi"], "CONF008"), (["aiims_delhi", "aiims_delhi"], "CONF009")])
def test_a_federation_needs_two_different_hospitals(keys, code):
    with pytest.raises(InputError) as caught:
        load_hospitals(keys)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("change", "code"),
    [({"beds": 900}, "CONF006"), ({"location": [1]}, "CONF006"), ({"class_map": {"x": "tumour"}}, "CONF007")],
)
def test_a_hospital_file_is_checked(change, code):
    config = {
        "name": "N",
        "dataset_id": "d",
        "path": "p",
        "location": [1.0, 2.0],
        "specialty": "s",
        "class_map": {"glioma": "glioma"},
    }
    with pytest.raises(InputError) as caught:
        hospital_from(config | change, "n")
    assert caught.value.code == code
    assert "conf/hospital/n.yaml" in caught.value.sentence


@pytest.mark.parametrize("strategy", ["local", "fedbn"])
def test_where_hospitals_start_from_weights_of_their_own_an_experiments_first_model_is_left_out(strategy):
    assert compose_settings(["experiment=best"]).init == "synthetic"
    check_settings(settings := compose_settings(["experiment=best", f"strategy={strategy}"]))
    assert settings.init is None
    with pytest.raises(InputError, match="init=synthetic cannot be"):
        check_settings(compose_settings([f"strategy={strategy}", "init=synthetic"]))
