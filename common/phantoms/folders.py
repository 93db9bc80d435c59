"""The folders of the synthetic hospitals: drawn whole or not at all, and never among other files.

They have version 1's folder layout. A file ``SYNTHETIC.txt`` in each folder, and the word along the lower edge of every
slice, say what they are.
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from common.errors import InputError
from common.phantoms.dicom import write_archive
from common.phantoms.dicom_faults import plant_dicom_faults
from common.phantoms.faults import plant_faults
from common.phantoms.hospitals import HOSPITALS, PhantomHospital, PlannedSlice, draw_slice, plan_slices

MARK = "SYNTHETIC.txt"
DRAWING_VERSION = 1
IMAGE_SIZE = 96
SLICES_PER_CLASS = 120

_MANIFEST = ".phantoms.json"
_LOCK = ".phantoms.lock"


@dataclass(frozen=True)
class Recipe:
    """What a synthetic set is made from; the same recipe gives the same bytes."""

    image_size: int
    slices_per_class: int
    seed: int
    faults: bool
    version: int = DRAWING_VERSION
    dicom: bool = False


def make_phantoms(
    out: Path,
    *,
    image_size: int = IMAGE_SIZE,
    slices_per_class: int = SLICES_PER_CLASS,
    seed: int = 0,
    faults: bool = True,
    dicom: bool = False,
    on_hospital: Callable[[Path, int, bool], None] | None = None,
) -> list[Path]:
    """Draw the synthetic hospitals, unless they are there already.

    Parameters
    ----------
    out : pathlib.Path
        New, empty, or holding synthetic hospitals only (those of another recipe are replaced).
    image_size : int
        Side of the first hospital's images in pixels, at least 32; the others' are 1.25 and 0.9 times as large.
    slices_per_class : int
        Scale of the class mixes; 120 gives about 1,050 slices.
    faults : bool
        Plant the faults that the audit should find; ``SYNTHETIC.txt`` lists them.
    dicom : bool
        Write DICOM with made-up patients (`common.phantoms.dicom`) instead of pictures.
    on_hospital : callable, optional
        Called as ``on_hospital(folder, images, drawn)``; ``drawn`` is False if the images were there already.

    Returns
    -------
    list of pathlib.Path
        ``out/dataset-1`` to ``out/dataset-3``.

    Raises
    ------
    InputError
        ``PHANTOM001``: a number is out of range; ``PHANTOM002``: ``out`` holds files that are not of a synthetic
        set, or cannot be written.
    """
    recipe = Recipe(image_size, slices_per_class, seed, faults, dicom=dicom)
    _check(recipe)
    out = Path(out)
    try:
        _refuse_foreign(out)
        out.mkdir(parents=True, exist_ok=True)
        with FileLock(out / _LOCK):
            _refuse_foreign(out)
            complete = _is_complete(out, recipe)
            if not complete:
                _draw_all(out, recipe)
    except OSError as error:
        why = error.strerror or str(error)
        raise InputError(
            "PHANTOM002", f"Synthetic slices cannot be written to {out} ({why}); choose another folder."
        ) from error
    folders = [out / hospital.folder for hospital in HOSPITALS]
    if on_hospital is not None:
        for folder in folders:
            images = sum(path.is_file() and path.suffix != ".txt" for path in folder.rglob("*"))
            on_hospital(folder, images, not complete)
    return folders


def _check(recipe: Recipe) -> None:
    limits = {"image_size": (32, 1024), "slices_per_class": (1, 10_000), "seed": (0, 2**32 - 1)}
    for name, (low, high) in limits.items():
        value = getattr(recipe, name)
        if not low <= value <= high:
            raise InputError("PHANTOM001", f"{name} is {value}; choose a number from {low} to {high}.")


def _refuse_foreign(out: Path) -> None:
    """Refuse a folder with files that are not of a synthetic set."""
    known = _read_manifest(out).get("files")
    if known is None:  # not listed further down: it may be somebody's whole disk
        children = out.iterdir() if out.exists() else iter(())
        foreign = sorted(path.name for path in children if not path.name.startswith("."))
    else:
        foreign = sorted(path for path in _files(out) if path not in known)
    if foreign:
        raise InputError(
            "PHANTOM002",
            f"{out} holds files that this program did not draw, {foreign[0]} for one; "
            "synthetic slices are kept apart from other files, so choose a new or empty folder.",
        )


def _is_complete(out: Path, recipe: Recipe) -> bool:
    manifest = _read_manifest(out)
    drawn = {"dicom": False, **manifest.get("recipe", {})}  # earlier versions drew pictures only
    return drawn == asdict(recipe) and manifest.get("files") == _files(out)


def _read_manifest(out: Path) -> dict:
    try:
        manifest = json.loads((out / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def _files(out: Path) -> dict[str, int]:
    """Relative path and size of every file; hidden ones, our own and half-drawn ones included, do not count."""
    found = {}
    for path in sorted(out.rglob("*")):
        relative = path.relative_to(out)
        if path.is_file() and not any(part.startswith(".") for part in relative.parts):
            found[relative.as_posix()] = path.stat().st_size
    return found


def _draw_all(out: Path, recipe: Recipe) -> None:
    """Draw beside the final place and move when done; the manifest goes first, so that it knows whatever is moved."""
    for stale in out.glob(".drawing-*"):
        shutil.rmtree(stale, ignore_errors=True)
    drawing = Path(tempfile.mkdtemp(prefix=".drawing-", dir=out))
    try:
        planted = [line for hospital in HOSPITALS for line in _draw_hospital(drawing, hospital, recipe)]
        (drawing / MARK).write_text(_mark("These three hospitals are", recipe, planted), encoding="utf-8")
        manifest = {"recipe": asdict(recipe), "files": _files(drawing)}
        for old in (out / hospital.folder for hospital in HOSPITALS):
            shutil.rmtree(old, ignore_errors=True)
        (out / MARK).unlink(missing_ok=True)
        (drawing / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        for name in (_MANIFEST, MARK, *(hospital.folder for hospital in HOSPITALS)):
            (drawing / name).replace(out / name)
    finally:
        shutil.rmtree(drawing, ignore_errors=True)


def _draw_hospital(parent: Path, hospital: PhantomHospital, recipe: Recipe) -> list[str]:
    folder = parent / hospital.folder
    planned = plan_slices(hospital, recipe.slices_per_class, recipe.seed)
    if recipe.dicom:
        first = write_archive(folder, hospital, planned, recipe.image_size, recipe.seed)
        planted = plant_dicom_faults(folder, first) if recipe.faults and hospital is HOSPITALS[0] else []
    else:
        first = _draw_pictures(folder, hospital, planned, recipe)
        planted = plant_faults(folder, hospital, first) if recipe.faults else []
    (folder / MARK).write_text(_mark("This hospital is", recipe, planted), encoding="utf-8")
    return [f"{hospital.folder}/{line}" for line in planted]


def _draw_pictures(
    folder: Path, hospital: PhantomHospital, slices: Iterable[PlannedSlice], recipe: Recipe
) -> dict[str, str]:
    """Save the slices as PNG and JPEG; return the first path of each class."""
    first: dict[str, str] = {}
    for planned in slices:
        path = folder / planned.path
        if planned.kind not in first:
            first[planned.kind] = planned.path
            path.parent.mkdir(parents=True)
        draw_slice(hospital, planned, recipe.image_size, recipe.seed).save(path, quality=92)  # PNG ignores it
    return first


def _mark(subject: str, recipe: Recipe, planted: list[str]) -> str:
    faults = "\n".join(f"  {line}" for line in planted) if planted else "  none"
    return (
        f"SYNTHETIC\n\n{subject} synthetic. Every image was drawn by common/phantoms; none shows a patient,\n"
        "and nothing measured on them says anything about real tumours.\n\n"
        f"Drawn with image size {recipe.image_size}, {recipe.slices_per_class} slices per class, "
        f"seed {recipe.seed}.\n\n"
        f"Faults planted for the audit to find:\n{faults}\n"
    )
