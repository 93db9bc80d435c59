from common.config.architectures import ARCHITECTURES, DEFAULT_ARCHITECTURE, architecture_of
from common.config.hydra import compose_settings


def test_every_network_can_be_chosen_by_its_name():
    for name in ARCHITECTURES:
        assert compose_settings([f"model={name}"]).model.name == name
    assert compose_settings([]).model.name == DEFAULT_ARCHITECTURE == "resnet18"


def test_a_file_that_names_none_is_of_version_1():
    assert architecture_of({}) == architecture_of({"settings": {"model": None}}) == DEFAULT_ARCHITECTURE
    assert architecture_of({"settings": {"model": {"name": "other"}}}) == "other"
