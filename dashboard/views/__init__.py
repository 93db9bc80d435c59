"""One short file per page."""
