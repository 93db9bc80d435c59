import stat

from clients.shared_key import main
from common.keys import load_shared_key, new_shared_key
from common.overlap.fingerprints import key_mark


def test_the_command_makes_a_key_for_its_owner_only_and_says_its_mark(tmp_path, capsys):
    assert main([str(tmp_path / "a.key")]) == 0
    key, said = load_shared_key(tmp_path / "a.key"), capsys.readouterr().out
    assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600
    assert key_mark(key) in said
    assert key.hex() not in said


def test_an_existing_key_is_not_overwritten(tmp_path, capsys):
    new_shared_key(tmp_path / "a.key")
    before = load_shared_key(tmp_path / "a.key")
    assert main([str(tmp_path / "a.key")]) == 2
    assert "KEY001" in capsys.readouterr().err
    assert load_shared_key(tmp_path / "a.key") == before
