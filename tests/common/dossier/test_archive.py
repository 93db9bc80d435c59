"""The ZIP file of a dossier."""

import io
import zipfile

from common.dossier.archive import dossier_zip
from common.dossier.build import files_in


def test_the_zip_holds_the_dossier_and_is_the_same_each_time(output, written):
    content = dossier_zip(output, "run-001")
    assert dossier_zip(output, "run-001") == content
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        held = {name: packed.read(name) for name in packed.namelist()}
    assert held == {f"dossier-run-001/{name}": path.read_bytes() for name, path in files_in(written)}
