"""A hospital that is to take part no longer is cut off, and at the end of it all nothing is left.

The last file that shares the federation: the hospital stays out of it.
"""

from common.keys import fingerprint, load_public
from tests.deployment.harness import KEYS


def test_a_revoked_hospital_is_cut_off_and_told(shared):
    shared.stand()
    file = shared.credentials / "hospitals" / f"{KEYS[1]}.pub"
    shown, content = fingerprint(load_public(file)), file.read_bytes()
    file.unlink()
    shared.serving.until(f"{KEYS[1]}: key {shown} revoked")
    shared.serving.until(f"(unknown key {shown})")
    shared.joined[KEYS[1]].until("key was revoked")
    file.write_bytes(content)
    shared.serving.until(f"{KEYS[1]} could not be registered: its key was revoked")


def test_everything_ends_when_asked(shared):
    shared.stand()
    for process in shared.joined.values():
        assert process.stop() == 0
        assert "disconnected." in process.text
    assert shared.serving.stop() == 0
    shared.wait_until_all_is_gone(120)
