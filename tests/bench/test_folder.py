import re

import numpy as np

from bench import folder
from bench._slices import draw_folder
from common.data.cache import open_library
from common.data.duplicates import find_near_duplicates
from common.data.scan import scan_folder
from common.data.thumbs import correlate_all


def test_it_ends_with_the_cost_of_a_slice_at_the_largest_size_over_the_smallest(capfd):
    folder.main(["--sizes", "60", "120", "--repeats", "1"])
    lines = capfd.readouterr().out.splitlines()
    assert re.fullmatch(r"ratio=\d+\.\d\d \(CPU seconds a slice, 120 slices over 60\)", lines[-1])
    seen = [line.split()[0] for line in lines if line.strip()]
    assert [name for name in seen if name in folder.STEPS] == list(folder.STEPS)


def test_the_drawn_slices_are_as_different_as_real_ones_and_hold_copies(tmp_path):
    drawn = draw_folder(tmp_path / "slices", 400, seed=3)
    scan = scan_folder(tmp_path / "slices", {})
    assert len(scan.files) == len(drawn) == 400
    thumbs = open_library(scan, 32, tmp_path / "cache").thumbs
    alike = correlate_all(thumbs[::20], thumbs[10::20])
    assert 0.4 < np.median(alike) < 0.7
    turned = find_near_duplicates(thumbs)
    assert set(turned.orientation.tolist()) == set(range(8))


def test_the_same_seed_draws_the_same_files(tmp_path):
    first, second = (draw_folder(tmp_path / name, 30, seed=5) for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert [path.name for path in first] == [path.name for path in second]
