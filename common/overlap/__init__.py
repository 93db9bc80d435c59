"""Slices that two hospitals both hold, found by keyed fingerprints without images or file names."""
