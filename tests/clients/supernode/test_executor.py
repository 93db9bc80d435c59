"""What the centre sends along as code is neither run nor unpacked at a hospital, whatever it holds."""

import hashlib
import importlib
import io
import zipfile
from importlib.metadata import version
from types import SimpleNamespace

import pytest
from flwr.app import ConfigRecord, Context, Message, RecordDict
from flwr.clientapp import ClientApp
from flwr.supercore.fab import Fab
from flwr.supercore.task_identity import TaskIdentity

from clients.supernode import executor

FLOWERS = importlib.import_module("flwr.supernode.runtime.run_clientapp")
PROJECT = """
[project]
name = "brain-tumour-federation"
version = "{version}"
[tool.flwr.app]
publisher = "brain-tumour-federation"
[tool.flwr.app.components]
serverapp = "server.app:app"
clientapp = "clients.app:app"
"""
INSTALLED = {"by": ConfigRecord({"who": "what is installed here"})}
EVIL = "from pathlib import Path\nPath('{sign}').write_text('code of the centre ran')\nraise SystemExit\n"


def archive(**files):
    """An archive as Flower packs it, with a list of hashes that is right."""
    listed = "\n".join(
        f"{name},{hashlib.sha256(text.encode()).hexdigest()},{len(text)}" for name, text in files.items()
    )
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for name, text in {**files, ".info/CONTENT": listed}.items():
            packed.writestr(name, text)
    return content.getvalue()


def hostile(tmp_path):
    sign = tmp_path / "sign"
    evil = EVIL.format(sign=sign)
    here = PROJECT.format(version=version(executor.PACKAGE))
    code = {"clients/__init__.py": evil, "clients/app.py": evil, "sitecustomize.py": evil}
    return sign, {
        "other code": archive(**{"pyproject.toml": here}, **code),
        "a version that is a path": archive(
            **{"pyproject.toml": PROJECT.format(version=f"1/../../../../{tmp_path.name}/planted")}, **code
        ),
        "a path that leads out": archive(**{"pyproject.toml": here, "../../planted": evil}),
        "no archive": b"\x00" * 100,
        "nothing": b"",
    }


@pytest.fixture
def answer(monkeypatch, tmp_path):
    """Let the real ClientApp process answer one message that came with an archive; return what it would send."""
    TaskIdentity.task_id, TaskIdentity.run_id, TaskIdentity.node_id = 1, 1, 1
    installed = ClientApp()
    installed.query()(lambda message, context: Message(RecordDict(INSTALLED), reply_to=message))
    monkeypatch.setattr("clients.app.app", installed)
    monkeypatch.setenv("FLWR_HOME", str(tmp_path / "home" / "flower"))
    (tmp_path / "home" / "flower").mkdir(parents=True)
    sent = []
    silent = SimpleNamespace(start=lambda: None, stop=lambda: None, is_running=False)
    for name, stand_in in {
        "RuntimeHttpClient": SimpleNamespace(from_server_address=lambda **_: SimpleNamespace(close=lambda: None)),
        "HeartbeatSender": lambda *_: silent,
        "make_task_heartbeat_fn_http": lambda *_: None,
        "push_message": lambda client, message, context: sent.append(message),
        "register_signal_handlers": lambda **_: None,
        "flwr_exit": lambda **_: None,
        "get_load_client_app_fn": FLOWERS.get_load_client_app_fn,  # what answer_one changes is restored
        "install_from_fab": FLOWERS.install_from_fab,
    }.items():
        monkeypatch.setattr(FLOWERS, name, stand_in)
    monkeypatch.setattr(executor, "_mark_own_log_lines", lambda: None)

    def one(content, fab_version=None):
        fab_version = fab_version or version(executor.PACKAGE)
        run = SimpleNamespace(run_id=1, fab_id="a/b", fab_version=fab_version)
        context = Context(1, 1, {}, RecordDict(), {})
        message = Message(RecordDict({"config": ConfigRecord({})}), dst_node_id=1, message_type="query")
        fab = Fab(hashlib.sha256(content).hexdigest(), content, {})
        monkeypatch.setattr(FLOWERS, "pull_task_input", lambda client: (message, context, run, fab))
        executor.answer_one("127.0.0.1:1", "token", None)
        return sent.pop()

    return one


@pytest.mark.parametrize(
    "which", ["other code", "a version that is a path", "a path that leads out", "no archive", "nothing"]
)
def test_no_archive_of_the_centres_is_run_or_unpacked(which, answer, tmp_path):
    sign, archives = hostile(tmp_path)
    reply = answer(archives[which])
    assert dict(reply.content) == INSTALLED, "the hospital's own program answers"
    assert not sign.exists(), "the centre's was not run"
    own = tmp_path / "home" / "flower" / "source"  # Flower's random number for its telemetry, which is off
    found = [path for path in tmp_path.rglob("*") if path.is_file() and path != own]
    assert not found, "nothing of the archive is anywhere"


def test_another_version_is_told_to_the_centre(answer):
    reply = answer(archive(), fab_version="9.9")
    assert reply.has_error()
    assert "attempting to load" in reply.error.reason
