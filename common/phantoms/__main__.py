"""``python -m common.phantoms --out dataset/phantoms``: draw three synthetic hospitals."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from common import cli
from common.phantoms.folders import IMAGE_SIZE, SLICES_PER_CLASS, make_phantoms


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 done, 2 if a folder or a number is refused."""
    parser = cli.command("common.phantoms", "Draw three synthetic hospitals.")
    parser.add_argument("--out", type=Path, required=True, help="folder for them, for example dataset/phantoms")
    parser.add_argument("--size", type=int, default=IMAGE_SIZE, help=f"side of the images in pixels ({IMAGE_SIZE})")
    parser.add_argument(
        "--slices-per-class", type=int, default=SLICES_PER_CLASS, help=f"scale of the class mixes ({SLICES_PER_CLASS})"
    )
    parser.add_argument("--seed", type=int, default=0, help="the same seed draws the same bytes (0)")
    parser.add_argument("--no-faults", action="store_true", help="plant no faults for the audit to find")
    parser.add_argument("--dicom", action="store_true", help="write DICOM with made-up patients instead of pictures")
    return cli.run(_draw, parser, arguments)


def _draw(given: argparse.Namespace) -> None:
    console = Console(highlight=False, soft_wrap=True)
    make_phantoms(
        given.out,
        image_size=given.size,
        slices_per_class=given.slices_per_class,
        seed=given.seed,
        faults=not given.no_faults,
        dicom=given.dicom,
        on_hospital=lambda folder, images, drawn: console.print(
            f"{folder}: {images} synthetic images {'drawn' if drawn else 'were there already, nothing to do'}",
            markup=False,
        ),
    )
    console.print("All of them are SYNTHETIC, drawn by this program; none shows a patient.")


if __name__ == "__main__":
    sys.exit(main())
