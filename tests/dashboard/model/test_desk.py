from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from common.artifacts.service import put_in_service
from common.phantoms.hospitals import HOSPITALS, draw_slice, plan_slices
from dashboard.model import desk as desks
from dashboard.model import inference
from dashboard.model.desk import Desk
from tests.support.service_runs import completed_run
from tests.support.uploads import dicom, encoded, png, slice_levels


@pytest.fixture(scope="module")
def answerer(tmp_path_factory: pytest.TempPathFactory) -> inference.Answerer:
    folder = tmp_path_factory.mktemp("out")
    completed_run(folder, seed=3, synthetic=True)
    put_in_service(folder, "run-001", reason="a test", by="a test")
    return inference.load_answerer(folder)


def judged(answerer: inference.Answerer, *files: tuple[str, bytes]) -> Desk:
    desk = Desk(answerer.card)
    desk.receive(files)
    while desk.busy:
        desk.step(answerer)
    return desk


def test_every_slice_gets_the_answer_that_it_gets_alone(answerer: inference.Answerer) -> None:
    contents = [encoded(Image.fromarray(np.roll(slice_levels(), 3 * i, axis=0))) for i in range(11)]
    desk = judged(answerer, *((f"Asha_Rao_{i}.png", content) for i, content in enumerate(contents)))
    assert [case.number for case in desk.cases] == [*range(1, 12)]
    assert (desk.done, desk.total, desk.said) == (11, 11, [])
    for case, content in zip(desk.cases, contents, strict=True):
        alone = inference.predict(answerer, Image.open(BytesIO(content)).convert("RGB"))
        assert np.allclose(case.prediction.probabilities, alone.probabilities, atol=1e-5)
        assert (np.asarray(case.image())[..., 0] == np.asarray(Image.open(BytesIO(content)))).all()
    assert "Asha" not in repr(desk)


def test_bad_files_among_good_ones_are_a_sentence_each_and_stop_nothing(answerer: inference.Answerer) -> None:
    desk = judged(answerer, ("a.png", png()), ("b.png", png()[:300]), ("Asha_Rao.txt", b"hello"), ("d.png", png(80)))
    assert [case.number for case in desk.cases] == [1, 2]
    assert desk.said == [
        "File 2 of 4: This PNG file cannot be used: truncated or damaged.",
        "File 3 of 4: This file is neither a PNG, a JPEG, a DICOM nor a NIfTI image; export it as one of these.",
    ]


def test_the_same_file_is_judged_once_also_when_it_comes_again(answerer: inference.Answerer) -> None:
    desk = judged(answerer, ("a.png", png()), ("b.png", png()))
    assert (len(desk.cases), desk.notices()) == (1, ["1 file was here already and judged once."])
    desk.receive([("c.png", png())])
    assert not desk.busy
    desk.receive([("d.png", png(80))])
    assert desk.notices() == [], "what is said is of the last upload"


def test_a_dicom_series_comes_in_its_own_order_and_keeps_its_numbers(answerer: inference.Answerer) -> None:
    pytest.importorskip("pydicom")
    files = [
        (
            f"IM{number}",
            dicom(
                SeriesInstanceUID="1.2.3",
                InstanceNumber=number,
                ImagePositionPatient=[0, 0, number],
                ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            ),
        )
        for number in (12, 10, 11)
    ]
    desk = judged(answerer, *files)
    assert [(case.number, case.instance) for case in desk.cases] == [(1, 10), (2, 11), (3, 12)]
    assert desk.cases[0].title == "Slice 1 (instance 10)"
    assert "Rao" not in repr(desk)


def test_of_a_volume_every_slice_with_a_head_is_judged(answerer: inference.Answerer) -> None:
    nibabel = pytest.importorskip("nibabel")
    levels = np.stack([0 * slice_levels(), slice_levels(), slice_levels() // 2, 0 * slice_levels()], axis=2)
    volume = nibabel.Nifti1Image(levels.astype(np.int16), np.eye(4)).to_bytes()
    desk = judged(answerer, ("head.nii", volume))
    assert [case.frame for case in desk.cases] == [2, 3]
    assert desk.said == ["2 of its 4 slices were left out: shows little or no head."]
    assert desk.cases[1].title == "Slice 2, number 3 of its file"


def test_the_desk_holds_so_many_slices_and_an_upload_so_many_bytes(
    answerer: inference.Answerer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "MAX_SLICES", 2)
    desk = judged(answerer, *((f"{size}.png", png(size)) for size in (40, 50, 60, 70)))
    assert (len(desk.cases), desk.notices()) == (2, ["2 slices were left out: the desk holds 2."])
    monkeypatch.setattr(desks, "MAX_BYTES", 1000)
    desk = judged(answerer, ("a.png", png(300)), ("b.png", png(310)))
    assert desk.cases == []
    assert "one upload may hold 0; upload them in parts" in desk.said[0]


def test_what_is_kept_of_a_slice_is_small(answerer: inference.Answerer) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (1000, 1000, 3), np.uint8)
    (case,) = judged(answerer, ("a.png", encoded(Image.fromarray(noise)))).cases
    assert case.size == (1000, 1000)
    assert max(case.image().size) == 640
    assert len(case.picture) < 640 * 640 * 1.1
    assert len(case.thumb) < 15_000


def test_a_jpeg_and_a_16_bit_png_of_one_slice_get_the_same_probabilities(answerer: inference.Answerer) -> None:
    hospital = HOSPITALS[0]
    for planned in [*plan_slices(hospital, 8, 7)][:6]:
        grey = np.asarray(draw_slice(hospital, planned, 128, 7).convert("L")) // 2 + 10  # a stretch would show
        jpeg = encoded(Image.fromarray(grey), "JPEG", quality=95)
        wide = encoded(Image.fromarray(grey.astype(np.uint16) * 257))
        first, second = judged(answerer, ("a.jpg", jpeg), ("b.png", wide)).cases
        assert np.abs(first.prediction.probabilities - second.prediction.probabilities).max() < 0.01
        assert second.notes == ()
        difference = np.abs(np.asarray(first.image()).astype(int) - np.asarray(second.image()))
        assert difference.mean() < 2.0
