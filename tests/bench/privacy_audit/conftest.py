"""The networks of the attacked runs are known by name, as any."""

import pytest

from common.config.architectures import ARCHITECTURES
from tests.support.audited import SMOOTH, WIDE


@pytest.fixture(autouse=True)
def _networks(monkeypatch):
    monkeypatch.setitem(ARCHITECTURES, "wide", WIDE)
    monkeypatch.setitem(ARCHITECTURES, "smooth", SMOOTH)
