"""Opens a page of the dashboard in process, on a folder of artifacts."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
from streamlit.testing.v1 import AppTest

from dashboard.settings import ROOT


def open_page(view: str = "network", **query: str) -> AppTest:
    """Visit a view by its address; `query` is what stands behind the question mark."""
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
    for key, value in query.items():
        app.query_params[key] = value
    if view != "network":  # which is at the root
        app.switch_page(str(ROOT / "dashboard" / "screens" / f"{view}.py"))
    return app.run()


def said(app: AppTest) -> str:
    """Return every sentence on the page."""
    words_of = ("title", "header", "subheader", "markdown", "caption", "warning", "error", "info", "success")
    kinds = (*words_of, "code", "text")
    words = [str(element.value) for kind in kinds for element in getattr(app, kind)]
    return "\n".join([*words, *(str(cell) for row in listed_runs(app) for cell in row.values())])


def listed_runs(app: AppTest) -> list[dict[str, Any]]:
    """Return the rows of the table of runs; empty where there is none."""
    protos = [element.proto for element in app.get("bidi_component")]
    return [row for proto in protos if proto.component_name == "runs_table" for row in json.loads(proto.json)["rows"]]


def tables(app: AppTest) -> list[pd.DataFrame]:
    """Return the tables of texts on the page."""
    protos = [element.proto for element in app.get("bidi_component")]
    shown = [json.loads(proto.json) for proto in protos if proto.component_name == "text_table"]
    return [pd.DataFrame(data["rows"], columns=data["columns"]) for data in shown]
