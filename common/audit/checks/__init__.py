"""One short file per check, found by `common.audit.report.find_checks`; its docstring begins with the code."""
