"""The stable codes in the sources, the classes they are handed to, and the commands that can be started."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

CODE = re.compile(r"[A-Z]{3,}[0-9]{3}")


def sources(root: Path) -> Iterator[Path]:
    """Give every module of every package but the tests."""
    for package in sorted(path.parent for path in root.glob("*/__init__.py")):
        if package.name != "tests":
            yield from sorted(package.rglob("*.py"))


def codes(root: Path) -> dict[str, str]:
    """Return each code with the classes that it is handed to, for example ``{"RUN006": "InputError"}``."""
    found: dict[str, set[str]] = {}
    for path in sources(root):
        for node in ast.walk(ast.parse(path.read_text())):
            called = ast.unparse(node.func).split(".")[-1] if isinstance(node, ast.Call) else ""
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.Constant) and isinstance(child.value, str) and CODE.fullmatch(child.value):
                    classes = found.setdefault(child.value, set())
                    classes |= {called} if called[:1].isupper() else set()
    return {code: ", ".join(sorted(classes)) or "no class" for code, classes in sorted(found.items())}


def exit_codes(root: Path) -> dict[str, int]:
    """Return each error class that says an exit code of its own."""
    found = {}
    for path in sources(root):
        for node in ast.walk(ast.parse(path.read_text())):
            for item in node.body if isinstance(node, ast.ClassDef) else []:
                name = item.target if isinstance(item, ast.AnnAssign) else getattr(item, "targets", [None])[0]
                if isinstance(name, ast.Name) and name.id == "exit_code":
                    found[node.name] = ast.literal_eval(item.value)
    return dict(sorted(found.items()))


def commands(root: Path) -> list[str]:
    """Return what a person starts with ``python -m``: modules at a package's door, and folders with a ``__main__``."""
    found = []
    for path in sources(root):
        name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__main__")
        at_the_door = len(path.relative_to(root).parts) == 2 or path.name == "__main__.py"
        if at_the_door and '__name__ == "__main__"' in path.read_text() and "._" not in name:
            found.append(name)
    return sorted(found)
