"""Where this project leans on Flower's inside: if one of these moves, this says so before a hospital does."""

import asyncio
import asyncio.sslproto
import inspect
from types import SimpleNamespace

import httpx
import uvicorn
from flwr.common import constant
from flwr.serverapp.strategy import FedAdam, FedAvg, FedAvgM, FedMedian, FedTrimmedAvg, FedYogi
from flwr.serverapp.strategy.multikrum import select_multikrum
from flwr.supercore.constant import FLEET_HTTP_PUBLIC_KEY_HEADER, FLEET_HTTP_SIGNATURE_HEADER, TaskType
from flwr.supercore.error import ApiErrorCode
from flwr.supercore.exit import flwr_exit
from flwr.supercore.object_store import object_store_factory
from flwr.supercore.superexec import run_superexec
from flwr.supercore.superexec.executor.types import Executor
from flwr.superlink import extensions, main
from flwr.superlink.cli.flower_superlink import flower_superlink
from flwr.supernode.runtime import run_clientapp
from uvicorn.protocols.http.h11_impl import H11Protocol

from clients.supernode.executor import ForkExecutor
from common import keys
from server.centre import gate, request_identity


def test_the_gate_is_hung_where_flower_asks_for_middleware():
    assert "extensions.get_middleware()" in inspect.getsource(main._get_middleware)
    assert callable(extensions.get_middleware)
    assert callable(flower_superlink)
    assert FLEET_HTTP_PUBLIC_KEY_HEADER.lower() == request_identity.KEY_HEADER
    assert FLEET_HTTP_SIGNATURE_HEADER.lower() == request_identity.SIGNATURE_HEADER
    assert constant.TIMESTAMP_HEADER.lower() == request_identity.CLOCK_HEADER


def test_the_listener_takes_the_place_of_flowers_call_of_uvicorn():
    import importlib

    command = importlib.import_module("flwr.superlink.cli.flower_superlink")
    assert command.uvicorn is uvicorn
    assert inspect.getsource(command).count("uvicorn.") == 1
    assert "    uvicorn.run(\n        app=fastapi_app,\n        host=" in inspect.getsource(command)
    accepts = inspect.getsource(asyncio.selector_events.BaseSelectorEventLoop._accept_connection)
    assert "conn, addr = sock.accept()" in accepts, "asyncio asks the socket itself"
    assert "BlockingIOError" in accepts
    assert callable(asyncio.sslproto.SSLProtocol._fatal_error)
    assert {"connection_made", "send_400_response"} <= set(vars(H11Protocol))


def test_the_superlink_keeps_what_travels_in_the_store_that_it_is_given(monkeypatch):
    given = object_store_factory.InMemoryObjectStore()
    monkeypatch.setattr(object_store_factory, "InMemoryObjectStore", lambda: given)
    assert object_store_factory.ObjectStoreFactory(":flwr-in-memory:").store() is given


def test_the_gate_takes_what_flowers_client_signs(tmp_path):
    from flwr.supernode.node_auth_http_interceptor import NodeAuthHttpInterceptor

    keys.new_key_pair(tmp_path / "a.key", tmp_path / "a.pub", "a")
    private = keys.load_private(tmp_path / "a.key")
    request = httpx.Request("POST", "https://centre/v1/fleet/push-object")
    context = SimpleNamespace(request=request)
    NodeAuthHttpInterceptor(private, private.public_key()).intercept(context, lambda _: None)
    scope = {"headers": [(name.lower(), value) for name, value in request.headers.raw]}
    assert request_identity.authenticated(scope, request_identity.RegisteredKeys(tmp_path)) == "a"
    assert gate._NOT_ACTIVATED["code"] == ApiErrorCode.FLEET_NODE_ACTIVATION_FAILED


def test_the_executor_has_every_method_that_flower_calls():
    wanted = {name for name in vars(Executor) if not name.startswith("_")}
    assert wanted <= set(dir(ForkExecutor))
    assert str(TaskType.CLIENT_APP) == "flwr-clientapp"
    assert ForkExecutor().get_eligible_capacity(set(TaskType), insecure=True) == ({TaskType.CLIENT_APP}, set())


def test_names_that_the_executor_replaces_are_there():
    import importlib

    superexec = importlib.import_module("flwr.supercore.superexec.run_superexec")
    clientapp = importlib.import_module("flwr.supernode.runtime.run_clientapp")
    assert callable(superexec.get_executor)
    assert callable(clientapp.get_load_client_app_fn)
    assert "parent_pid" in inspect.signature(clientapp.run_clientapp).parameters
    assert "superexec_auth_secret" in inspect.signature(superexec.run_superexec).parameters
    assert (flwr_exit, run_superexec, run_clientapp) is not None


def test_clock_tolerances_are_flowers():
    assert keys.SIGNATURE_AHEAD_SECONDS == constant.SYSTEM_TIME_TOLERANCE
    assert keys.SIGNATURE_BEHIND_SECONDS <= constant.TIMESTAMP_TOLERANCE


def test_flowers_average_is_still_the_sum_that_is_parked():
    from flwr.serverapp.strategy import strategy_utils

    source = inspect.getsource(strategy_utils.aggregate_arrayrecords)
    assert "weight_factors = [w / total_weight for w in weights]" in source
    assert "value.numpy() * weight" in source
    assert "aggregate_arrayrecords" in inspect.getsource(FedAvg.aggregate_train)


def test_flowers_strategies_look_at_replies_where_this_project_answers_for_them():
    for kind in (FedAvg, FedMedian, FedTrimmedAvg):
        assert "self._check_and_log_replies(replies, is_train=True)" in inspect.getsource(kind.aggregate_train)
    for kind in (FedAvgM, FedAdam, FedYogi):
        assert "super().aggregate_train(" in inspect.getsource(kind.aggregate_train)
    assert list(inspect.signature(select_multikrum).parameters) == [
        "contents",
        "num_malicious_nodes",
        "num_nodes_to_select",
    ]


def test_what_flowers_optimisers_remember_has_the_names_that_a_checkpoint_takes_up():
    assert {"m_t", "v_t", "current_arrays"} <= set(vars(FedAdam()))
    assert {"momentum_vector", "current_arrays"} <= set(vars(FedAvgM()))
