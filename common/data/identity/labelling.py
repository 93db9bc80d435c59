"""Scan a hospital's folder and believe its manifest: a file without a class folder gets its label from there.

Where manifest and folder disagree on a label the folder's stays, and the slice stays out of training until a person has
decided (the audit's ``DATA036``).
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from common.config.hospital import Hospital
from common.data.identity.manifest import Manifest, Row, read_manifest, two_rows
from common.data.scan import Scan, SliceFile, folder_labels, require_images, scan_folder
from common.errors import InputError
from common.labels import CLASSES
from common.text import counted


def scan_hospital(folder: Path, class_map: Mapping[str, str], slice_step: int = 1) -> Scan:
    """List the slices of one hospital as `scan_folder` does, and settle its manifest on them.

    Parameters are those of `scan_folder`.

    Raises
    ------
    InputError
        ``CONF007`` as in `scan_folder`; ``DATA030`` to ``DATA034`` for a manifest that cannot be understood.
    """
    scan = scan_folder(folder, class_map, slice_step)
    closed = not scan.exists or "." in scan.unreadable_folders
    manifest = None if closed else read_manifest(folder, folder_labels(class_map))
    return scan if manifest is None else apply_manifest(scan, manifest)


def apply_manifest(scan: Scan, manifest: Manifest) -> Scan:
    """Give labels to the files whose folders say none; a row counts for every slice of its file.

    Raises
    ------
    InputError
        ``DATA034`` if the manifest has rows, and none is about a file that is here.
    """
    settled = settle(manifest, [*scan.files, *scan.unlabelled])
    if manifest.rows and not settled.rows:
        raise InputError(
            "DATA034",
            f"None of the {counted(len(manifest.rows), 'file')} that manifest.csv names is in {scan.folder}; "
            "paths count from this folder, for example glioma/slice_1.png.",
        )
    found = [_labelled(file, settled.rows) for file in scan.unlabelled]
    rest = tuple(file for file in found if file.label < 0)
    labelled = [file for file in found if file.label >= 0]
    files = sorted([*scan.files, *labelled], key=lambda file: (file.relative_path, file.frame))
    return replace(
        scan,
        files=tuple(files),
        unlabelled=rest,
        unmatched_folders=tuple(sorted({file.class_folder for file in rest})),
        unmatched_images=len(rest),
        manifest=settled,
    )


def settle(manifest: Manifest, files: Sequence[SliceFile]) -> Manifest:
    """Return the manifest with the paths that the files have on this disk, and the names of those that are not here.

    A bare name stands for the one file that is called so, wherever it lies.

    Raises
    ------
    InputError
        ``DATA033`` if two rows turn out to be about one file, and disagree.
    """
    paths = {unicodedata.normalize("NFC", file.relative_path): file.relative_path for file in files}
    bare: dict[str, str | None] = {}
    for name, whole in paths.items():
        last = PurePosixPath(name).name
        bare[last] = None if last in bare else whole  # None: several are called so
    rows: dict[str, Row] = {}
    missing: list[str] = []
    for name, row in manifest.rows.items():
        path = paths.get(name) or bare.get(name)
        if path is None:
            missing.append(name)
        elif (before := rows.setdefault(path, row)).says != row.says:
            raise InputError("DATA033", two_rows(path, before, row))
    return replace(manifest, rows=rows, missing=tuple(missing))


def _labelled(file: SliceFile, rows: Mapping[str, Row]) -> SliceFile:
    row = rows.get(file.relative_path)
    if row is None or row.label is None:
        return file
    # Slices of one class in one folder are a listing, as in a class folder.
    return replace(file, label=row.label, class_folder=f"{file.class_folder}/{CLASSES[row.label]}")


def require_slices(root: Path, hospitals: Sequence[Hospital]) -> None:
    """Look, as each simulated hospital would, whether there is anything to train on; better before Flower has started.

    Raises
    ------
    InputError
        ``DATA001``, ``DATA002`` or a manifest's, with a sentence for each hospital that has nothing.
    """
    if not root.is_dir():
        tried = ", ".join(str(root / hospital.path) for hospital in hospitals)
        raise InputError("DATA001", f"There is no folder {root} (tried {tried}); set data.root to the slices' place.")
    problems = []
    for hospital in hospitals:
        try:
            require_images(scan_hospital(root / hospital.path, hospital.class_map))
        except InputError as error:
            problems.append(error)
    if problems:
        raise InputError(problems[0].code, " ".join(problem.sentence for problem in problems))
