"""Keys are known before the port listens; what is no key is left out and harms nobody else."""

import inspect

import uvicorn
from flwr.server.superlink.linkstate import LinkStateFactory
from flwr.supercore.object_store import ObjectStoreFactory
from flwr.superlink.cli.flower_superlink import SuperLinkLifespan
from flwr.superlink.federation import NoOpFederationManager

from common.keys import fingerprint, load_public, new_key_pair
from server.centre.layout import Centre
from server.centre.registration import read_report, register_all, register_first, report_of
from server.centre.registry import Registry


def state_of():
    return LinkStateFactory(":flwr-in-memory:", NoOpFederationManager(), ObjectStoreFactory(":flwr-in-memory:"))


def centre_with(tmp_path, *names):
    centre = Centre(tmp_path)
    for folder in (centre.hospitals, centre.flower_home):
        folder.mkdir()
    for name in names:
        new_key_pair(tmp_path / f"{name}.key", centre.hospitals / f"{name}.pub", name)
    return centre


def test_every_key_is_registered_and_what_is_none_is_left_out(tmp_path):
    centre = centre_with(tmp_path, "aiims", "nimhans")
    (centre.hospitals / "broken.pub").write_text("no key")
    (centre.hospitals / "twin.pub").write_bytes((centre.hospitals / "aiims.pub").read_bytes())
    state = state_of().state()
    registered = register_all(centre.hospitals, state)
    assert list(registered) == ["aiims", "nimhans"]
    assert len(state.get_node_info()) == 2
    assert registered["aiims"][1] == fingerprint(load_public(centre.hospitals / "aiims.pub"))


def test_the_keys_are_registered_before_anything_listens_and_the_registry_takes_them_over(tmp_path, monkeypatch):
    centre = centre_with(tmp_path, "aiims")
    happened = []
    monkeypatch.setattr(SuperLinkLifespan, "startup", lambda self: happened.append("started"))
    register_first(centre.hospitals, report_of(centre))
    lifespan = type("Lifespan", (), {"state_factory": state_of()})()
    SuperLinkLifespan.startup(lifespan)
    assert happened == ["started"]
    assert list(read_report(centre)) == ["aiims"]
    registry = Registry(centre)
    assert [text.endswith("registered") for text in registry.take_over()] == [True]
    assert registry.follow() == [], "and no command of Flower's was needed"


def test_uvicorn_runs_the_lifespan_before_it_listens():
    source = inspect.getsource(uvicorn.Server.startup)
    assert source.index("lifespan.startup()") < source.index("create_server(")
    assert "superlink_lifespan.startup()" in inspect.getsource(
        __import__("flwr.superlink.main").superlink.main.create_app
    )
