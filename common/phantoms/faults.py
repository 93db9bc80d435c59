"""The faults planted among the synthetic slices, so that the audit has something to find: one function each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PIL import Image

from common.phantoms.hospitals import PhantomHospital

_ICON_SIDE = 16


def plant_faults(folder: Path, hospital: PhantomHospital, first: Mapping[str, str]) -> list[str]:
    """Plant a hospital's faults among its slices; the third hospital has none.

    Parameters
    ----------
    first : mapping of str to str
        Class name to the relative path of that class's first slice, which the faults are made from.

    Returns
    -------
    list of str
        One line per fault: ``"relative path: what is wrong with it"``.
    """
    sources = {kind: folder / path for kind, path in first.items()}
    lines = []
    for plant in _FAULTS.get(hospital.folder, ()):
        target, sentence = plant(folder, sources)
        lines.append(f"{target.relative_to(folder).as_posix()}: {sentence}")
    return lines


def _truncated(folder: Path, sources: Mapping[str, Path]) -> tuple[Path, str]:
    source = sources["glioma"]
    target = source.with_name(f"Tr-gl_8001{source.suffix}")
    data = source.read_bytes()
    target.write_bytes(data[: len(data) * 3 // 5])
    return target, "the end of the file is missing"


def _exact_copy(folder: Path, sources: Mapping[str, Path]) -> tuple[Path, str]:
    source = sources["notumor"]
    target = source.with_name(f"Tr-no_8002{source.suffix}")
    target.write_bytes(source.read_bytes())
    return target, f"an exact copy of {source.name}"


def _mirrored_copy(folder: Path, sources: Mapping[str, Path]) -> tuple[Path, str]:
    source = sources["pituitary"]
    target = source.with_name("Tr-pi_8003.png")
    _save_turned(source, target, Image.Transpose.FLIP_LEFT_RIGHT)
    return target, f"{source.name} mirrored left to right"


def _icon(folder: Path, sources: Mapping[str, Path]) -> tuple[Path, str]:
    source = sources["notumor"]
    target = source.with_name("Tr-no_8004.png")
    with Image.open(source) as image:
        image.resize((_ICON_SIDE, _ICON_SIDE)).save(target)
    return target, f"an icon of {_ICON_SIDE} x {_ICON_SIDE} pixels (too small for the word SYNTHETIC to be read)"


def _text_file(folder: Path, sources: Mapping[str, Path]) -> tuple[Path, str]:
    target = sources["meningioma"].with_name("notes.txt")
    target.write_text("SYNTHETIC: a text file among the slices\n", encoding="utf-8")
    return target, "not an image"


def _unsorted(folder: Path, sources: Mapping[str, Path]) -> tuple[Path, str]:
    target = folder / "Unsorted" / "Tr-un_8005.png"
    target.parent.mkdir()
    _save_turned(sources["meningioma"], target, Image.Transpose.ROTATE_180)
    return target, "a folder whose name is no class"


def _turned_copy(folder: Path, sources: Mapping[str, Path]) -> tuple[Path, str]:
    source = sources["glioma"]
    target = source.with_name("9001.png")
    _save_turned(source, target, Image.Transpose.ROTATE_90)
    return target, f"{source.name} turned by 90 degrees"


def _two_labels(folder: Path, sources: Mapping[str, Path]) -> tuple[Path, str]:
    source = sources["pituitary"]
    target = sources["meningioma"].with_name(f"9002{source.suffix}")
    target.write_bytes(source.read_bytes())
    return target, f"the same image as {source.relative_to(folder).as_posix()}, under another label"


def _save_turned(source: Path, target: Path, turn: Image.Transpose) -> None:
    with Image.open(source) as image:
        image.transpose(turn).save(target)


_Plant = Callable[[Path, Mapping[str, Path]], tuple[Path, str]]
_FAULTS: dict[str, tuple[_Plant, ...]] = {
    "dataset-1": (_truncated, _exact_copy, _mirrored_copy, _icon, _text_file, _unsorted),
    "dataset-2": (_turned_copy, _two_labels),
}
