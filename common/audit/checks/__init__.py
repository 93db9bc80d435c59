"""One short file per check; `common.audit.report.CHECKS` lists them."""
