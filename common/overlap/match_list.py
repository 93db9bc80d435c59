"""What the centre tells one hospital of slices that others hold too: indices, which the hospital alone can look up."""

from __future__ import annotations

import json
from dataclasses import dataclass

from common.errors import InputError

_KIND = "slices that other hospitals hold too"


@dataclass(frozen=True)
class MatchList:
    """One hospital's matches.

    Attributes
    ----------
    hospital : str
        The key of the hospital it is for.
    files_sha256 : str
        Hash of the list of files that its fingerprints were made from.
    matches : tuple of (int, str, int)
        Own index, name of the other hospital, index there; sorted.
    """

    hospital: str
    files_sha256: str
    matches: tuple[tuple[int, str, int], ...]

    def to_json(self) -> str:
        """Return JSON, one match a line."""
        head = {"kind": _KIND, "hospital": self.hospital, "files_sha256": self.files_sha256}
        lines = [
            json.dumps({"index": own, "hospital": name, "their_index": theirs}, ensure_ascii=False)
            for own, name, theirs in self.matches
        ]
        body = ",\n  ".join(lines)
        return json.dumps(head, ensure_ascii=False)[:-1] + f', "matches": [\n  {body}\n]}}\n'

    @staticmethod
    def from_json(text: str, source: str) -> MatchList:
        """Read what `to_json` wrote.

        Parameters
        ----------
        text : str
            The file's content.
        source : str
            Where it comes from, for the sentence of the error.

        Raises
        ------
        InputError
            ``DUP005`` if it is something else.
        """
        try:
            content = json.loads(text)
            if content["kind"] != _KIND:
                raise ValueError("of another kind")
            matches = tuple((int(m["index"]), str(m["hospital"]), int(m["their_index"])) for m in content["matches"])
            return MatchList(str(content["hospital"]), str(content["files_sha256"]), matches)
        except (ValueError, KeyError, TypeError):
            raise InputError(
                "DUP005", f"{source} is no list of matches; the centre makes it with: python -m server.cross_duplicates"
            ) from None
