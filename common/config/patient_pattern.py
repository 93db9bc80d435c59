r"""``patient_pattern`` of a hospital's YAML: a regular expression whose one group finds the patient in a file's name.

A regular expression can take for ever on a name that it nearly matches. So this one has a plain form: signs and classes
of signs, each repeated or not, one group that is not repeated, no alternatives. With `_MOST_WAYS` ways of repeating on
names of `MOST_NAME_SIGNS` signs, the worst takes some hundredths of a second.
"""

import re

MOST_NAME_SIGNS = 120
"""Longer names are not searched."""
MOST_PATTERN_SIGNS = 100

_ONE = r"(?:\\[dwsDWS.\-+()\[\]_/]|\[\^?(?:\\[dws.\-\]]|[^\[\]\\^])+\]|[^\\\[\](){}*+?|^$])"
_REPEAT = r"(?:\*|\+|\?|\{\d{1,3}(?:,\d{0,3})?\})"
_PART = rf"{_ONE}(?:{_REPEAT}\??)?"
_FORM = re.compile(rf"\^?(?:{_PART})*\((?:{_PART})+\)(?:{_PART})*\$?")
_REPEATED = re.compile(rf"{_ONE}({_REPEAT})?")
# Two parts that are repeated without end, and one that may be missing.
_MOST_WAYS = 2 * MOST_NAME_SIGNS**2
_FORM_SAYS = (
    "it takes letters, digits and classes such as \\d and [a-z], repeated with * + ? or {m,n}, and one group in round "
    "brackets, for example p(\\d+)_"
)


def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern, checked.

    Raises
    ------
    ValueError
        With a clause that says what is wrong.
    """
    if len(pattern) > MOST_PATTERN_SIGNS:
        raise ValueError(f"patient_pattern is longer than {MOST_PATTERN_SIGNS} signs")
    if not pattern.isprintable() or _FORM.fullmatch(pattern) is None:
        raise ValueError(f"patient_pattern has a form that is not possible here; {_FORM_SAYS}")
    ways = 1
    for part in _REPEATED.finditer(pattern):
        ways *= _ways(part[1])
    if ways > _MOST_WAYS:
        raise ValueError("patient_pattern repeats too much for a quick search; use at most two of * and +")
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"patient_pattern is no regular expression ({error})") from None


def _ways(repeat: str | None) -> int:
    """Return in how many lengths a part can match."""
    if repeat is None:
        return 1
    if repeat in ("*", "+"):
        return MOST_NAME_SIGNS
    if repeat == "?":
        return 2
    least, comma, most = repeat[1:-1].partition(",")
    return max(1, (int(most or MOST_NAME_SIGNS) - int(least or 0) + 1)) if comma else 1
