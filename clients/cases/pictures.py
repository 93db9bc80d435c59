"""The slice behind a case, read anew from the hospital's own folder."""

from pathlib import Path

from PIL import Image

from clients.cases.table import Case
from common.data.decode import UnreadableImage, read_bytes
from common.data.sources.slices import open_slices
from common.model.heatmap import fit

EDGE = 320  # pixels, of the longer side


def picture_of(folder: Path, case: Case) -> Image.Image | str:
    """Return the slice, RGB, or why it cannot be shown, in a sentence."""
    path = folder / case.file
    try:
        if path.stat().st_mtime_ns != case.changed_ns:
            return "The file was changed after the test, so it is not shown."
        image, _ = open_slices(read_bytes(path)).read(case.frame or 0)
        return fit(image, EDGE)
    except (OSError, ValueError):
        return "The file is not there any more."
    except UnreadableImage as error:
        return f"The file cannot be shown: {error.reason}."
