"""From what Hydra and OmegaConf object to, to one sentence that names the setting."""

import difflib
import re

from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from common.config.bounds import walk
from common.config.settings import RunSettings
from common.errors import InputError
from common.text import shown

# Hydra raises a bare ValueError for a group that is given a number, and the other two for brackets in brackets in ...
# and for numbers that no float holds
CONFIG_EXCEPTIONS = (HydraException, OmegaConfBaseException, ValueError, RecursionError, OverflowError)

_WANTED = {
    "is not a listconfig": "a list such as [a,b]",
    "to integer": "a whole number",
    "to float": "a number",
    "a valid bool": "true or false",
    "incompatible value 'none'": "a value",
    "non-optional": "a value",
}


def config_error(error: Exception) -> InputError:
    """Say in one sentence what is wrong with a configuration.

    Parameters
    ----------
    error : Exception
        One of `CONFIG_EXCEPTIONS`.

    Returns
    -------
    InputError
        ``CONF001`` unknown setting, ``CONF002`` unknown choice, ``CONF003`` unreadable, ``CONF004`` wrong type.
    """
    text = f"{error.__cause__ or ''}\n{error}"
    full = _found(r"full_key: (\S+)", text)
    if key := _found(r"[Kk]ey '([^']+)' (?:is )?not in", text):
        name = full if full and full.endswith(key) else _found(r"Could not override '([^']+)'", text) or key
        return InputError(
            "CONF001", f"There is no setting '{shown(name)}'{suggest(name, known_keys())} --help lists all of them."
        )
    if choice := _found(r"Could not find '([^']+)'", text):
        group, _, name = choice.rpartition("/")
        options = _found(r"Available options in '[^']*':\s*((?:\s*\S+\n?)+?)(?:Config search path|$)", text) or ""
        return InputError(
            "CONF002", f"There is no {shown(group)} '{shown(name)}'; choose one of: {', '.join(options.split())}."
        )
    wanted = next((phrase for sign, phrase in _WANTED.items() if sign in text.lower()), None)
    if wanted:
        value = _found(r"[Vv]alue '([^']*)'", text)
        found = f", not '{shown(value)}'" if value else ""
        return InputError("CONF004", f"{shown(full or 'A setting')} takes {wanted}{found}.")
    return InputError(
        "CONF003",
        f"The command line cannot be read ({shown(_essence(text), 200)}); write settings as name=value, for example "
        "rounds=5.",
    )


def known_keys() -> list[str]:
    """Return every setting's full name, such as ``"train.lr"``."""
    return [name for name, _, _ in walk(RunSettings())]


def suggest(name: str, options: list[str]) -> str:
    """Return ``"; did you mean 'x'?"``, or a full stop where nothing is near."""
    close = difflib.get_close_matches(name, options, n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else "."


def _essence(text: str) -> str:
    """Pick the line of an error that says most."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and "https://" not in line]
    return next((line for line in lines if "override" in line.lower()), lines[-1] if lines else "unreadable")


def _found(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text)
    return match[1] if match else None
