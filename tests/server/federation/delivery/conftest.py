"""Hospitals apart from the server."""

import pytest

from tests.support.separate import Separate


@pytest.fixture(scope="module")
def separate(phantoms, tmp_path_factory):
    return Separate(phantoms, tmp_path_factory.mktemp("separate"))
