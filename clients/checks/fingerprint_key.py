"""PRE012: the key of the fingerprints can be used, and is the other hospitals' key as far as eyes can tell."""

from __future__ import annotations

from clients.checks.outcome import Check, Situation
from clients.shared_key import load_shared_key
from common.errors import InputError
from common.overlap.fingerprints import key_mark


def _look(situation: Situation) -> tuple[str, str]:
    path = situation.site.fingerprint_key
    if path is None:
        return "skipped", "No fingerprint_key: copies of slices at other hospitals are not looked for."
    try:
        key = load_shared_key(path)
    except InputError as error:
        return "failed", error.sentence
    return "ok", f"Its mark is {key_mark(key)}; the other hospitals should see the same."


CHECK = Check("PRE012", "fingerprint key", _look)
