"""The worst test cases as one page for a browser: pictures inside, no script, and nothing that it would fetch."""

import base64
import io
from collections.abc import Callable
from html import escape

import numpy as np
from PIL import Image

from clients.cases.table import Case, CaseTable
from clients.cases.terminal import caveats, file_name, percent, summary
from common.model.heatmap import overlay

Picture = Callable[[Case], "Image.Image | str"]
_STRENGTH = 0.55
_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Test cases</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 1100px; padding: 0 1rem; color: #1c1c1c }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: 1rem }
article { border: 1px solid #ccc; border-radius: 6px; padding: .75rem }
article.wrong { border-color: #b3261e }
h2 { font-size: 1rem; margin: 0 0 .5rem }
img { width: 48%; background: #000 }
table { width: 100%; border-spacing: 0 }
td:last-child { text-align: right }
p.file { overflow-wrap: anywhere; color: #555; margin: .5rem 0 }
</style>
</head>
<body>
"""


def page_of(table: CaseTable, token: str, most: int, picture: Picture) -> str:
    """Return the page, HTML.

    Parameters
    ----------
    picture : callable
        Gives a case's slice, RGB, or says in a sentence why it cannot be shown.
    """
    said = [
        summary(table, token),
        *caveats(table),
        "The heat is Grad-CAM of the class that was called: where the last convolution drew its evidence from, on a "
        "coarse grid. The page shows patients' slices; it lies in the cache folder and goes with the run's files.",
    ]
    cases = (_article(place, case, table, picture(case)) for place, case in enumerate(table.cases[:most], start=1))
    paragraphs = "".join(f"<p>{escape(sentence)}</p>\n" for sentence in said)
    return f"{_HEAD}<h1>Test cases, worst first</h1>\n{paragraphs}<main>\n{''.join(cases)}</main>\n</body>\n</html>\n"


def _article(place: int, case: Case, table: CaseTable, shown: "Image.Image | str") -> str:
    title = f"{place}. {case.true}, called {case.predicted} ({percent(case.confidence)})"
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{percent(share)}</td></tr>"
        for name, share in zip(table.classes, case.probabilities, strict=True)
    )
    pictures = f"<p>{escape(shown)}</p>" if isinstance(shown, str) else _pictures(shown, case)
    kind = "wrong" if case.wrong else "right"
    where = f"{file_name(case)}, patient {case.patient}"
    return (
        f'<article class="{kind}"><h2>{escape(title)}</h2>{pictures}<p class="file">{escape(where)}</p>'
        f"<table>{rows}</table></article>\n"
    )


def _pictures(image: Image.Image, case: Case) -> str:
    plain = f'<img alt="The slice" src="{_data_uri(image)}">'
    if case.heat is None:
        return plain
    heated = overlay(image, np.array(case.heat, dtype=np.float32), _STRENGTH)
    return f'{plain} <img alt="The slice with heat for {escape(case.predicted)}" src="{_data_uri(heated)}">'


def _data_uri(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
