"""``python -m tests.surface.record`` takes today's surface for the right one; look at what `git diff` says of it."""

import json
import tempfile
from pathlib import Path

from tests.surface.surface import FILE, collect


def main() -> None:
    """Write surface.json anew."""
    with tempfile.TemporaryDirectory() as folder:
        found = collect(Path(folder))
    FILE.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    print(f"written: {FILE}")


if __name__ == "__main__":
    main()
