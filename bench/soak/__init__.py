"""``python -m bench.soak``: a real federation, disturbed for hours."""
