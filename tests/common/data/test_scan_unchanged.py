"""Folders of pictures are listed and split as they were before DICOM was read: runs of earlier versions go on."""

import hashlib

from common.config.settings import DataPlan
from common.data.prepare import prepare

CLASS_MAPS = (
    {},
    {"pituitary tumor": "pituitary"},
    {"brain_glioma": "glioma", "brain_menin": "meningioma", "brain_tumor": "pituitary"},
)
PATHS = ("3352bf5d36c02bc9", "50b3859a293e3faf", "e49ed780e613807a")
SPLITS = ("f3262219a8c55ff6", "1435882d3bc60d14", "3dcf3a6cafb3a468")


def test_digests_and_splits_of_pictures_are_what_they_were(phantoms, tmp_path):
    found = [
        prepare(phantoms / f"dataset-{number}", class_map, DataPlan(image_size=32), 42, tmp_path)
        for number, class_map in enumerate(CLASS_MAPS, 1)
    ]
    assert tuple(hospital.scan.paths_digest[:16] for hospital in found) == PATHS
    splits = [str([part.tolist() for part in hospital.split.parts().values()]) for hospital in found]
    assert tuple(hashlib.sha256(split.encode()).hexdigest()[:16] for split in splits) == SPLITS
