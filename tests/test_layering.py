"""Which room may import which, and which libraries each lets in; see docs/architecture.md."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("common", "server", "clients", "dashboard")
EXTERNAL = {
    "common": {"server", "clients", "dashboard", "flwr", "ray", "streamlit"},
    "server": {"clients", "dashboard"},
    "clients": {"server", "dashboard"},
    "dashboard": {"server", "clients", "flwr", "ray"},
}
BOTH_SIDES = "server/hospitals_side.py"  # a simulation is both

# room of common/ to the rooms that it stands on; the ground, modules without a room, stands on none
ROOMS = {
    "config": set(),
    "metrics": set(),
    "model": {"config", "metrics"},
    "data": {"config", "metrics", "model"},
    "audit": {"config", "metrics", "model", "data"},
    "privacy": {"config", "model"},
    "training": {"config", "metrics", "model", "data", "audit", "privacy"},
    "pretraining": {"config", "metrics", "model", "data", "audit", "training"},
    "protocol": {"config", "metrics", "model", "data", "audit"},
    "overlap": {"config", "metrics", "model", "data", "audit", "training", "protocol"},
    "secagg": {"config", "model", "protocol", "privacy"},
    "study": {"config", "metrics", "model", "data", "audit", "training", "protocol", "overlap"},
    "artifacts": {"config", "metrics", "model", "data", "audit", "training", "protocol", "overlap", "study"},
    "dossier": {"config", "metrics", "model", "data", "audit", "training", "protocol", "overlap", "study", "artifacts"},
    "phantoms": set(),
}
SERVER_ROOMS = {
    "server/recording": {"server/recording"},
    "server/strategies": {"server/strategies"},
    "server/centre": {"server/centre"},
    "server/federation": {"server/federation", "server/recording", "server/strategies"},
    "server/engines": {"server/engines", "server/federation"},
    "server/study": {"server/study", "server/recording"},
    "server/comparison": {"server/comparison", "server/study", "server/recording"},
    "server/export": {"server/export"},
}
FLOWER = ("clients/app.py", "clients/checks", "clients/supernode", "server/app.py", "server/centre", "server/engines")
FLOWER_ROOMS = (*FLOWER, "server/federation")
SECRET_SHARING = "common/secagg/shamir.py"  # pure functions of Flower's, which know nothing of messages
HYDRA = {"common/config/hydra.py", "common/config/hydra_errors.py"}
COMMANDS = {  # python -m ...: what a person starts
    "server": (
        "simulate",
        "run",
        "serve",
        "credentials",
        "promote",
        "cross_duplicates",
        "verify",
        "evaluate",
        "compare",
        "dossier",
    ),
    "clients": ("join", "preflight", "audit", "fingerprints", "key", "shared_key"),
}


def imported(path: Path) -> set[str]:
    """Every module that a file imports, by its dotted name."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def files(*folders: str) -> Iterator[tuple[str, set[str]]]:
    """Each file below some folders, relative to the root, with what it imports."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), imported(path)


def top(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


def rooms(names: set[str], package: str) -> set[str]:
    """The rooms of a package that some modules are in; the ground is none."""
    inside = (name.split(".") for name in names if name.startswith(f"{package}."))
    return {parts[1] for parts in inside if (ROOT / package / parts[1]).is_dir()}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_what_it_may(package):
    for name, names in files(package):
        allowed = {BOTH_SIDES: {"clients"}, SECRET_SHARING: {"flwr"}}.get(name, set())
        against = top(names) & (EXTERNAL[package] - allowed)
        assert not against, f"{name} imports {against}"


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_of_common_imports_one_above_it(room):
    for name, names in files(f"common/{room}"):
        assert not rooms(names, "common") - ROOMS[room] - {room}, name


def test_every_room_of_common_has_its_place_and_the_ground_stands_on_none():
    found = {path.name for path in (ROOT / "common").iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert found == set(ROOMS)
    for path in (ROOT / "common").glob("*.py"):
        assert not rooms(imported(path), "common"), path.name


@pytest.mark.parametrize("room", SERVER_ROOMS)
def test_no_room_of_the_server_imports_one_above_it(room):
    for name, names in files(room):
        assert {f"server/{each}" for each in rooms(names, "server")} <= SERVER_ROOMS[room], name


def test_flower_hydra_and_torch_are_let_in_where_they_belong():
    for name, names in files(*PACKAGES):
        if "flwr" in top(names):
            assert name.startswith((*FLOWER_ROOMS, SECRET_SHARING)), f"{name} imports Flower"
        if name.startswith("common/") and top(names) & {"hydra", "omegaconf"}:
            assert name in HYDRA, f"{name} imports Hydra"
        if name.startswith(("common/metrics/", "common/study/")) or name == "common/artifacts/load.py":
            assert "torch" not in top(names), f"{name} imports torch"


@pytest.mark.parametrize("package", COMMANDS)
def test_entry_points_never_import_each_other(package):
    for command in COMMANDS[package]:
        others = {f"{package}.{other}" for other in COMMANDS[package] if other != command}
        names = imported(ROOT / package / f"{command}.py")
        assert not [name for name in names if name in others or name.rpartition(".")[0] in others], command


def test_no_folder_is_wider_than_sixteen_files():
    for package in PACKAGES:
        for folder in (ROOT / package, *(path for path in (ROOT / package).rglob("*") if path.is_dir())):
            assert len(list(folder.glob("*.py"))) <= 16, folder.relative_to(ROOT)


def test_tests_mirror_the_tree():
    for path in (ROOT / "tests").rglob("test_*.py"):
        where = path.relative_to(ROOT / "tests")
        if where.parts[0] not in PACKAGES:
            continue
        if len(where.parts) == 2:  # of the package as a whole
            continue
        folder, name = ROOT / where.parent, where.stem.removeprefix("test_")
        modules = {each.stem for each in folder.iterdir() if each.suffix == ".py" or each.is_dir()}
        assert any(name == module or name.startswith(f"{module}_") for module in modules), where


LIGHT = ("clients.audit", "clients.cases.__main__", "clients.join", "clients.key")
LIGHT_AT_THE_CENTRE = (
    "server.compare",
    "server.credentials",
    "server.evaluate",
    "server.dossier",
    "server.export.__main__",
    "server.promote",
    "server.run",
    "server.serve",
    "server.verify",
)
LIGHT_READERS = ("common.artifacts.load", "common.study.answers")


def test_commands_that_train_nothing_answer_without_waiting_for_pytorch():
    modules = [*LIGHT, *LIGHT_AT_THE_CENTRE, *LIGHT_READERS]
    code = f"import sys, {', '.join(modules)}; print(*({{'torch', 'sklearn'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
