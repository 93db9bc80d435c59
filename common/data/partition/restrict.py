"""What is known of one part of a folder: that of the whole folder, for the part's own files alone."""

from dataclasses import replace

import numpy as np

from common.data.cache import ImageLibrary
from common.data.duplicates import NearPairs
from common.data.evidence import Evidence
from common.data.groups import Groups
from common.data.identity.known import Known
from common.data.scan import Scan
from common.data.thumbs import Indices


def restrict(evidence: Evidence, chosen: Indices) -> Evidence:
    """Return the evidence of the files `chosen`, rising; they are numbered anew, from 0.

    Groups are the folder's: in a part there may be too few slices to tell what belongs together.
    """
    known = _known(evidence.known, chosen) if evidence.known else None
    pairs = _pairs(evidence.pairs, chosen, len(evidence.scan.files))
    return Evidence(
        _scan(evidence.scan, chosen),
        _library(evidence.library, chosen),
        pairs,
        known,
        _groups(evidence.groups, chosen),
    )


def _scan(scan: Scan, chosen: Indices) -> Scan:
    """Return the part's files; what else lies in the folder is no part's."""
    files = tuple(scan.files[index] for index in chosen.tolist())
    paths = {file.relative_path for file in files}
    manifest = scan.manifest
    if manifest is not None:
        rows = {path: row for path, row in manifest.rows.items() if path in paths}
        manifest = replace(manifest, rows=rows, missing=())
    return Scan(scan.folder, exists=True, files=files, synthetic=scan.synthetic, manifest=manifest)


def _library(library: ImageLibrary, chosen: Indices) -> ImageLibrary:
    places = {index: place for place, index in enumerate(chosen.tolist())}
    return ImageLibrary(
        library.pixels[chosen],
        library.thumbs[chosen],
        [library.byte_sha256[index] for index in places],
        [library.pixel_sha256[index] for index in places],
        library.sizes[chosen],
        {places[index]: why for index, why in library.unreadable.items() if index in places},
        {places[index]: said for index, said in library.said.items() if index in places},
    )


def _pairs(pairs: NearPairs, chosen: Indices, count: int) -> NearPairs:
    place = np.full(count, -1, dtype=np.int64)
    place[chosen] = np.arange(len(chosen))
    both = pairs.where((place[pairs.first] >= 0) & (place[pairs.second] >= 0))
    return both.renumbered(place)


def _known(known: Known, chosen: Indices) -> Known:
    number = known.number[chosen]
    renumbered = np.full(len(chosen), -1, dtype=np.int64)
    renumbered[number >= 0] = _from_zero(number[number >= 0])
    ids = tuple(known.ids[each] for each in dict.fromkeys(number.tolist()) if each >= 0)
    own = chosen.tolist()
    return Known(
        renumbered, tuple(known.sources[index] for index in own), tuple(known.facts[index] for index in own), ids
    )


def _groups(groups: Groups, chosen: Indices) -> Groups:
    return Groups(
        _from_zero(groups.group[chosen]),
        groups.listing[chosen],
        groups.position[chosen],
        groups.link[chosen],
        groups.level,
    )


def _from_zero(numbers: Indices) -> Indices:
    """Number anew from 0, by first appearance."""
    _, first, member = np.unique(numbers, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[member].astype(np.int64)
