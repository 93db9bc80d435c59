"""What Logs begins with: whether anything went wrong."""

from collections.abc import Sequence

from common.text import counted, shown
from dashboard.data.logs import LogLine
from dashboard.data.verdicts.verdict import Verdict


def of_lines(lines: Sequence[LogLine]) -> Verdict:
    """Count errors and warnings of a log, and tell the last of the gravest."""
    errors = [line for line in lines if line.level in ("ERROR", "CRITICAL")]
    warnings = [line for line in lines if line.level == "WARNING"]
    of = f"in {counted(len(lines), 'line')}"
    if not errors and not warnings:
        return Verdict("fine", (f"No error and no warning {of}.",))
    found = [counted(len(errors), "error")] if errors else ["No error"]
    found += [counted(len(warnings), "warning")] if warnings else []
    last = (errors or warnings)[-1]
    said = last.text.splitlines()[0] if last.text else ""
    sentences = (f"{' and '.join(found)} {of}.", f"The last {'error' if errors else 'warning'}: {shown(said, 160)}")
    return Verdict("caution", sentences)
