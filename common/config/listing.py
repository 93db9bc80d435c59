"""Every setting on one page: ``python -m common.config.listing > docs/settings.md``; a test holds the page to it."""

import ast
import inspect
from dataclasses import is_dataclass
from itertools import pairwise
from typing import Any

from common.config.bounds import walk
from common.config.hydra import compose_settings
from common.config.overrides import written

_TYPES: dict[Any, str] = {
    bool: "true or false",
    str: "a text",
    str | None: "null, or a text",
    int | None: "null, or a whole number",
    list[str]: "a list: [a,b]",
}
_LISTED = {  # names that stand in one table of their own, which a new one is added to
    "strategy.name": "a strategy of [strategies.md](strategies.md)",
    "model.name": "a network of `common/config/architectures.py`",
}
_HEAD = """# Settings

Everything that `python -m server.simulate` can be told, as `name=value`: `rounds=5 train.lr=1e-3`. Defaults and bounds
stand in `common/config/settings.py` and `strategies.py`; `python -m common.config.listing` makes this page from them.
"""


def settings_page() -> str:
    """Return the page, Markdown."""
    settings = compose_settings([])
    parts = {name: part for name, part in vars(settings).items() if is_dataclass(part)}
    sections = [_section("A run", [row for row in _rows(settings) if row[0].split(".")[0] not in parts])]
    for name, part in parts.items():
        sections.append(_section(f"`{name}`", _rows(part, f"{name}."), inspect.getdoc(type(part)) or ""))
    return "\n".join([_HEAD, *sections])


def _section(title: str, rows: list[tuple[str, ...]], about: str = "") -> str:
    lines = [f"| `{name}` | {' | '.join(cells)} |" for name, *cells in rows]
    head = ["| Setting | Default | Takes | What it does |", "|---|---|---|---|"]
    return "\n".join(
        [f"## {title}", "", *([" ".join(about.replace("``", "`").split()), ""] if about else []), *head, *lines, ""]
    )


def _rows(settings: Any, prefix: str = "") -> list[tuple[str, ...]]:
    said = sentences(settings)
    rows: list[tuple[str, ...]] = []
    for name, value, each in walk(settings, prefix):
        bound = each.metadata.get("bound")
        takes = _LISTED.get(name) or (bound.takes if bound else _TYPES[each.type])
        rows.append((name, f"`{written(value)}`", takes, said[name.removeprefix(prefix)]))
    return rows


def sentences(settings: Any) -> dict[str, str]:
    """Return the docstrings under the fields of a settings object, by dotted name."""
    found: dict[str, str] = {}
    for schema in type(settings).__mro__[:-1]:
        body = ast.parse(inspect.getsource(schema)).body[0].body  # type: ignore[attr-defined]
        for each, text in pairwise(body):
            if isinstance(each, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
                found[ast.unparse(each.target)] = " ".join(str(text.value.value).split())
    for name, part in vars(settings).items():
        if is_dataclass(part):
            found |= {f"{name}.{inner}": sentence for inner, sentence in sentences(part).items()}
    return found


if __name__ == "__main__":
    print(settings_page(), end="")
