"""Hospitals apart from the server, with a small network."""

import pytest

from tests.support.separate import Separate
from tests.support.small_network import in_place_of_resnet18


@pytest.fixture(scope="module", autouse=True)
def _small():
    with in_place_of_resnet18():
        yield


@pytest.fixture(scope="module")
def separate(phantoms, tmp_path_factory):
    return Separate(phantoms, tmp_path_factory.mktemp("separate"))
