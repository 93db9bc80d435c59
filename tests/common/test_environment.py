"""What a run records of the machine it computes on."""

from common.environment import environment, packages


def test_packages_are_the_projects_own_with_their_versions():
    found = packages()
    assert {"numpy", "torch", "scikit-learn", "msgspec"} <= found.keys()
    assert "pytest" not in found, "what only tests need"
    assert all(version[0].isdigit() for version in found.values())


def test_the_environment_names_platform_and_python_and_not_the_machine():
    import getpass
    import socket

    found = environment()
    assert found["platform"]
    assert found["python"].startswith("CPython 3.")
    assert len(found.get("commit", "0" * 40).removesuffix("-dirty")) == 40
    told = " ".join(found.values()).split()
    assert socket.gethostname() not in told
    assert getpass.getuser() not in told
