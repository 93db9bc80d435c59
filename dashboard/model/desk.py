"""A visitor's desk: the slices that were uploaded, judged a few at a time, and the reader's own labels.

It lies in the memory of one session and nowhere else. Of each slice it keeps a small picture, the answer and the
SHA-256 of its file; the file and its name are let go as soon as it is read.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from io import BytesIO
from itertools import islice
from pathlib import PurePath

import numpy as np
from PIL import Image

from common.data.decode import to_square
from common.model import heatmap
from common.text import counted
from dashboard.model import image_checks, inference, series, upload

MAX_SLICES = 200
MAX_BYTES = 250_000_000
"""Of one upload, all files together."""
SHOWN_PIXELS, THUMB_PIXELS = 640, 120
BATCH = 8

_ENDINGS = frozenset(ending for endings in upload.SUFFIXES.values() for ending in endings)


@dataclass(frozen=True)
class Case:
    """One slice on the desk."""

    number: int
    """By which the reader knows it, from 1."""
    sha256: str
    """Of its file."""
    frame: int | None
    """Its number in its file, from 1; None where the file holds one slice."""
    instance: int | None
    """DICOM's own number of the file in its series."""
    kind: str
    size: tuple[int, int]
    """Width and height of the slice in its file."""
    notes: tuple[str, ...]
    """What reading it needed."""
    checks: tuple[image_checks.Check, ...]
    picture: bytes
    """Of at most `SHOWN_PIXELS`: PNG, and JPEG where it has colours."""
    thumb: bytes
    """JPEG of at most `THUMB_PIXELS`."""
    prediction: inference.Prediction

    def image(self) -> Image.Image:
        """Decode the picture, RGB."""
        return Image.open(BytesIO(self.picture)).convert("RGB")

    @property
    def title(self) -> str:
        """Its number and, where its file has them, DICOM's and its place in the file."""
        more = f" (instance {self.instance})" if self.instance is not None else ""
        return f"Slice {self.number}{more}" + (f", number {self.frame} of its file" if self.frame else "")


@dataclass(frozen=True)
class _Waiting:
    """A file that was not read yet."""

    ending: str
    """Of its name; of a name that ends otherwise nothing is kept."""
    content: bytes
    sha256: str
    place: str
    """By which the reader knows it: ``"File 3 of 12"``."""
    instance: int | None


@dataclass(frozen=True)
class _Read:
    """A slice that was read and waits for the model."""

    square: Image.Image
    judged: Callable[..., Case]
    """Takes the model's answer as ``prediction``."""


@dataclass
class Desk:
    """All that one visitor has uploaded."""

    card: inference.ModelCard
    """Of the model that judges it."""
    cases: list[Case] = field(default_factory=list)
    labels: dict[int, str] = field(default_factory=dict)
    """The reader's own, by a slice's number."""
    said: list[str] = field(default_factory=list)
    """What could not be used, one sentence each."""
    repeated: int = 0
    """Files that were here already."""
    left_out: int = 0
    """Slices beyond `MAX_SLICES`."""
    done: int = 0
    total: int = 0
    """Slices known of, those that could not be used included; how many of them are through."""
    _waiting: deque[_Waiting] = field(default_factory=deque)
    _seen: set[str] = field(default_factory=set)
    _reading: Iterator[_Read] | None = None
    _taken: int = 0

    def receive(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Take files (name and content) in; nothing is read yet but the headers of DICOM files."""
        if not self.busy:
            self.said, self.repeated, self.left_out = [], 0, 0
        size = sum(len(content) for _, content in files)
        if size > MAX_BYTES:
            self.said.append(
                f"These {len(files):,} files hold {size / 1e6:,.0f} MB, and one upload may hold {MAX_BYTES / 1e6:.0f}; "
                "upload them in parts."
            )
            return
        places = [series.place_of(content) for _, content in files]
        for i in series.in_order(places):
            name, content = files[i]
            digest = sha256(content).hexdigest()
            if digest in self._seen:
                self.repeated += 1
                continue
            self._seen.add(digest)
            place, ending = places[i], PurePath(name).suffix.lower()
            which = f"File {i + 1} of {len(files)}" if len(files) > 1 else ""
            ending = ending if ending in _ENDINGS else ".other"
            self._waiting.append(_Waiting(ending, content, digest, which, place.instance if place else None))
            self.total += 1

    @property
    def busy(self) -> bool:
        """Whether slices wait for the model."""
        return bool(self._waiting) or self._reading is not None

    def step(self, answerer: inference.Answerer) -> None:
        """Read the next few slices and ask the model."""
        if self._reading is None:
            self._reading = self._read()
        batch = list(islice(self._reading, BATCH))
        if len(batch) < BATCH:
            self._reading = None
        answers = inference.predict_many(answerer, [read.square for read in batch])
        self.cases += [read.judged(prediction=answer) for read, answer in zip(batch, answers, strict=True)]

    def _read(self) -> Iterator[_Read]:
        while self._waiting:
            file = self._waiting.popleft()
            try:
                opened = upload.open_upload(f"slice{file.ending}", file.content)
            except upload.RefusedUpload as error:
                self._refuse(file, error.sentence)
                self.done += 1
                continue
            self.total += opened.count - 1
            refused = Counter[str]()
            for number in range(opened.count):
                self.done += 1
                if self._taken >= MAX_SLICES:
                    self.left_out += 1
                    continue
                try:
                    given = opened.read(number)
                except upload.RefusedUpload as error:
                    refused[error.sentence if opened.count == 1 else error.reason] += 1
                    continue
                self._taken += 1
                yield self._prepared(file, given, number + 1 if opened.count > 1 else None)
            for reason, count in refused.items():
                many = f"{count} of its {opened.count} slices were left out: {reason}."
                self._refuse(file, reason if opened.count == 1 else many)

    def _prepared(self, file: _Waiting, given: upload.UploadedSlice, frame: int | None) -> _Read:
        """Reduce a slice to what is kept of it; a large picture is gone before the next one is read."""
        size = self.card.image_size
        shown = _grey_if_grey(heatmap.fit(given.image, SHOWN_PIXELS))
        judged = partial(
            Case,
            number=self._taken,
            sha256=file.sha256,
            frame=frame,
            instance=file.instance,
            kind=given.kind,
            size=given.image.size,
            notes=given.notes,
            checks=image_checks.check_image(given.image, size),
            picture=_encoded(shown, "PNG", compress_level=1)
            if shown.mode == "L"
            else _encoded(shown, "JPEG", quality=92),
            thumb=_encoded(heatmap.fit(shown, THUMB_PIXELS), "JPEG", quality=75),
        )
        return _Read(Image.fromarray(to_square(given.image, size)), judged)

    def _refuse(self, file: _Waiting, sentence: str) -> None:
        self.said.append(f"{file.place}: {sentence}" if file.place else sentence)

    def notices(self) -> list[str]:
        """Say what else became of the upload."""
        found = []
        if self.repeated:
            found.append(f"{counted(self.repeated, 'file was', 'files were')} here already and judged once.")
        if self.left_out:
            found.append(f"{counted(self.left_out, 'slice was', 'slices were')} left out: the desk holds {MAX_SLICES}.")
        return found


def _grey_if_grey(image: Image.Image) -> Image.Image:
    levels = np.asarray(image)
    grey = (levels[..., 0] == levels[..., 1]).all() and (levels[..., 0] == levels[..., 2]).all()
    return image.getchannel(0) if grey else image


def _encoded(image: Image.Image, kind: str, **options: int) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
