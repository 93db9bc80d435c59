from concurrent.futures import ThreadPoolExecutor

import pytest

from common.artifacts.layout import check_writable, existing_run, new_log, new_run
from common.errors import InputError


def test_runs_are_numbered_after_the_highest(tmp_path):
    check_writable(tmp_path)
    (tmp_path / "artifacts" / "run-007").mkdir()
    (tmp_path / "artifacts" / "run-old").mkdir()
    assert new_run(tmp_path).run_id == "run-008"
    assert existing_run(tmp_path, "run-008").path.is_dir()


def test_runs_that_start_at_once_never_share_a_number(tmp_path):
    check_writable(tmp_path)
    with ThreadPoolExecutor(16) as pool:
        runs = list(pool.map(lambda _: new_run(tmp_path).run_id, range(32)))
    assert sorted(runs) == [f"run-{n:03d}" for n in range(1, 33)]


@pytest.mark.parametrize("run_id", ["run-099", "../artifacts", "run-1", ""])
def test_an_unknown_run_is_refused(tmp_path, run_id):
    check_writable(tmp_path)
    new_run(tmp_path)
    with pytest.raises(InputError, match="run-001"):
        existing_run(tmp_path, run_id)


def test_an_output_folder_that_cannot_be_one_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="output_dir"):
        check_writable(tmp_path / "file")


def test_two_logs_of_one_second_differ(tmp_path):
    check_writable(tmp_path)
    assert new_log(tmp_path) != new_log(tmp_path)
