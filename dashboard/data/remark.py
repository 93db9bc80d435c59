"""One thing to know before a figure is believed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Remark:
    """One thing to know.

    Attributes
    ----------
    sound : bool or None
        True: in order; False: a reason to distrust the figures; None: not recorded.
    sentence : str
        Plain text; hospital names in it are as they are recorded.
    """

    sound: bool | None
    sentence: str
