"""``python -m server.study``: strategies x seeds, each cell a run of its own, and what they say together."""
