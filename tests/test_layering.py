"""`common` stands alone; server, clients and dashboard stand on it and never on each other."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FORBIDDEN = {
    "common": {"server", "clients", "dashboard", "flwr", "ray", "streamlit"},
    "server": {"clients", "dashboard"},
    "clients": {"server", "dashboard"},
    "dashboard": {"server", "clients", "flwr", "ray"},
}
EXCEPTIONS = {"server/simulate.py": {"clients"}}
HYDRA_ALLOWED = {"common/config/hydra.py", "common/config/hydra_errors.py"}


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", FORBIDDEN)
def test_a_package_imports_only_what_it_may(package):
    for path in (ROOT / package).rglob("*.py"):
        relative = path.relative_to(ROOT).as_posix()
        against = imported(path) & (FORBIDDEN[package] - EXCEPTIONS.get(relative, set()))
        assert not against, f"{relative} imports {against}"


def test_hydra_stays_at_the_edge_of_common():
    users = {path for path in (ROOT / "common").rglob("*.py") if imported(path) & {"hydra", "omegaconf"}}
    assert {path.relative_to(ROOT).as_posix() for path in users} == HYDRA_ALLOWED


LIGHT = ("audit", "join", "key")
LIGHT_AT_THE_CENTRE = ("credentials", "promote", "run", "serve")


def test_commands_that_train_nothing_answer_without_waiting_for_pytorch():
    modules = [*(f"clients.{name}" for name in LIGHT), *(f"server.{name}" for name in LIGHT_AT_THE_CENTRE)]
    code = f"import sys, {', '.join(modules)}; print(*({{'torch', 'sklearn'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
