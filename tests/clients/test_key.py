"""A hospital makes its own key, under the name by which the centre knows it."""

import pytest

from clients import key


def test_a_pair_is_made_and_the_fingerprint_said(tmp_path, capsys):
    assert key.main(["aiims_delhi", "--out", str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["aiims_delhi.key", "aiims_delhi.pub"]
    assert "SHA256:" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "code"), [("AIIMS Delhi", "KEY005"), ("../x", "KEY005"), ("aiims_delhi", "KEY001")])
def test_a_name_that_the_centre_would_refuse_and_a_key_that_is_there(tmp_path, capsys, name, code):
    assert key.main(["aiims_delhi", "--out", str(tmp_path)]) == 0
    assert key.main([name, "--out", str(tmp_path)]) == 2
    assert code in capsys.readouterr().err


def test_a_folder_that_is_not_there(tmp_path, capsys):
    assert key.main(["aiims_delhi", "--out", str(tmp_path / "missing")]) == 2
    assert "KEY001" in capsys.readouterr().err
