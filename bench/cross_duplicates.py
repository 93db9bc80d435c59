"""``python -m bench.cross_duplicates``: how many planted copies the keyed fingerprints find, and what else they find.

Copies of slices are changed in each of `CHANGES`, written as files into a temporary folder, and go the way of any
hospital's slices; nothing is left behind. Hospitals that were not touched are compared for false alarms. The last line
is the share of planted copies that are found.
"""

from __future__ import annotations

import argparse
import io
import secrets
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageEnhance
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from common.config.hospital import Hospital
from common.config.hydra import load_hospitals
from common.data.cache import open_library
from common.data.decode import decode_rgb, read_bytes
from common.data.duplicates import find_near_duplicates
from common.data.scan import Scan, scan_folder
from common.data.thumbs import Thumbs, correlate, orient
from common.metrics.intervals import wilson
from common.overlap.fingerprints import SAME_SLICE_BANDS, Fingerprints, make_fingerprints
from common.overlap.matching import Matches, cross_match

Change = Callable[[Image.Image], Image.Image]
_PIXELS = 32
_FLIP = Image.Transpose


def _jpeg(quality: int) -> Change:
    def change(image: Image.Image) -> Image.Image:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        return Image.open(buffer).convert("RGB")

    return change


def _sized(side: int) -> Change:
    return lambda image: image.resize((side, side), Image.Resampling.BICUBIC)


def _turned(how: Image.Transpose) -> Change:
    return lambda image: image.transpose(how)


def _cut(share: float) -> Change:
    def change(image: Image.Image) -> Image.Image:
        margin = round(image.width * share)
        return image.crop((margin, margin, image.width - margin, image.height - margin)).resize(image.size)

    return change


def _shifted(share: float) -> Change:
    return lambda image: image.transform(
        image.size, Image.Transform.AFFINE, (1, 0, -round(share * image.width), 0, 1, 0)
    )


def _rotated(degrees: float) -> Change:
    return lambda image: image.rotate(degrees, Image.Resampling.BICUBIC)


def _gamma(exponent: float) -> Change:
    return lambda image: image.point([round(255 * (value / 255) ** exponent) for value in range(256)] * 3)


def _all_of(*changes: Change) -> Change:
    def change(image: Image.Image) -> Image.Image:
        for one in changes:
            image = one(image)
        return image

    return change


CHANGES: dict[str, Change] = {
    "exact copy": lambda image: image,
    "JPEG, quality 60": _jpeg(60),
    "JPEG, quality 30": _jpeg(30),
    "112 x 112 pixels": _sized(112),
    "160 x 160 pixels, JPEG 90": _all_of(_sized(160), _jpeg(90)),
    "512 x 512 pixels": _sized(512),
    "mirrored left to right": _turned(_FLIP.FLIP_LEFT_RIGHT),
    "turned by 90 degrees": _turned(_FLIP.ROTATE_90),
    "turned by 180 degrees": _turned(_FLIP.ROTATE_180),
    "turned by 270 degrees": _turned(_FLIP.ROTATE_270),
    "mirrored, 300 x 300, JPEG 60": _all_of(_turned(_FLIP.FLIP_LEFT_RIGHT), _sized(300), _jpeg(60)),
    "mirrored and turned, 150 x 150, JPEG 60": _all_of(_turned(_FLIP.TRANSPOSE), _sized(150), _jpeg(60)),
    "brighter by 15 % and 12 grey levels": lambda image: image.point(lambda value: min(255, round(1.15 * value + 12))),
    "contrast + 30 %": lambda image: ImageEnhance.Contrast(image).enhance(1.3),
    "gamma 0.8": _gamma(0.8),
    "gamma 1.2": _gamma(1.2),
    "rotated by 1 degree": _rotated(1),
    "rotated by 2 degrees": _rotated(2),
    "1 % cut off each side": _cut(0.01),
    "2 % cut off each side": _cut(0.02),
    "shifted by 1 %": _shifted(0.01),
    "shifted by 2 %": _shifted(0.02),
}


@dataclass(frozen=True)
class Made:
    """A hospital as the bench holds it."""

    hospital: Hospital
    scan: Scan
    thumbs: Thumbs
    said: Fingerprints
    seconds: float


def main() -> None:
    """Measure and print three tables."""
    command = argparse.ArgumentParser(prog="python -m bench.cross_duplicates")
    command.add_argument("--root", type=Path, required=True, help="folder that holds the hospitals' folders")
    names = ["aiims_delhi", "nimhans_bengaluru", "tata_memorial_mumbai"]
    command.add_argument("--hospitals", nargs="+", default=names)
    command.add_argument("--copies", type=int, default=200, help="slices of each hospital that are copied")
    command.add_argument("--seed", type=int, default=1)
    given = command.parse_args()
    console, key = Console(), secrets.token_bytes(32)
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "cache"
        held = [make(given.root, hospital, cache, key) for hospital in load_hospitals(given.hospitals)]
        for one in held:
            console.print(f"{one.hospital.name}: {len(one.said):,} fingerprints in {one.seconds:.1f} s")
        console.print(strangers(held))
        console.print(look_alikes(held))
        table, share = recall(held, given.copies, given.seed, Path(folder), key)
        console.print(table)
        console.print(f"ratio={share:.3f} (copies found over copies planted, {len(CHANGES)} changes)")


def make(root: Path, hospital: Hospital, cache: Path, key: bytes) -> Made:
    """Read a hospital's slices and make its fingerprints."""
    scan = scan_folder(root / hospital.path, hospital.class_map)
    library = open_library(scan, _PIXELS, cache)
    start = time.perf_counter()
    said = make_fingerprints(hospital, scan, library, key)
    return Made(hospital, scan, np.asarray(library.thumbs), said, time.perf_counter() - start)


def strangers(held: list[Made]) -> Table:
    """Compare hospitals that share no slice."""
    table = _table("Hospitals as they are", ("pairs of slices", "correlation > 0.97", "found", "seconds"))
    for one, other in combinations(held, 2):
        start = time.perf_counter()
        found = cross_match(one.said, other.said)
        seconds = time.perf_counter() - start
        near = find_near_duplicates(np.concatenate([one.thumbs, other.thumbs])).above(0.97)
        between = int(((near.first < len(one.thumbs)) & (near.second >= len(one.thumbs))).sum())
        cells = (f"{len(one.said) * len(other.said):,}", f"{between:,}", f"{len(found):,}", f"{seconds:.1f}")
        table.add_row(f"{one.hospital.name}, {other.hospital.name}", *cells)
    return table


def look_alikes(held: list[Made]) -> Table:
    """Compare each hospital with itself: of pairs that look alike, how many are found, by correlation."""
    levels = (0.96, 0.97, 0.98, 0.99, 0.995, 0.999)
    headings = [f"> {low}" for low in levels]
    table = _table("Look-alikes within a hospital: found of all, by correlation", ("below 0.96", *headings))
    for one in held:
        near, found = find_near_duplicates(one.thumbs), _without_itself(cross_match(one.said, one.said))
        pairs = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
        seen = np.array([pair in pairs for pair in zip(near.first.tolist(), near.second.tolist(), strict=True)], bool)
        low = int((_correlations(one, one, found) <= levels[0]).sum())
        cells = []
        for level, above in zip(levels, (*levels[1:], 2.0), strict=True):
            inside = (near.correlation > level) & (near.correlation <= above)
            cells.append(f"{int(seen[inside].sum()):,} of {int(inside.sum()):,}")
        table.add_row(one.hospital.name, f"{low:,}", *cells)
    return table


def recall(held: list[Made], copies: int, seed: int, folder: Path, key: bytes) -> tuple[Table, float]:
    """Plant copies of every hospital's slices, one change at a time; return the table and the share that is found."""
    headings = ("copies", "found", "percent", "95 %", "fewest bands", "other slices found")
    table = _table(f"Planted copies ({SAME_SLICE_BANDS} equal bands of 48 make a match)", headings)
    all_hits = all_copies = 0
    for number, (name, change) in enumerate(CHANGES.items()):
        bands: list[int] = []
        others = 0
        for one in held:
            chosen = np.sort(np.random.default_rng(seed).choice(len(one.said), min(copies, len(one.said)), False))
            planted = _planted(one, one.said.indices[chosen], change, folder / f"{number}", key)
            found = cross_match(one.said, planted.said)
            copied = one.said.indices[chosen][found.second]
            own = dict(
                zip(found.second[copied == found.first].tolist(), found.bands[copied == found.first], strict=True)
            )
            bands += [int(own.get(position, 0)) for position in range(len(chosen))]
            others += int((_correlations(one, planted, found)[copied != found.first] < 0.96).sum())
        hits = sum(count >= SAME_SLICE_BANDS for count in bands)
        all_hits, all_copies = all_hits + hits, all_copies + len(bands)
        low, high = wilson(hits, len(bands)) or (0.0, 1.0)
        interval = f"{100 * low:.1f}–{100 * high:.1f}"
        cells = (
            f"{len(bands):,}",
            f"{hits:,}",
            f"{100 * hits / len(bands):.1f}",
            interval,
            f"{min(bands)}",
            f"{others}",
        )
        table.add_row(name, *cells)
    return table, all_hits / all_copies


def _planted(one: Made, indices: npt.NDArray[np.int64], change: Change, folder: Path, key: bytes) -> Made:
    """Write changed copies as files, lossless since the change itself loses what it loses, and read them again."""
    hospital = Hospital("planted", "planted", "planted", one.hospital.key, (0.0, 0.0), "")
    place = folder / one.hospital.key / "glioma"
    place.mkdir(parents=True)
    for position, index in enumerate(indices):
        image = decode_rgb(read_bytes(one.scan.folder / one.scan.files[index].relative_path))
        change(image).save(place / f"{position:06d}.png", compress_level=1)
    return make(folder, hospital, folder / "cache", key)


def _correlations(one: Made, other: Made, found: Matches) -> npt.NDArray[np.float64]:
    """Return each match's correlation in its best orientation."""
    first, second = one.thumbs[found.first], other.thumbs[found.second]
    return np.max([correlate(first, orient(second, orientation)) for orientation in range(8)], axis=0)


def _without_itself(found: Matches) -> Matches:
    keep = found.first < found.second
    return Matches(found.first[keep], found.second[keep], found.bands[keep])


def _table(title: str, headings: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for heading in headings:
        table.add_column(heading, justify="right")
    return table


if __name__ == "__main__":
    main()
