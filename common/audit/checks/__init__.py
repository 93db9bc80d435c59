"""One short file per check; `common.audit.run.CHECKS` lists them."""
