"""The three synthetic hospitals: their folders, class mix, scanner and file names, and one slice of a patient there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter

from common.labels import LABEL_MAP
from common.phantoms.anatomy import Field, Head, Tumour, draw_head, draw_tumour, head_space, random_head, random_tumour

STAMP = "SYNTHETIC"


@dataclass(frozen=True)
class PhantomHospital:
    """One synthetic hospital: its folders, its slices, its file names and its scanner."""

    folder: str
    class_folders: dict[str, str]  # class name to folder, with version 1's names
    class_mix: dict[str, float]  # slices of a class, as a multiple of slices_per_class
    name_pattern: str  # file name without suffix, from ``short`` (the class's first two letters) and ``number``
    first_number: int
    mode: str  # Pillow's, "RGB" or "L"
    side: float  # of its images, as a multiple of image_size
    noise: float  # as a fraction of the range
    gain: float  # brightness
    gamma: float
    bias: float  # unevenness of the coil
    blur: float  # in hundredths of the side


@dataclass(frozen=True)
class PlannedSlice:
    """A slice to be drawn: its file below the hospital's folder, its class, patient, place and number of the place."""

    path: str
    kind: str
    patient: int
    place: int
    places: int


_DEEP = "Brain_Cancer raw MRI data/Brain_Cancer"
HOSPITALS: tuple[PhantomHospital, ...] = (
    PhantomHospital(
        folder="dataset-1",
        class_folders={name: name for name in LABEL_MAP},
        class_mix={"glioma": 1.0, "meningioma": 0.9, "pituitary": 0.7, "notumor": 1.4},
        name_pattern="Tr-{short}_{number:04d}",
        first_number=10,
        mode="RGB",
        side=1.0,
        noise=0.02,
        gain=0.95,
        gamma=1.0,
        bias=0.10,
        blur=0.0,
    ),
    PhantomHospital(
        folder="dataset-2",
        class_folders={"glioma": "Glioma", "meningioma": "Meningioma", "pituitary": "Pituitary tumor"},
        class_mix={"glioma": 1.2, "meningioma": 0.6, "pituitary": 0.8},
        name_pattern="{number}",
        first_number=101,
        mode="L",
        side=1.25,
        noise=0.05,
        gain=0.75,
        gamma=1.25,
        bias=0.35,
        blur=0.0,
    ),
    PhantomHospital(
        folder="dataset-3",
        class_folders={
            "glioma": f"{_DEEP}/brain_glioma",
            "meningioma": f"{_DEEP}/brain_menin",
            "pituitary": f"{_DEEP}/brain_tumor",
        },
        class_mix={"glioma": 0.8, "meningioma": 0.6, "pituitary": 0.7},
        name_pattern="{number}",
        first_number=1001,
        mode="L",
        side=0.9,
        noise=0.03,
        gain=1.0,
        gamma=0.85,
        bias=0.2,
        blur=0.6,
    ),
)


def plan_slices(hospital: PhantomHospital, slices_per_class: int, seed: int) -> Iterator[PlannedSlice]:
    """Yield the slices of a hospital in the order of their numbers; four to six neighbours are one patient.

    PNG and JPEG alternate from patient to patient.
    """
    number = hospital.first_number
    for kind, share in hospital.class_mix.items():
        rng = _rng(hospital, kind, -1, seed)
        left, patient = max(1, round(share * slices_per_class)), 0
        while left:
            places = min(left, int(rng.integers(4, 7)))
            suffix = ".png" if patient % 3 == 2 else ".jpg"
            for place in range(places):
                name = hospital.name_pattern.format(short=kind[:2], number=number)
                path = f"{hospital.class_folders[kind]}/{name}{suffix}"
                yield PlannedSlice(path, kind, patient, place, places)
                number += 1
            left, patient = left - places, patient + 1


def draw_slice(hospital: PhantomHospital, planned: PlannedSlice, image_size: int, seed: int) -> Image.Image:
    """Draw one slice as the hospital's scanner would show it, with ``SYNTHETIC`` along its lower edge.

    The same seed draws the same pixels. The image is square and in the hospital's mode.
    """
    head, tumour, base = _patient(hospital.folder, planned.kind, planned.patient, seed)
    size = round(hospital.side * image_size)
    offset = planned.place - (planned.places - 1) / 2.0
    level = base + 0.12 * offset
    space = head_space(head, level, size)
    growth = float(np.sqrt(1.0 - (offset / (planned.places - 0.5)) ** 2))
    image = draw_tumour(draw_head(head, space, level), tumour, space, growth)
    rng = _rng(hospital, planned.kind, planned.patient, seed, 1 + planned.place)
    grey = Image.fromarray(np.rint(255.0 * _scan(image, hospital, rng)).astype(np.uint8))
    _stamp(grey)
    return grey.convert(hospital.mode)


@lru_cache(maxsize=8)
def _patient(folder: str, kind: str, patient: int, seed: int) -> tuple[Head, Tumour, float]:
    hospital = next(hospital for hospital in HOSPITALS if hospital.folder == folder)
    rng = _rng(hospital, kind, patient, seed)
    low, high = (-0.55, -0.4) if kind == "pituitary" else (-0.35, 0.35)
    return random_head(rng), random_tumour(kind, rng), float(rng.uniform(low, high))


def _rng(hospital: PhantomHospital, kind: str, patient: int, seed: int, part: int = 0) -> np.random.Generator:
    return np.random.default_rng([seed, HOSPITALS.index(hospital), LABEL_MAP[kind], patient + 1, part])


def _scan(image: Field, hospital: PhantomHospital, rng: np.random.Generator) -> Field:
    """Unevenness of the coil, softness, contrast, and the noise of a magnitude image; the result is in 0..1."""
    size = len(image)
    places = np.linspace(-1.0, 1.0, size)
    lean = hospital.bias * (0.7 + 0.6 * rng.random())
    coil = 1.0 + lean * (0.8 * places[:, np.newaxis] - 0.6 * places[np.newaxis, :])
    image = gaussian_filter(image * coil, hospital.blur * size / 100.0) if hospital.blur else image * coil
    image = hospital.gain * np.clip(image, 0.0, 1.2) ** hospital.gamma
    first, second = hospital.noise * rng.standard_normal((2, size, size))
    return np.clip(np.hypot(image + first, second), 0.0, 1.0)


def _stamp(grey: Image.Image) -> None:
    word = _word()
    width = min(round(0.9 * grey.width), max(word.width, round(0.45 * grey.width)))
    height = max(3, round(word.height * width / word.width))
    place = ((grey.width - width) // 2, grey.height - height - 1)
    grey.paste(170, place, word.resize((width, height), Image.Resampling.BILINEAR))


@lru_cache(maxsize=1)
def _word() -> Image.Image:
    font = ImageFont.load_default_imagefont()
    left, top, right, bottom = (int(edge) for edge in font.getbbox(STAMP))
    word = Image.new("L", (right - left, bottom - top), 0)
    ImageDraw.Draw(word).text((-left, -top), STAMP, fill=255, font=font)
    return word.crop(word.getbbox())
