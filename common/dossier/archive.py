"""A dossier as one file to hand over."""

import io
import tempfile
import zipfile
from pathlib import Path

from common.dossier.build import files_in, write_dossier

_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # of the format; so that the same run gives the same bytes


def dossier_zip(output_dir: Path, run_id: str) -> bytes:
    """Return a run's dossier as a ZIP file with one folder; raises as `write_dossier`."""
    name, content = f"dossier-{run_id}", io.BytesIO()
    with tempfile.TemporaryDirectory() as temporary:
        write_dossier(output_dir, run_id, Path(temporary) / name)
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
            for path, file in files_in(Path(temporary) / name):
                packed.writestr(zipfile.ZipInfo(f"{name}/{path}", _FIRST_DAY), file.read_bytes(), zipfile.ZIP_DEFLATED)
    return content.getvalue()
